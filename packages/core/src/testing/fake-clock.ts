import { setImmediate as turn } from "node:timers/promises";
import type { Clock } from "../clock.ts";

/** A clock that stands still until a test moves it. */
export interface FakeClock extends Clock {
  /**
   * Moves both clocks on, running every sleep and timer that falls due, in order and each at its own moment. Pending
   * promises settle before the first, between any two and after the last.
   */
  advance(ms: number): Promise<void>;
  /** Sets the wall clock on, or back when negative, as an operator would. Timers do not notice. */
  jumpWall(ms: number): void;
  /** Sets the monotonic clock on alone, running nothing: what an event loop that was blocked sees. */
  jumpMonotonic(ms: number): void;
  /** Sleeps and timers that wait: 0 when everything was cleaned up. */
  readonly waiting: number;
}

interface Timer {
  readonly dueMs: number;
  readonly run: () => void;
}

/** @param wallMs Where the wall clock starts. Default 2030-01-01. */
export function fakeClock(wallMs: number = Date.UTC(2030, 0, 1)): FakeClock {
  let monotonicMs = 0;
  let wallAheadMs = wallMs;
  // Sorted by `dueMs`; of two that are due at once, the older runs first.
  const timers: Timer[] = [];

  const schedule = (ms: number, run: () => void): (() => void) => {
    const timer = { dueMs: monotonicMs + Math.max(0, ms), run };
    const later = timers.findIndex(({ dueMs }) => dueMs > timer.dueMs);
    timers.splice(later === -1 ? timers.length : later, 0, timer);
    return () => {
      const index = timers.indexOf(timer);
      if (index !== -1) timers.splice(index, 1);
    };
  };

  return {
    monotonicMs: () => monotonicMs,
    wallMs: () => wallAheadMs + monotonicMs,
    get waiting() {
      return timers.length;
    },
    sleep: async (ms, signal) => sleep(ms, signal, schedule),
    after: (ms, run) => ({ cancel: schedule(ms, run) }),
    async advance(ms) {
      const target = monotonicMs + ms;
      await turn();
      for (let next = timers[0]; next !== undefined && next.dueMs <= target; next = timers[0]) {
        timers.shift();
        monotonicMs = Math.max(monotonicMs, next.dueMs);
        next.run();
        await turn();
      }
      monotonicMs = Math.max(monotonicMs, target);
      await turn();
    },
    jumpWall(ms) {
      wallAheadMs += ms;
    },
    jumpMonotonic(ms) {
      monotonicMs += ms;
      wallAheadMs -= ms;
    },
  };
}

async function sleep(
  ms: number,
  signal: AbortSignal | undefined,
  schedule: (ms: number, run: () => void) => () => void,
): Promise<void> {
  signal?.throwIfAborted();
  if (ms <= 0) return;
  await new Promise<void>((resolve, reject) => {
    const abort = (): void => {
      cancel();
      reject(signal?.reason as Error);
    };
    const cancel = schedule(ms, () => {
      signal?.removeEventListener("abort", abort);
      resolve();
    });
    signal?.addEventListener("abort", abort, { once: true });
  });
}
