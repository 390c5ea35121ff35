// Creates the database, then applies the migrations that it has not seen, each in a transaction.

import { readdir, readFile } from "node:fs/promises";
import pg from "pg";
import { info } from "./log.js";

const url = process.env.DATABASE_URL;
if (!url) throw new Error("the variable DATABASE_URL is not set; .forge/processes.yml sets it");

async function connected(connectionString, work) {
  const client = new pg.Client({ connectionString });
  await client.connect();
  try {
    return await work(client);
  } finally {
    await client.end();
  }
}

async function createDatabase() {
  const server = new URL(url);
  const name = server.pathname.slice(1);
  server.pathname = "/postgres";
  await connected(server.href, async (client) => {
    const found = await client.query("SELECT 1 FROM pg_database WHERE datname = $1", [name]);
    if (found.rowCount === 0) {
      await client.query(`CREATE DATABASE ${client.escapeIdentifier(name)}`);
      info(`created database ${name}`);
    }
  });
}

async function migrate(client) {
  await client.query("CREATE TABLE IF NOT EXISTS migrations (name text PRIMARY KEY)");
  const applied = await client.query("SELECT name FROM migrations");
  const done = new Set(applied.rows.map((row) => row.name));
  const folder = new URL("migrations/", import.meta.url);
  const names = (await readdir(folder)).filter((name) => name.endsWith(".sql")).sort();
  for (const name of names.filter((name) => !done.has(name))) {
    const begin = performance.now();
    await client.query("BEGIN");
    await client.query(await readFile(new URL(name, folder), "utf8"));
    await client.query("INSERT INTO migrations VALUES ($1)", [name]);
    await client.query("COMMIT");
    info(`applied migration ${name} in ${Math.round(performance.now() - begin)} ms`);
  }
  info(`database is up to date: ${names.length} migrations`);
}

await createDatabase();
await connected(url, migrate);
