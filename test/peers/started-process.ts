import { spawn, type ChildProcess } from "node:child_process";
import { once } from "node:events";
import { closeSync, mkdirSync, openSync, readFileSync } from "node:fs";
import { connect, createServer } from "node:net";
import { setTimeout as wait } from "node:timers/promises";
import { peersCache } from "./peers-cache.ts";

/** How to start a server, and how to see that it answers. */
export interface ServerCommand {
  readonly name: string;
  readonly command: string;
  readonly args: readonly string[];
  readonly env?: Readonly<Record<string, string>>;
  /** Answers with a status below 500 as soon as it is ready; with `tcp:` takes a connection. */
  readonly health: string;
}

const startLimitMs = 60_000;
const running = new Set<ChildProcess>();
// Nothing outlives this process, whatever ends it.
process.on("exit", () => running.forEach((child) => child.kill("SIGKILL")));
for (const signal of ["SIGINT", "SIGTERM", "SIGHUP"] as const) process.on(signal, () => process.exit(1));

/** @returns How to stop it. Rejects with its last words when it ends, or does not answer within a minute. */
export async function startServer({ name, command, args, env, health }: ServerCommand): Promise<() => Promise<void>> {
  mkdirSync(`${peersCache}/log`, { recursive: true });
  const log = `${peersCache}/log/${name}.log`;
  const output = openSync(log, "w");
  const child = spawn(command, args, { cwd: peersCache, env: { ...process.env, ...env }, stdio: ["ignore", output, output] });
  closeSync(output);
  running.add(child);
  const ended = once(child, "exit").finally(() => running.delete(child));
  ended.catch(() => undefined);
  const stop = async (): Promise<void> => {
    child.kill("SIGTERM");
    const hurry = setTimeout(() => child.kill("SIGKILL"), 5000);
    await ended.finally(() => clearTimeout(hurry));
  };
  const deadline = performance.now() + startLimitMs;
  while (!(await answers(health))) {
    if (!running.has(child)) throw new Error(`${name} ended at once: ${lastLines(log)}`);
    if (performance.now() > deadline) {
      await stop();
      throw new Error(`${name} does not answer at ${health}: ${lastLines(log)}`);
    }
    await wait(100);
  }
  return stop;
}

/** A port that was free a moment ago: the peers take no `0`. */
export async function freePort(): Promise<number> {
  const server = createServer().listen(0, "127.0.0.1");
  await once(server, "listening");
  const address = server.address();
  server.close();
  await once(server, "close");
  if (address === null || typeof address === "string") throw new Error("no port was given");
  return address.port;
}

async function answers(url: string): Promise<boolean> {
  const { protocol, hostname, port } = new URL(url);
  if (protocol === "tcp:") return connects(hostname, Number(port));
  return fetch(url, { signal: AbortSignal.timeout(2000) }).then(
    async ({ status, body }) => {
      await body?.cancel();
      return status < 500;
    },
    () => false,
  );
}

async function connects(host: string, port: number): Promise<boolean> {
  const socket = connect(port, host);
  const connected = await once(socket, "connect").then(
    () => true,
    () => false,
  );
  socket.destroy();
  return connected;
}

function lastLines(file: string): string {
  return readFileSync(file, "utf8").trimEnd().split("\n").slice(-5).join(" | ");
}
