CREATE TABLE products (
  id serial PRIMARY KEY,
  name text NOT NULL UNIQUE,
  price_cents integer NOT NULL CHECK (price_cents > 0)
);

INSERT INTO products (name, price_cents) VALUES
  ('Anvil', 12900),
  ('Hammer', 2450),
  ('Tongs', 1890);
