import type { Clock, Pace } from "@cmkit/core";

/** Evenly spaced turns, for one process that has a quota to itself. */
export function steadyPace(perSecond: number, clock: Pick<Clock, "monotonicMs" | "sleep">): Pace {
  let freeMs = 0;
  return {
    turn(_cmk, _operation, call) {
      const nowMs = clock.monotonicMs();
      const atMs = Math.max(nowMs, freeMs);
      freeMs = atMs + 1000 / perSecond;
      return atMs > nowMs ? clock.sleep(atMs - nowMs, call.signal) : undefined;
    },
    answered() {},
  };
}
