// PostgreSQL and Redis, from the addresses that processes.yml passes on. A connection that breaks is
// reported and made again; it never ends the process.

import pg from "pg";
import { createClient } from "redis";
import { warn } from "./log.js";

function address(name) {
  const value = process.env[name];
  if (!value) {
    throw new Error(`the variable ${name} is not set; .forge/processes.yml sets it`);
  }
  return value;
}

export function postgres() {
  const pool = new pg.Pool({
    connectionString: address("DATABASE_URL"),
    max: 5,
    connectionTimeoutMillis: 3000,
    query_timeout: 10000,
  });
  pool.on("error", (failure) => warn(`postgres connection lost: ${failure.message}`));
  return pool;
}

export async function redis() {
  // Without the offline queue a command fails at once while Redis is away, instead of waiting.
  const client = createClient({
    url: address("REDIS_URL"),
    disableOfflineQueue: true,
    socket: { reconnectStrategy: (tries) => Math.min(50 * 2 ** tries, 1000) },
  });
  client.on("error", (failure) => warn(`redis connection lost: ${failure.message || failure.code}`));
  await client.connect();
  return client;
}
