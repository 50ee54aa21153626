import { spawn, type ChildProcess } from "node:child_process";
import { once } from "node:events";
import { closeSync, openSync } from "node:fs";
import { writeFile } from "node:fs/promises";
import { join } from "node:path";
import { createInterface } from "node:readline";
import { fileURLToPath } from "node:url";

import type { Soak } from "./soak.ts";

const main = fileURLToPath(new URL("../../packages/cli/src/main.ts", import.meta.url));
const clock = fileURLToPath(new URL("shifted-clock.ts", import.meta.url));

/** Where the servers of one part find their store and its record key. */
export interface SoakSetUp {
  readonly directory: string;
  readonly config: string;
  /** As a `cmkit.json` names it. */
  readonly store: string;
  readonly recordKey: Uint8Array;
}

/** Writes what `cmkit serve --config` reads. @param store `sqlite:FILE` or `postgres://…` */
export async function soakSetUp(soak: Soak, storeIn: (directory: string) => string): Promise<SoakSetUp> {
  const directory = await soak.directory();
  const config = join(directory, "cmkit.json");
  const store = storeIn(directory);
  const recordKey = crypto.getRandomValues(new Uint8Array(32));
  await writeFile(join(directory, "record.key"), recordKey, { mode: 0o600 });
  if (store.startsWith("sqlite:")) await writeFile(store.slice("sqlite:".length), "", { mode: 0o600 });
  await writeFile(config, JSON.stringify({ cmkit: 1, store, recordKey: "record.key", accessors: {} }), { mode: 0o600 });
  return { directory, config, store, recordKey };
}

/** A running `cmkit serve`. */
export interface SoakServer {
  readonly url: string;
  readonly port: number;
  readonly isAlive: () => boolean;
  /** SIGKILL. */
  kill(): Promise<void>;
  /** SIGTERM. @returns The exit code. */
  end(): Promise<number | null>;
  /** Only with `clock: true`: sets its wall clock this far from the machine's. */
  shiftClock(offsetMs: number): Promise<void>;
}

export interface SoakServerOptions {
  readonly port?: number;
  readonly clock?: boolean;
}

/** Starts `cmkit serve` from source and waits until it listens. Its log goes to `server.log` in the set-up's directory. */
export async function startServer(
  soak: Soak,
  { directory, config }: SoakSetUp,
  { port = 0, clock: isShifted = false }: SoakServerOptions = {},
): Promise<SoakServer> {
  const log = openSync(join(directory, "server.log"), "a");
  const node = ["--conditions=@cmkit/source", ...(isShifted ? ["--import", clock] : [])];
  const child = spawn(process.execPath, [...node, main, "serve", "--config", config, "--port", String(port), "--json"], {
    stdio: ["ignore", "pipe", log, ...(isShifted ? (["ipc"] as const) : [])],
  });
  closeSync(log); // the child has its own
  const exited = once(child, "exit");
  const isAlive = (): boolean => child.exitCode === null && child.signalCode === null;
  soak.atEnd(async () => killed(child, exited));
  soak.atExit(() => child.kill("SIGKILL"));
  const url = await urlOf(child, exited);
  return {
    url,
    port: Number(new URL(url).port),
    isAlive,
    kill: async () => killed(child, exited),
    end: async () => {
      child.kill("SIGTERM");
      await exited;
      return child.exitCode;
    },
    shiftClock: async (offsetMs) => {
      const answered = once(child, "message");
      child.send({ offsetMs });
      await answered;
    },
  };
}

async function killed(child: ChildProcess, exited: Promise<unknown>): Promise<void> {
  child.kill("SIGKILL"); // does nothing once it has ended
  await exited;
}

async function urlOf(child: ChildProcess, exited: Promise<unknown>): Promise<string> {
  if (child.stdout === null) throw new TypeError("expected a pipe");
  const [line] = (await Promise.race([once(createInterface({ input: child.stdout }), "line"), exited])) as [unknown];
  if (typeof line !== "string") throw new Error("cmkit serve ended before it listened: see its server.log");
  const { url } = JSON.parse(line) as { readonly url: string };
  return url;
}
