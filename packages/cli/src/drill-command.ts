import { CliError } from "./cli-error.ts";
import type { Deps, Io } from "./deps.ts";
import { drill, type DrillOutcome } from "./drill.ts";
import { type DrillAccess, emulatedAccess, realAccess } from "./drill-access.ts";
import { drillChildren, type StartDrillChild } from "./drill-child.ts";
import { drillRegistry } from "./drill-registry.ts";
import { drillFailures, drillJson, drillText } from "./drill-report.ts";
import { type DrillTarget, drillTarget } from "./drill-target.ts";
import { drillWaiting } from "./drill-waiting.ts";
import { printable } from "./printable.ts";
import type { StoreOptions } from "./server-store.ts";

/** The options of `cmkit drill`. */
export interface DrillOptions extends StoreOptions {
  readonly project: string;
  readonly cmkId: string;
  /** Milliseconds. */
  readonly ttl: number;
  readonly processes: number;
  readonly real?: true;
  readonly url?: string;
  readonly json?: boolean;
}

type DrillDeps = Pick<Deps, "cwd" | "untilAskedToEnd">;
type DrillIo = Pick<Io, "stdout" | "stderr" | "terminal">;

/** How long after its TTL somebody must have been refused by an emulator. */
const patienceMs = 10_000;

/**
 * Takes a key away from processes that read and write, and says when each of them stopped.
 *
 * @param start Starts them.
 * @returns 0 when all stopped in time, else 1.
 */
export async function drillCommand(
  options: DrillOptions,
  deps: DrillDeps,
  io: DrillIo,
  start: StartDrillChild = drillChildren(),
): Promise<number> {
  const { project, ttl: ttlMs, processes, real = false } = options;
  const named = storeOf(options);
  const { target, access } = await prepared(named, options, deps, io);
  const say = (what: string): void => io.stderr(`${what.split("\n").map(printable).join("\n")}\n`);
  const waiting = drillWaiting(io);
  const take = async (): Promise<void> => {
    say(access.taking);
    await access.take();
    if (real) waiting.begin();
  };
  say(`Starting ${processes} processes with a TTL of ${ttlMs / 1000} s.`);
  let outcome: DrillOutcome;
  let given: string;
  try {
    outcome = await drill({
      processes,
      task: { options: named, cwd: deps.cwd, project, ttlMs, sealed: target.sealed },
      start,
      take,
      patienceMs: real ? Infinity : ttlMs + patienceMs,
      signal: interruptionOf(deps),
      say: (what) => {
        waiting.end();
        say(what);
      },
    });
  } finally {
    waiting.end();
    given = await access.giveBack();
    say(given);
  }
  const report = { cmk: target.cmk, ttlMs, real, outcome, access: given };
  io.stdout(options.json ? drillJson(report) : drillText(report));
  return drillFailures(report).length === 0 ? 0 : 1;
}

interface Prepared {
  readonly target: DrillTarget;
  readonly access: DrillAccess;
}

/** The registry is opened for as long as that takes: the processes open their own. */
async function prepared(
  named: StoreOptions,
  { project, cmkId, real }: DrillOptions,
  deps: DrillDeps,
  io: DrillIo,
): Promise<Prepared> {
  const opened = await drillRegistry(named, deps, io);
  try {
    const { dev } = opened;
    if (dev === undefined && !real)
      throw new CliError("bad-usage", "These keys are in a cloud, where cmkit takes nothing away.", useReal);
    const target = await drillTarget(opened, project, cmkId);
    return { target, access: dev === undefined || real ? realAccess(target.key) : emulatedAccess(target.key, dev) };
  } finally {
    await opened.close();
  }
}

const useReal =
  "With --real the drill waits until the customer has done so. Without it, it needs the emulators of a `cmkit dev`.";

/** The options that name a store, and no others. */
function storeOf({ url, config, store, recordKey, dev }: DrillOptions): StoreOptions {
  if (url !== undefined) {
    const what = "A drill works on the store itself, not through a server: its processes read and write as an application does.";
    throw new CliError(
      "bad-usage",
      what,
      "Give --config DIR/cmkit.json, or --store with --record-key, or --dev, instead of --url.",
    );
  }
  return {
    ...(config !== undefined && { config }),
    ...(store !== undefined && { store }),
    ...(recordKey !== undefined && { recordKey }),
    ...(dev !== undefined && { dev }),
  };
}

function interruptionOf(deps: DrillDeps): AbortSignal {
  const interrupted = new AbortController();
  void deps.untilAskedToEnd().then(() => interrupted.abort());
  return interrupted.signal;
}
