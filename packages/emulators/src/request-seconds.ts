/** The cryptographic requests that arrived in one fixed second. */
export interface RequestSecond {
  /** Seconds since 1970, by the emulator's clock. */
  readonly second: number;
  /** All that arrived, the throttled ones too. */
  readonly requests: number;
  /** Those that a fault throttled. */
  readonly throttled: number;
}

// A soak test runs for days; an hour is more than any test looks back.
const maxSeconds = 3600;

/** Counts by fixed seconds, and forgets all but the latest 3,600 in which something came. */
export class RequestSeconds {
  #seconds = new Map<number, { requests: number; throttled: number }>();

  /** Counts one request, at the time of its arrival. */
  add(nowMs: number, throttled: boolean): void {
    const second = Math.floor(nowMs / 1000);
    const counts = this.#seconds.get(second) ?? { requests: 0, throttled: 0 };
    counts.requests += 1;
    if (throttled) counts.throttled += 1;
    this.#seconds.set(second, counts);
    const [oldest] = this.#seconds.keys();
    if (this.#seconds.size > maxSeconds && oldest !== undefined) this.#seconds.delete(oldest);
  }

  /** Oldest first. Seconds in which nothing came are left out. */
  list(): readonly RequestSecond[] {
    return [...this.#seconds].map(([second, counts]) => ({ second, ...counts }));
  }

  /** Forgets everything. */
  reset(): void {
    this.#seconds.clear();
  }
}
