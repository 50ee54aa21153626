import type { Clock } from "./clock.ts";
import { isKmsError } from "./kms-error.ts";
import { defaultTimeoutMs, within, type CallOptions } from "./limit.ts";

/** Single flight: whoever asks for the same thing while it is under way waits for the one answer. */
export class Flights<T> {
  private readonly underWay = new Map<string, Promise<T>>();
  private readonly clock: Clock;

  constructor(clock: Clock) {
    this.clock = clock;
  }

  /** One caller's abort or timeout ends only its own wait: a flight has the time that its first caller gave, and who has more flies again. */
  async join(key: string, options: CallOptions, start: (limits: CallOptions) => Promise<T>): Promise<T> {
    const { signal, timeoutMs } = options;
    const flight = async (): Promise<T> => this.fly(key, timeoutMs ?? defaultTimeoutMs, start);
    // A flight ends by itself: a caller without limits of its own needs no timer.
    return signal === undefined && timeoutMs === undefined ? flight() : within(options, this.clock, flight);
  }

  private async fly(key: string, timeoutMs: number, start: (limits: CallOptions) => Promise<T>): Promise<T> {
    const until = this.clock.monotonicMs() + timeoutMs;
    for (let leftMs = timeoutMs; ; leftMs = until - this.clock.monotonicMs()) {
      const others = this.underWay.get(key);
      if (others === undefined) return this.begin(key, leftMs, start);
      try {
        return await others;
      } catch (error) {
        const theirTimeIsUp = isKmsError(error) && error.code === "timeout";
        if (!theirTimeIsUp || this.clock.monotonicMs() >= until) throw error;
      }
    }
  }

  private async begin(key: string, timeoutMs: number, start: (limits: CallOptions) => Promise<T>): Promise<T> {
    const flight = within({ timeoutMs }, this.clock, async (signal) => start({ signal, timeoutMs }));
    this.underWay.set(key, flight);
    try {
      return await flight;
    } finally {
      this.underWay.delete(key);
    }
  }
}
