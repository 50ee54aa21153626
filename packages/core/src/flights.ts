import type { Clock } from "./clock.ts";
import { isKmsError, KmsError } from "./kms-error.ts";
import { remainingMs, untilDeadline, within, type CallOptions } from "./limit.ts";

interface Flight<T> {
  readonly answer: Promise<T>;
  /** When it ends at the latest. */
  readonly limits: CallOptions;
}

/** Single flight: whoever asks for the same thing while it is under way waits for the one answer. */
export class Flights<T> {
  private readonly underWay = new Map<string, Flight<T>>();
  private readonly clock: Clock;

  constructor(clock: Clock) {
    this.clock = clock;
  }

  /** One caller's abort or timeout ends only its own wait: a flight has the time that its first caller gave, and who has more flies again. */
  async join(key: string, options: CallOptions, start: (limits: CallOptions) => Promise<T>): Promise<T> {
    const { signal } = options;
    const timeoutMs = remainingMs(options, this.clock);
    if (timeoutMs <= 0) throw new KmsError("timeout");
    const others = this.underWay.get(key);
    // A flight ends by itself: without a signal, and if it ends in time, a caller needs no timer of its own.
    if (signal === undefined && (others === undefined || remainingMs(others.limits, this.clock) <= timeoutMs)) {
      return this.fly(key, timeoutMs, start, undefined);
    }
    return within(options, this.clock, async (gone) => this.fly(key, timeoutMs, start, gone));
  }

  private async fly(
    key: string,
    timeoutMs: number,
    start: (limits: CallOptions) => Promise<T>,
    gone: AbortSignal | undefined,
  ): Promise<T> {
    const until = this.clock.monotonicMs() + timeoutMs;
    for (;;) {
      const leftMs = until - this.clock.monotonicMs();
      if (leftMs <= 0) throw new KmsError("timeout");
      const others = this.underWay.get(key);
      if (others === undefined) return this.begin(key, leftMs, start);
      try {
        return await others.answer;
      } catch (error) {
        const theirTimeIsUp = isKmsError(error) && error.code === "timeout" && remainingMs(others.limits, this.clock) <= 0;
        if (!theirTimeIsUp || gone?.aborted === true) throw error;
      }
    }
  }

  private async begin(key: string, timeoutMs: number, start: (limits: CallOptions) => Promise<T>): Promise<T> {
    const limits = untilDeadline({ timeoutMs }, this.clock); // before `start`, which may compute before it waits
    const answer = within(limits, this.clock, async (signal) => start({ signal, timeoutMs }));
    this.underWay.set(key, { answer, limits });
    try {
      return await answer;
    } finally {
      this.underWay.delete(key);
    }
  }
}
