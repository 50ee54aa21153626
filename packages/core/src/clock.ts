import { setTimeout as sleep } from "node:timers/promises";

/** Time as cmkit uses it; injected so that tests need not wait. */
export interface Clock {
  /** Monotonic milliseconds; may stop while the machine sleeps. */
  monotonicMs(): number;
  /** Milliseconds since 1970; may jump. */
  wallMs(): number;
  /** Resolves after `ms`, never before; rejects at once when `signal` aborts. */
  sleep(ms: number, signal?: AbortSignal): Promise<void>;
  /** Calls `run` once after `ms`, without keeping the process alive. */
  after(ms: number, run: () => void): { cancel(): void };
}

/** A moment on both clocks. */
export interface Moment {
  readonly monotonicMs: number;
  readonly wallMs: number;
}

const maxTimerMs = 2 ** 31 - 1; // a longer one fires at once

export const systemClock: Clock = {
  monotonicMs: () => performance.now(),
  wallMs: () => Date.now(),
  sleep: async (ms, signal) => {
    // Node's timers count whole milliseconds, and fire up to one early: whoever asks the clock then must find the time passed.
    await sleep(Math.min(Math.ceil(ms) + 1, maxTimerMs), undefined, signal === undefined ? {} : { signal });
  },
  after: (ms, run) => {
    const timer = setTimeout(run, Math.min(ms, maxTimerMs)).unref();
    return { cancel: () => clearTimeout(timer) };
  },
};

export function now(clock: Clock): Moment {
  return { monotonicMs: clock.monotonicMs(), wallMs: clock.wallMs() };
}

/** The larger of both differences: a machine that slept, or a wall clock set back, cannot make anything younger. */
export function ageAt(at: Moment, since: Moment): number {
  return Math.max(at.monotonicMs - since.monotonicMs, at.wallMs - since.wallMs);
}

export function ageMs(clock: Clock, since: Moment): number {
  return ageAt(now(clock), since);
}
