// The shop's API: products and orders in PostgreSQL, a cache and the queue of orders in Redis.

import { createServer } from "node:http";
import { postgres, redis } from "./connections.js";
import { error, info } from "./log.js";

const CACHE_SECONDS = 10;
const LARGEST_BODY = 64 * 1024;

/** An answer that is not 200. */
class Refusal extends Error {
  constructor(status, message) {
    super(message);
    this.status = status;
  }
}

const database = postgres();
const cache = await redis();

async function health() {
  const asked = await Promise.allSettled([database.query("SELECT 1"), cache.ping()]);
  const [postgres, redis] = asked.map((one) => (one.status === "fulfilled" ? "ok" : "down"));
  const status = postgres === "ok" && redis === "ok" ? 200 : 503;
  return [status, { postgres, redis }];
}

async function products() {
  const cached = await cache.get("products");
  if (cached) return [200, { products: JSON.parse(cached), cached: true }];
  const found = await database.query("SELECT id, name, price_cents FROM products ORDER BY id");
  await cache.set("products", JSON.stringify(found.rows), { EX: CACHE_SECONDS });
  return [200, { products: found.rows, cached: false }];
}

async function orders() {
  const found = await database.query(
    `SELECT orders.id, products.name AS product, quantity, status
     FROM orders JOIN products ON products.id = product_id ORDER BY orders.id DESC LIMIT 20`,
  );
  const packed = Number((await cache.get("orders:packed")) ?? 0);
  return [200, { orders: found.rows, packed }];
}

async function order(request) {
  const { product, quantity } = await body(request);
  if (!Number.isInteger(product) || !Number.isInteger(quantity) || quantity < 1 || quantity > 100) {
    throw new Refusal(400, "an order needs a product (its id) and a quantity from 1 to 100");
  }
  const inserted = await database.query(
    `INSERT INTO orders (product_id, quantity)
     SELECT id, $2 FROM products WHERE id = $1 RETURNING id`,
    [product, quantity],
  );
  if (inserted.rowCount === 0) throw new Refusal(404, `there is no product ${product}`);
  const { id } = inserted.rows[0];
  await cache.lPush("orders:new", String(id));
  info(`order ${id} queued`);
  return [201, { id }];
}

async function body(request) {
  let text = "";
  for await (const piece of request.setEncoding("utf8")) {
    text += piece;
    if (text.length > LARGEST_BODY) throw new Refusal(413, "the body is too large");
  }
  try {
    return JSON.parse(text) ?? {};
  } catch {
    throw new Refusal(400, "the body is not JSON");
  }
}

/** A real mistake, so that there is a crash to look at. */
function crash() {
  setImmediate(() => {
    const customer = undefined;
    info(`greeting ${customer.name}`);
  });
  return [200, { crash: "on its way" }];
}

const routes = {
  "GET /health": health,
  "GET /api/products": products,
  "GET /api/orders": orders,
  "POST /api/orders": order,
  "GET /api/crash": crash,
};

async function answer(request) {
  const path = request.url.split("?")[0];
  const route = routes[`${request.method} ${path}`];
  if (!route) throw new Refusal(404, "no such route");
  return route(request);
}

const server = createServer(async (request, response) => {
  const begin = performance.now();
  const [status, content] = await answer(request).catch((failure) => {
    const status = failure.status ?? 503;
    if (status === 503) error(failure.stack);
    return [status, { error: failure.message }];
  });
  response.writeHead(status, { "content-type": "application/json" });
  response.end(JSON.stringify(content));
  if (request.url !== "/health" || status !== 200) {
    info(`${request.method} ${request.url} - ${status} (${Math.round(performance.now() - begin)}ms)`);
  }
});

server.listen(Number(process.env.PORT), "127.0.0.1", () => {
  info(`backend listening on http://127.0.0.1:${server.address().port}`);
});

for (const signal of ["SIGTERM", "SIGINT"]) {
  process.once(signal, async () => {
    info(`${signal}: closing connections`);
    server.close();
    server.closeAllConnections();
    await Promise.allSettled([database.end(), cache.close()]);
    process.exit(0);
  });
}
