import type { Clock } from "@cmkit/core";

import type { ReservedSlots } from "./request-rate.ts";

/** A moment that was missed by more than this is not made up for: requests would pile up. */
const maxLateMs = 20;
/** No more is reserved than can be used within this. */
const aheadMs = 250;
const storeAwayMs = 500;

/** Reserves moments for all processes together. @param count At most so many. */
export type ReserveSlots = (count: number, throttled: boolean) => Promise<ReservedSlots>;

/** Those who wait to send a request, and the moments at which they may. */
export class SlotQueue {
  private readonly clock: Clock;
  private readonly signal: AbortSignal;
  private readonly reserve: ReserveSlots;
  private readonly waiting: (() => void)[] = [];
  private slots: number[] = [];
  private everyMs = aheadMs;
  private throttled = false;
  private serving = false;

  /** @param signal Ends the waits of all: of the run whose requests they are. */
  constructor(clock: Clock, reserve: ReserveSlots, signal: AbortSignal) {
    this.clock = clock;
    this.reserve = reserve;
    this.signal = signal;
  }

  /** The next reservation will be slower. */
  slowDown(): void {
    this.throttled = true;
  }

  /** Resolves when one request may be sent. @throws `signal.reason` */
  async turn(signal: AbortSignal): Promise<void> {
    signal.throwIfAborted();
    const { promise, resolve } = Promise.withResolvers<void>();
    this.waiting.push(resolve);
    const leave = (): void => {
      const place = this.waiting.indexOf(resolve);
      if (place >= 0) this.waiting.splice(place, 1);
      resolve();
    };
    signal.addEventListener("abort", leave, { once: true });
    if (!this.serving) void this.serve();
    await promise;
    signal.removeEventListener("abort", leave);
    signal.throwIfAborted();
  }

  /** One at a time, while anybody waits. */
  private async serve(): Promise<void> {
    this.serving = true;
    while (this.waiting.length > 0 && !this.signal.aborted) {
      const nowMs = this.clock.monotonicMs();
      const next = this.slots.shift();
      if (next === undefined) await this.refill();
      else if (next > nowMs) {
        this.slots.unshift(next);
        await this.wait(next - nowMs);
      } else if (nowMs - next <= Math.max(maxLateMs, this.everyMs / 10)) this.waiting.shift()?.();
    }
    this.serving = false;
  }

  private async refill(): Promise<void> {
    const most = Math.max(1, Math.floor(aheadMs / this.everyMs));
    const count = Math.min(this.waiting.length, most);
    const { throttled } = this;
    this.throttled = false;
    try {
      const { startsInMs, everyMs } = await this.reserve(count, throttled);
      const startMs = this.clock.monotonicMs() + startsInMs;
      this.everyMs = everyMs;
      this.slots = Array.from({ length: count }, (_, i) => startMs + i * everyMs);
    } catch {
      this.throttled ||= throttled;
      await this.wait(storeAwayMs); // the store is away: nobody sends what the others cannot see
    }
  }

  private async wait(ms: number): Promise<void> {
    await this.clock.sleep(ms, this.signal).catch(() => {});
  }
}
