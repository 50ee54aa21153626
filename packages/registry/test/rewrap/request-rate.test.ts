import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { reserveSlots, type SlotRequest } from "../../src/rewrap/request-rate.ts";
import type { RequestRate } from "../../src/store.ts";

const ask: SlotRequest = { name: "cloud", count: 9, perSecond: 100, throttled: false };

function rate(perSecond: number, nextAtMs: number, changedAtMs: number): RequestRate {
  return { name: "cloud", perSecond, nextAtMs, changedAtMs };
}

describe("the moments at which requests may be sent", () => {
  it("begin now, evenly spaced at 90 % of the quota", () => {
    const { rate: after, slots } = reserveSlots(undefined, ask, 1000);
    expect(slots.startsInMs).toBe(0);
    expect(slots.everyMs).toBeCloseTo(1000 / 90);
    expect(after.nextAtMs).toBeCloseTo(1100);
  });

  it("follow those that were given away before", () => {
    const { slots, rate: after } = reserveSlots(rate(90, 1400, 900), ask, 1000);
    expect(slots.startsInMs).toBe(400);
    expect(after.nextAtMs).toBeCloseTo(1500);
  });

  it("are not saved up while nobody asks", () => {
    expect(reserveSlots(rate(90, 500, 900), ask, 1000).slots.startsInMs).toBe(0);
  });

  it("begin now where the clock went back: nobody waits for hours", () => {
    expect(reserveSlots(rate(90, 10_000_000, 900), ask, 1000).slots.startsInMs).toBe(0);
  });

  it("come slower after throttling, at most once a second, and never slower than one a second", () => {
    const throttled = { ...ask, throttled: true };
    const { rate: slower } = reserveSlots(rate(90, 0, 0), throttled, 2000);
    expect(slower.perSecond).toBeCloseTo(63);
    expect(reserveSlots(slower, throttled, 2500).rate.perSecond).toBeCloseTo(63);
    expect(reserveSlots(slower, throttled, 3000).rate.perSecond).toBeCloseTo(44.1);
    expect(reserveSlots(rate(1, 0, 0), throttled, 2000).rate.perSecond).toBe(1);
  });

  it("come faster again while all goes well, up to 90 % of the quota", () => {
    const { rate: faster } = reserveSlots(rate(50, 0, 0), ask, 2000);
    expect(faster.perSecond).toBeCloseTo(52.5);
    expect(reserveSlots(faster, ask, 2500).rate.perSecond).toBeCloseTo(52.5);
    expect(reserveSlots(rate(89, 0, 0), ask, 2000).rate.perSecond).toBe(90);
  });

  it("obey the smaller quota at once", () => {
    expect(reserveSlots(rate(90, 0, 1900), { ...ask, perSecond: 10 }, 2000).rate.perSecond).toBe(9);
  });

  it("never lie closer than the quota allows, whoever asks how often and for how many", () => {
    // Nobody reserves more than a quarter of a second ahead.
    const asks = fc.array(fc.record({ count: fc.integer({ min: 1, max: 40 }), afterMs: fc.nat(700), throttled: fc.boolean() }), {
      maxLength: 40,
    });
    fc.assert(
      fc.property(asks, fc.integer({ min: 1, max: 500 }), (all, perSecond) => {
        let before: RequestRate | undefined;
        let nowMs = 0;
        const moments: number[] = [];
        for (const { count: wanted, afterMs, throttled } of all) {
          nowMs += afterMs;
          const count = Math.min(wanted, Math.ceil(perSecond / 4));
          const { rate: after, slots } = reserveSlots(before, { name: "cloud", count, perSecond, throttled }, nowMs);
          for (let i = 0; i < count; i += 1) moments.push(nowMs + slots.startsInMs + i * slots.everyMs);
          before = after;
        }
        const apartMs = 1000 / Math.max(1, perSecond * 0.9);
        const closest = Math.min(...moments.slice(1).map((moment, i) => moment - (moments[i] ?? 0)));
        expect(closest).toBeGreaterThan(apartMs - 0.001);
      }),
    );
  });
});
