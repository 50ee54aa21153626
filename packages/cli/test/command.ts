import { setImmediate } from "node:timers/promises";

import type { Deps } from "../src/deps.ts";
import { findInstalledPackage } from "../src/installed-package.ts";
import { run } from "../src/run.ts";

/** What a command did. */
export interface Outcome {
  readonly exitCode: number;
  readonly stdout: string;
  readonly stderr: string;
}

export interface Given extends Partial<Deps> {
  /** Piped in; a terminal without. */
  readonly stdin?: AsyncIterable<Uint8Array>;
  /** Typed at the terminal. */
  readonly typed?: string | AsyncIterable<Uint8Array>;
  readonly terminal?: NodeJS.WritableStream;
}

/** Runs the CLI as a function, on a machine with this Node and no settings. It is asked to end once it has printed something. */
export async function cmkit(argv: readonly string[], { stdin, typed, terminal, ...deps }: Given = {}): Promise<Outcome> {
  let stdout = "";
  let stderr = "";
  const printed = Promise.withResolvers<void>();
  const machine: Deps = {
    cwd: "/nonexistent",
    home: "/nonexistent",
    user: "ada",
    env: {},
    platform: process.platform,
    nodeVersion: process.versions.node,
    findPackage: findInstalledPackage,
    clock: hastyClock(),
    untilAskedToEnd: async () => printed.promise,
    ...deps,
  };
  const exitCode = await run(argv, machine, {
    stdin: stdin ?? (typeof typed === "object" ? typed : piped(typed ?? "")),
    stdinIsTerminal: stdin === undefined,
    stdout: (text) => {
      stdout += text;
      printed.resolve();
    },
    stdoutBytes: async (bytes) => {
      stdout += Buffer.from(bytes).toString();
    },
    stderr: (text) => {
      stderr += text;
    },
    terminal,
  });
  return { exitCode, stdout, stderr };
}

/** Time goes by as fast as others let it: nobody waits, and whoever meant to finds the time gone. */
export function hastyClock(): Deps["clock"] {
  let nowMs = 0;
  return {
    monotonicMs: () => nowMs,
    async sleep(ms, signal) {
      await setImmediate(undefined, signal === undefined ? {} : { signal });
      nowMs += ms;
    },
  };
}

export async function* piped(...chunks: readonly (Uint8Array | string)[]): AsyncGenerator<Uint8Array> {
  for (const chunk of chunks) yield typeof chunk === "string" ? Buffer.from(chunk) : chunk;
}
