import { fakeClock } from "@cmkit/core/testing";
import { describe, expect, it } from "vitest";
import { SlotQueue } from "../../src/rewrap/slot-queue.ts";

const go = new AbortController().signal;

/** A queue whose store gives moments 100 ms apart, and who asked it for what. */
function queueOf(signal: AbortSignal = go) {
  const clock = fakeClock();
  const asked: { count: number; throttled: boolean }[] = [];
  const failures: number[] = [];
  let nextMs = 0;
  const reserve = async (count: number, throttled: boolean): Promise<{ startsInMs: number; everyMs: number }> => {
    if (failures.pop() !== undefined) throw new Error("away");
    asked.push({ count, throttled });
    const startMs = Math.max(nextMs, clock.monotonicMs());
    nextMs = startMs + count * 100;
    return { startsInMs: startMs - clock.monotonicMs(), everyMs: 100 };
  };
  const queue = new SlotQueue(clock, reserve, signal);
  const turns: number[] = [];
  const turn = async (until = go): Promise<void> => queue.turn(until).then(() => void turns.push(clock.monotonicMs()));
  return { clock, asked, failures, queue, turns, turn };
}

describe("those who wait for their turn", () => {
  it("get one moment each, in the order in which they came", async () => {
    const { clock, turns, turn, asked } = queueOf();
    const all = Promise.all(Array.from({ length: 5 }, async () => turn()));
    await clock.advance(1000);
    await all;
    expect(turns).toEqual([0, 100, 200, 300, 400]);
    expect(asked.every(({ count }) => count <= 2)).toBe(true); // no more than a quarter of a second ahead
  });

  it("reserve nothing while nobody waits", async () => {
    const { clock, asked, turn } = queueOf();
    await Promise.all([turn(), clock.advance(0)]);
    await clock.advance(60_000);
    expect(asked).toHaveLength(1);
    expect(clock.waiting).toBe(0);
  });

  it("do not make up for a moment that was missed", async () => {
    const { clock, turns, turn } = queueOf();
    const all = Promise.all([turn(), turn(), turn()]);
    await clock.advance(0);
    clock.jumpMonotonic(1000); // the event loop was blocked
    await clock.advance(2000);
    await all;
    expect(turns[0]).toBe(0);
    expect((turns[2] ?? 0) - (turns[1] ?? 0)).toBe(100);
  });

  it("leave when they are aborted, and take nobody's moment", async () => {
    const { clock, turns, turn } = queueOf();
    const leaving = new AbortController();
    const first = turn();
    const second = turn(leaving.signal);
    const third = turn();
    await clock.advance(0);
    leaving.abort(new Error("gone"));
    await expect(second).rejects.toThrow("gone");
    await clock.advance(1000);
    await Promise.all([first, third]);
    expect(turns).toEqual([0, 100]);
    await expect(turn(leaving.signal)).rejects.toThrow("gone");
  });

  it("tell the store once that the cloud throttled", async () => {
    const { clock, asked, queue, turn } = queueOf();
    queue.slowDown();
    await Promise.all([turn(), clock.advance(0)]);
    await Promise.all([turn(), clock.advance(500)]);
    expect(asked.map(({ throttled }) => throttled)).toEqual([true, false]);
  });

  it("send nothing while the store is away, and forget no throttling meanwhile", async () => {
    const { clock, asked, queue, turn, turns, failures } = queueOf();
    failures.push(1, 2);
    queue.slowDown();
    const waiting = turn();
    await clock.advance(400);
    expect(turns).toEqual([]);
    await clock.advance(1000);
    await waiting;
    expect(asked).toEqual([{ count: 1, throttled: true }]);
  });
});
