import type { Clock } from "./clock.ts";
import { within, type CallOptions } from "./limit.ts";

/** Single flight: whoever asks for the same thing while it is under way waits for the one answer. */
export class Flights<T> {
  private readonly underWay = new Map<string, Promise<T>>();
  private readonly clock: Clock;

  constructor(clock: Clock) {
    this.clock = clock;
  }

  /** One caller's abort or timeout ends only its own wait; the flight has the time that its first caller gave. */
  async join(key: string, options: CallOptions, start: (limits: CallOptions) => Promise<T>): Promise<T> {
    const { signal, timeoutMs } = options;
    const flight = async (): Promise<T> => this.underWay.get(key) ?? this.begin(key, timeoutMs, start);
    // The flight ends by itself: a caller without limits of its own needs no timer.
    return signal === undefined && timeoutMs === undefined ? flight() : within(options, this.clock, flight);
  }

  private async begin(key: string, timeoutMs: number | undefined, start: (limits: CallOptions) => Promise<T>): Promise<T> {
    const flight = within({ timeoutMs }, this.clock, async (signal) => start({ signal, timeoutMs }));
    this.underWay.set(key, flight);
    try {
      return await flight;
    } finally {
      this.underWay.delete(key);
    }
  }
}
