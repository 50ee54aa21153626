import type { Clock } from "@cmkit/core";

import type { FindPackage } from "./installed-package.ts";

/** What a command knows of the machine that it runs on. Commands look nowhere else, so that a test decides all of it. */
export interface Deps {
  /** Relative paths start here. */
  readonly cwd: string;
  readonly home: string;
  /** Who runs it, for the audit log. */
  readonly user: string;
  /**
   * `doctor` looks at it, and prints no value but a profile's name and paths. The commands of the registry take `CMKIT_URL` and
   * `CMKIT_TOKEN` from it where no flag says otherwise; no command takes any other setting.
   */
  readonly env: Readonly<Record<string, string | undefined>>;
  readonly platform: NodeJS.Platform;
  /** Such as `26.10.0`. */
  readonly nodeVersion: string;
  readonly findPackage: FindPackage;
  /** For what asks again and again. */
  readonly clock: Pick<Clock, "monotonicMs" | "sleep">;
  /** Resolves when the process is asked to end; it ends on a signal at once until this has been called. */
  readonly untilAskedToEnd: () => Promise<void>;
}

/** Where a command reads and writes. */
export interface Io {
  readonly stdin: AsyncIterable<Uint8Array>;
  readonly stdinIsTerminal: boolean;
  readonly stdout: (text: string) => void;
  /** Resolves when the reader has taken them, or can take more. */
  readonly stdoutBytes: (bytes: Uint8Array) => Promise<void>;
  readonly stderr: (text: string) => void;
  /** Standard error, where it is a terminal. */
  readonly terminal: NodeJS.WritableStream | undefined;
}
