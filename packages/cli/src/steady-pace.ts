import type { Clock, Pace } from "@cmkit/core";

/** Evenly spaced turns, for one process that has a quota to itself. */
export function steadyPace(perSecond: number, clock: Pick<Clock, "monotonicMs" | "sleep">): Pace {
  let freeMs = 0;
  return {
    async turn(_cmk, _operation, signal) {
      const nowMs = clock.monotonicMs();
      const atMs = Math.max(nowMs, freeMs);
      freeMs = atMs + 1000 / perSecond;
      if (atMs > nowMs) await clock.sleep(atMs - nowMs, signal);
    },
    answered() {},
  };
}
