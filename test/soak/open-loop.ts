import { setTimeout as wait } from "node:timers/promises";

/** How long requests took, from the moment at which each was to be sent. */
export class Latencies {
  private readonly ms: number[] = [];

  add(ms: number): void {
    this.ms.push(ms);
  }

  get count(): number {
    return this.ms.length;
  }

  /** @param share From 0 to 1; 1 is the longest. */
  at(share: number): string {
    const sorted = this.ms.toSorted((a, b) => a - b);
    const value = sorted[Math.max(0, Math.ceil(sorted.length * share) - 1)] ?? Number.NaN;
    return `${value.toFixed(value < 10 ? 1 : 0)} ms`;
  }
}

export interface OpenLoopOptions {
  readonly perSecond: number;
  /** Ends the load; what was sent is still waited for. */
  readonly until: AbortSignal;
  readonly send: () => Promise<unknown>;
}

/**
 * Sends at a fixed rate, whether or not answers come: a server that stands still for a second makes all who would have
 * come in that second wait, and they are counted.
 */
export async function openLoop({ perSecond, until, send }: OpenLoopOptions): Promise<Latencies> {
  const latencies = new Latencies();
  const running = new Set<Promise<void>>();
  const started = performance.now();
  let endMs = Number.POSITIVE_INFINITY;
  until.addEventListener("abort", () => (endMs = performance.now()));
  for (let sent = 0; ;) {
    const dueMs = started + (sent * 1000) / perSecond;
    if (dueMs >= endMs) break; // what is late is sent all the same
    const early = dueMs - performance.now();
    if (early > 0) {
      await wait(early);
      continue;
    }
    sent += 1;
    const run = send().then(() => latencies.add(performance.now() - dueMs));
    running.add(run);
    void run.finally(() => running.delete(run));
    // Many that are late at once: answers must be taken in between.
    if (sent % 4 === 0) await wait(0);
  }
  await Promise.all(running);
  return latencies;
}
