CREATE TABLE orders (
  id serial PRIMARY KEY,
  product_id integer NOT NULL REFERENCES products,
  quantity integer NOT NULL CHECK (quantity BETWEEN 1 AND 100),
  status text NOT NULL DEFAULT 'new' CHECK (status IN ('new', 'packed')),
  created_at timestamptz NOT NULL DEFAULT now()
);
