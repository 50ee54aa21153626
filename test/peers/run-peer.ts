import { setTimeout as wait } from "node:timers/promises";
import { causeOf, type Peer, type PeerCase } from "./peer.ts";

export interface PeerResult {
  readonly peer: string;
  readonly case: string;
  /** `deviates`: it failed, as listed; counted with the skipped ones, since it confirms nothing. */
  readonly outcome: "passed" | "failed" | "skipped" | "deviates";
  /** What differs, or why it was skipped. */
  readonly reason?: string;
}

export interface PeerSummary {
  readonly peer: string;
  readonly from: string;
  /** Why none of it could be tried. */
  readonly absent?: string;
  readonly skippedCases: number;
  readonly results: readonly PeerResult[];
}

/** Hardly any case takes so long, but a peer that hangs must not hang the run. */
const usualLimitMs = 120_000;

/** Installs, starts, tries and stops one peer. A peer that is there but does not start has failed. */
export async function runPeer(peer: Peer, installed: Promise<void>): Promise<PeerSummary> {
  const { name, from, caseCount, untried = false } = peer;
  const absent = await installed.then(
    () => undefined,
    (error: unknown) => firstLine(error),
  );
  if (absent !== undefined) return { peer: name, from, absent, skippedCases: caseCount, results: [] };
  try {
    const started = await peer.start();
    try {
      const results: PeerResult[] = [];
      for (const one of started.cases) results.push({ peer: name, case: one.name, ...(await tryCase(one, untried)) });
      return { peer: name, from, skippedCases: 0, results };
    } finally {
      await started.stop();
    }
  } catch (error) {
    const results = [{ peer: name, case: "starts", outcome: "failed", reason: text(error) }] as const;
    return { peer: name, from, skippedCases: caseCount, results };
  }
}

async function tryCase(one: PeerCase, untried: boolean): Promise<Pick<PeerResult, "outcome" | "reason">> {
  const { skipped, deviation, limitMs = usualLimitMs } = one;
  if (skipped !== undefined) return { outcome: "skipped", reason: skipped };
  const failure = await limited(one.run(), limitMs).then(
    () => undefined,
    (error: unknown) => text(error),
  );
  if (untried && failure !== undefined) return { outcome: "deviates", reason: `not tried before, to be listed: ${failure}` };
  if (deviation === undefined) return failure === undefined ? { outcome: "passed" } : { outcome: "failed", reason: failure };
  // A list of deviations that is not checked grows and covers up what breaks later.
  if (failure === undefined && typeof deviation === "string")
    return { outcome: "failed", reason: `it passes, but is listed as deviating: ${deviation}` };
  return { outcome: "deviates", reason: causeOf(deviation) };
}

async function limited(running: Promise<void>, limitMs: number): Promise<void> {
  const timer = new AbortController();
  const late = wait(limitMs, undefined, { signal: timer.signal }).then(() => {
    throw new Error(`it took more than ${limitMs} ms`);
  });
  await Promise.race([running, late]).finally(() => timer.abort());
}

function text(error: unknown): string {
  return error instanceof Error ? error.message : String(error);
}

function firstLine(error: unknown): string {
  return text(error).split("\n", 1).join("");
}
