// Packs orders: takes their ids from a queue in Redis and marks them in PostgreSQL.
//
// An id stays in a second list while its order is packed, so that an order is never lost with the
// worker; what lies there at the start, or after a failure, is done again.

import { setTimeout as pause } from "node:timers/promises";
import { postgres, redis } from "./connections.js";
import { error, info, warn } from "./log.js";

const NEW = "orders:new";
const PACKING = "orders:packing";

const database = postgres();
const queue = await redis();
let ending = false;

for (const signal of ["SIGTERM", "SIGINT"]) {
  process.once(signal, async () => {
    info(`${signal}: worker ends`);
    ending = true;
    queue.destroy();
    await database.end();
    process.exit(0);
  });
}

async function pack(id) {
  const updated = await database.query(
    "UPDATE orders SET status = 'packed' WHERE id = $1 AND status = 'new'",
    [Number(id)],
  );
  if (updated.rowCount === 1) {
    const packed = await queue.incr("orders:packed");
    info(`order ${id} packed (${packed} so far)`);
  } else {
    warn(`order ${id} is not new, nothing to pack`);
  }
  await queue.lRem(PACKING, 1, id);
}

async function takeBack() {
  while (await queue.lMove(PACKING, NEW, "LEFT", "RIGHT")) {
    warn("an order was left half packed; it is done again");
  }
}

await takeBack();
info("worker ready, waiting for orders");
while (!ending) {
  try {
    const id = await queue.blMove(NEW, PACKING, "RIGHT", "LEFT", 5);
    if (id !== null) await pack(id);
  } catch (failure) {
    if (ending) break;
    error(`cannot pack: ${failure.message}`);
    await pause(1000);
    await takeBack().catch(() => {});
  }
}
