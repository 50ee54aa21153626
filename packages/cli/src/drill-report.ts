import type { RegisteredCmk } from "@cmkit/registry";

import type { DrillOutcome } from "./drill.ts";
import type { DrillWatch } from "./drill-watch.ts";
import { table } from "./table.ts";

/** What a drill found. */
export interface DrillReport {
  readonly cmk: RegisteredCmk;
  readonly ttlMs: number;
  readonly real: boolean;
  readonly outcome: DrillOutcome;
  /** Whether access was given back, in words. */
  readonly access: string;
}

/** Why it failed, a line a reason; none when every process stopped in time. */
export function drillFailures({ ttlMs, outcome: { watches, firstRefusalMs } }: DrillReport): readonly string[] {
  return watches.flatMap((watch) => {
    const who = `Process ${watch.number}, which ${watch.role},`;
    if (watch.firstRefusal === undefined) return [`${who} was never refused.`];
    const lateMs = sinceMs(watch.lastSuccessMs, firstRefusalMs) ?? 0;
    return lateMs > ttlMs ? [`${who} went on for ${seconds(lateMs)} after the first refusal; the TTL is ${seconds(ttlMs)}.`] : [];
  });
}

/** As a table, and the verdict. */
export function drillText(report: DrillReport): string {
  const { outcome, ttlMs } = report;
  const { watches, requestedMs, firstRefusalMs } = outcome;
  const rows = watches.map((watch) => [
    String(watch.number),
    watch.role,
    watch.firstRefusal?.code ?? "none",
    secondsOrNone(sinceMs(watch.firstRefusal?.atMs, requestedMs)),
    secondsOrNone(sinceMs(watch.lastSuccessMs, firstRefusalMs)),
    String(watch.attempts),
    troublesOf(watch),
  ]);
  const head = [
    "process",
    "does",
    "refusal",
    "after the request",
    "last success after the first refusal",
    "attempts",
    "other errors",
  ];
  const failures = drillFailures(report);
  const verdict = failures.length === 0 ? passed(outcome, ttlMs) : `FAILED.\n${failures.join("\n")}`;
  return `${table([head, ...rows])}\n${verdict}\n`;
}

/** As JSON. Times in milliseconds; below 0: before the first refusal. */
export function drillJson(report: DrillReport): string {
  const { cmk, ttlMs, real, outcome, access } = report;
  const { watches, requestedMs, firstRefusalMs } = outcome;
  const failures = drillFailures(report);
  const shown = {
    project: cmk.project,
    cmk_id: cmk.id,
    provider: cmk.provider,
    resource: cmk.resource,
    ttl_ms: ttlMs,
    real,
    requested_at: new Date(requestedMs).toISOString(),
    first_refusal_ms: sinceMs(firstRefusalMs, requestedMs) ?? null,
    processes: watches.map(({ number, role, firstRefusal, lastSuccessMs, attempts, troubles }) => ({
      process: number,
      role,
      code: firstRefusal?.code ?? null,
      request_to_refusal_ms: sinceMs(firstRefusal?.atMs, requestedMs) ?? null,
      first_refusal_to_last_success_ms: sinceMs(lastSuccessMs, firstRefusalMs) ?? null,
      attempts,
      other_errors: Object.fromEntries(troubles),
    })),
    passed: failures.length === 0,
    failures,
    access,
  };
  return `${JSON.stringify(shown, null, 2)}\n`;
}

function passed({ watches, requestedMs, firstRefusalMs = 0 }: DrillOutcome, ttlMs: number): string {
  const last = Math.max(...watches.flatMap(({ lastSuccessMs }) => lastSuccessMs ?? []));
  const ofRequest = `${seconds(last - requestedMs)} after the request`;
  return `PASSED. The last success was ${ofRequest}, ${around(last - firstRefusalMs)}. The TTL is ${seconds(ttlMs)}.`;
}

function around(ms: number): string {
  return ms < 0 ? `${seconds(-ms)} before the first refusal` : `${seconds(ms)} after the first refusal that any of them saw`;
}

function troublesOf({ troubles }: DrillWatch): string {
  return troubles.size === 0 ? "-" : [...troubles].map(([code, times]) => `${times} ${code}`).join(", ");
}

function sinceMs(atMs: number | undefined, fromMs: number | undefined): number | undefined {
  return atMs === undefined || fromMs === undefined ? undefined : Math.round(atMs - fromMs);
}

function secondsOrNone(ms: number | undefined): string {
  return ms === undefined ? "-" : seconds(ms);
}

function seconds(ms: number): string {
  return `${(ms / 1000).toFixed(1)} s`;
}
