import { homedir, userInfo } from "node:os";
import { setTimeout as sleep } from "node:timers/promises";
import { isatty } from "node:tty";

import type { Deps, Io } from "./deps.ts";
import { findInstalledPackage } from "./installed-package.ts";
import { run } from "./run.ts";

/** Runs the command with this process's arguments, streams and signals. */
export async function runInProcess(): Promise<number> {
  // A reader that has seen enough, such as `head`, is no failure.
  process.stdout.on("error", ignoreClosedPipe);
  // A log that cannot be written, because its disk is full, ends no server; nobody could be told anyway.
  process.stderr.on("error", () => {});
  return run(process.argv.slice(2), deps, io);
}

const deps: Deps = {
  cwd: workingDirectory(process.env),
  home: homedir(),
  user: userName(),
  env: process.env,
  platform: process.platform,
  nodeVersion: process.versions.node,
  findPackage: findInstalledPackage,
  clock: {
    monotonicMs: () => performance.now(),
    sleep: async (ms, signal) => sleep(ms, undefined, signal === undefined ? {} : { signal }),
  },
  // Listening goes on to the end: npm passes a terminal's Ctrl-C on, so that it arrives twice.
  untilAskedToEnd: async () =>
    new Promise((resolve) => {
      for (const signal of ["SIGINT", "SIGTERM", "SIGHUP"]) process.on(signal, () => resolve());
    }),
};

const io: Io = {
  // Opened only when it is read.
  get stdin() {
    return process.stdin;
  },
  stdinIsTerminal: isatty(0),
  stdout: (text) => void process.stdout.write(text),
  stdoutBytes: async (bytes) =>
    new Promise((resolve, reject) => {
      process.stdout.write(bytes, (error) => (error instanceof Error ? reject(error) : resolve()));
    }),
  stderr: (text) => void process.stderr.write(text),
  get terminal() {
    return process.stderr.isTTY ? process.stderr : undefined;
  },
};

/** `npm run cmkit` changes to the package's root; the person's own directory is what paths are relative to. */
function workingDirectory(env: NodeJS.ProcessEnv): string {
  return (env["npm_lifecycle_event"] === "cmkit" && env["INIT_CWD"]) || process.cwd();
}

/** In a container the user may have no name. */
function userName(): string {
  try {
    return userInfo().username;
  } catch {
    return String(process.getuid?.() ?? "unknown");
  }
}

function ignoreClosedPipe(error: Error): void {
  if (!("code" in error) || error.code !== "EPIPE") throw error;
}
