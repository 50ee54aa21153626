import { setTimeout as pause } from "node:timers/promises";

import { CliError } from "./cli-error.ts";
import type { DrillChild, StartDrillChild } from "./drill-child.ts";
import { type DrillRole, drillNowMs, type DrillSaid, type DrillTask } from "./drill-task.ts";
import { DrillWatch } from "./drill-watch.ts";

/** What a drill is made of. */
export interface DrillParts {
  readonly processes: number;
  readonly task: Omit<DrillTask, "role" | "waitMs">;
  readonly start: StartDrillChild;
  /** Takes access away, or asks for that. */
  readonly take: () => Promise<void>;
  /** How long after that somebody must be refused. */
  readonly patienceMs: number;
  readonly signal: AbortSignal;
  readonly say: (what: string) => void;
}

/** What came of it. Milliseconds since 1970. */
export interface DrillOutcome {
  readonly watches: readonly DrillWatch[];
  readonly requestedMs: number;
  /** The first that any process saw. */
  readonly firstRefusalMs: number | undefined;
}

const lookEveryMs = 50;
/** Loading a cloud's SDK takes long on a busy machine. */
const startWithinMs = 60_000;
/** A refusal is remembered for 5 s; who still succeeds after that is seen to. */
const watchOnMs = 6000;
/** How long after its TTL a process is waited for that has not been refused. */
const waitOnMs = 5000;

/** Starts processes that read and write, takes access away, and watches until all have been refused, or one should have been. */
export async function drill(parts: DrillParts): Promise<DrillOutcome> {
  const { say } = parts;
  const crew = new Crew(parts);
  try {
    await crew.begun();
    say("Every process has read or written.");
    const requestedMs = drillNowMs();
    await parts.take();
    await crew.until(() => crew.firstRefusalMs !== undefined || drillNowMs() - requestedMs > parts.patienceMs);
    const { firstRefusalMs } = crew;
    if (firstRefusalMs !== undefined) {
      say(`The first refusal came after ${((firstRefusalMs - requestedMs) / 1000).toFixed(1)} s.`);
      await crew.until(() => crew.isOver(firstRefusalMs, parts.task.ttlMs));
    }
    return { watches: crew.watches, requestedMs, firstRefusalMs };
  } finally {
    await crew.end();
  }
}

/** The processes of a drill. */
class Crew {
  readonly watches: readonly DrillWatch[];
  private readonly children: readonly DrillChild[];
  private readonly signal: AbortSignal;
  private readonly beginWithinMs: number;
  private failure: CliError | undefined;

  constructor({ processes, task, start, signal }: DrillParts) {
    this.signal = signal;
    this.beginWithinMs = task.ttlMs + startWithinMs;
    this.watches = Array.from({ length: processes }, (_, index) => new DrillWatch(index + 1, roles[index % 2] ?? "reads"));
    this.children = this.watches.map((watch, index) =>
      // Their times to ask the KMS are spread over the TTL, as those of an application are.
      start({ ...task, role: watch.role, waitMs: (index * task.ttlMs) / processes }, (said) => this.heard(watch, said)),
    );
  }

  get firstRefusalMs(): number | undefined {
    const seen = this.watches.flatMap(({ firstRefusal }) => (firstRefusal === undefined ? [] : [firstRefusal.atMs]));
    return seen.length === 0 ? undefined : Math.min(...seen);
  }

  /** Every process has succeeded once. @throws {CliError} */
  async begun(): Promise<void> {
    const sinceMs = drillNowMs();
    const late = (): DrillWatch | undefined => this.watches.find(({ lastSuccessMs }) => lastSuccessMs === undefined);
    await this.until(() => late() === undefined || drillNowMs() - sinceMs > this.beginWithinMs);
    const watch = late();
    if (watch !== undefined) this.fails(watch, [...watch.troubles.keys()].join(", ") || "it takes too long");
    await this.until(() => true);
  }

  /** All were refused and were asked again since; or there is no time left in which that could happen. */
  isOver(firstRefusalMs: number, ttlMs: number): boolean {
    const at = drillNowMs();
    if (at - firstRefusalMs > ttlMs + waitOnMs) return true;
    const since = Math.min(ttlMs, watchOnMs);
    return this.watches.every(({ firstRefusal }) => firstRefusal !== undefined && at - firstRefusal.atMs > since);
  }

  /** @throws {CliError} when a process fails, or the drill is interrupted. */
  async until(isSo: () => boolean): Promise<void> {
    for (;;) {
      if (this.failure !== undefined) throw this.failure;
      if (this.signal.aborted) throw new CliError("refused", "Interrupted.");
      if (isSo()) return;
      await pause(lookEveryMs);
    }
  }

  async end(): Promise<void> {
    await Promise.all(this.children.map(async (child) => child.end()));
  }

  private heard(watch: DrillWatch, said: DrillSaid): void {
    if ("failed" in said) this.fails(watch, said.failed);
    else watch.saw(said.deed);
    // Before access is taken away, a refusal is one of its own; an outage may pass.
    if (watch.lastSuccessMs === undefined && watch.firstRefusal !== undefined) this.fails(watch, watch.firstRefusal.code);
  }

  private fails({ number, role, lastSuccessMs }: DrillWatch, reason: string): void {
    const how = lastSuccessMs === undefined ? "could not begin" : "failed";
    this.failure ??= new CliError("refused", `Process ${number}, which ${role}, ${how}: ${reason.replace(/\.$/, "")}.`);
  }
}

const roles: readonly DrillRole[] = ["reads", "writes"];
