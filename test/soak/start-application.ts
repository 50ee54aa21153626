import { spawn } from "node:child_process";
import { once } from "node:events";
import { createInterface } from "node:readline";
import { fileURLToPath } from "node:url";

import type { ApplicationSettings } from "./application.ts";
import type { Held, Ledger } from "./ledger.ts";
import type { Soak } from "./soak.ts";
import type { SoakSetUp } from "./soak-server.ts";

const file = fileURLToPath(new URL("application.ts", import.meta.url));

/** A running application. */
export interface Application {
  readonly isAlive: () => boolean;
  /** How often each code came. */
  readonly failures: ReadonlyMap<string, number>;
  /** What the blind index of the same value was, by project. */
  readonly indexes: ReadonlyMap<string, string>;
  /** SIGKILL; everything that it said is in the ledger then. */
  kill(): Promise<void>;
}

type Line =
  | Held
  | { readonly kind: "index"; readonly project: string; readonly value: string }
  | { readonly kind: "failed"; readonly code: string; readonly message: string };

/** Starts an application, and writes into the ledger what it is given. */
export function startApplication(
  soak: Soak,
  { directory, config, store }: SoakSetUp,
  { name, perSecond }: Omit<ApplicationSettings, "setUp">,
  ledger: Ledger,
): Application {
  const settings: ApplicationSettings = { setUp: { directory, config, store }, name, perSecond };
  const child = spawn(process.execPath, ["--conditions=@cmkit/source", file, JSON.stringify(settings)], {
    stdio: ["ignore", "pipe", "inherit"],
  });
  const ended = once(child, "close");
  const failures = new Map<string, number>();
  const indexes = new Map<string, string>();
  createInterface({ input: child.stdout }).on("line", (text) => {
    const line = parsed(text);
    if (line === undefined) return;
    if (line.kind === "failed") failures.set(line.code, (failures.get(line.code) ?? 0) + 1);
    else if (line.kind === "index") indexes.set(line.project, line.value);
    else ledger.held.push(line);
  });
  const kill = async (): Promise<void> => {
    child.kill("SIGKILL");
    await ended;
  };
  soak.atEnd(kill);
  soak.atExit(() => child.kill("SIGKILL"));
  return { isAlive: () => child.exitCode === null && child.signalCode === null, failures, indexes, kill };
}

/** The last line may be cut off: nobody has been told of it. */
function parsed(text: string): Line | undefined {
  try {
    return JSON.parse(text) as Line;
  } catch {
    return undefined;
  }
}
