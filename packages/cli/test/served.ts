import { onTestFinished } from "vitest";

import { findInstalledPackage } from "../src/installed-package.ts";
import { run } from "../src/run.ts";
import { hastyClock } from "./command.ts";
import type { RegistryHome } from "./registry-home.ts";

/** A `cmkit serve` that runs in this process. */
export interface Served {
  readonly url: string;
  readonly opsUrl: string;
  /** What it logged so far. */
  log(): string;
  /** Asks it to end, and gives its exit code. */
  end(): Promise<number>;
}

/** Starts one on any free ports. */
export async function served(home: Pick<RegistryHome, "dir" | "config">): Promise<Served> {
  let log = "";
  const asked = Promise.withResolvers<void>();
  const ready = Promise.withResolvers<string>();
  const deps = {
    cwd: home.dir,
    home: "/nonexistent",
    user: "ada",
    env: {},
    platform: process.platform,
    nodeVersion: process.versions.node,
    findPackage: findInstalledPackage,
    clock: hastyClock(),
    untilAskedToEnd: async () => asked.promise,
  };
  const argv = ["serve", "--config", home.config, "--port", "0", "--ops-port", "0", "--json"];
  const ended = run(argv, deps, {
    stdin: nothing(),
    stdinIsTerminal: true,
    stdout: ready.resolve,
    stdoutBytes: async () => {},
    stderr: (text) => {
      log += text;
    },
    terminal: undefined,
  });
  const end = async (): Promise<number> => {
    asked.resolve();
    return ended;
  };
  onTestFinished(async () => void (await end()));
  const line = await Promise.race([ready.promise, ended.then(() => undefined)]);
  if (line === undefined) throw new Error(`cmkit serve ended before it was ready: ${log}`);
  const { url, opsUrl } = JSON.parse(line) as { url: string; opsUrl: string };
  return { url, opsUrl, log: () => log, end };
}

async function* nothing(): AsyncGenerator<Uint8Array> {}
