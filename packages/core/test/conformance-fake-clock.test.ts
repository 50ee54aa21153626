import { expect, test } from "vitest";
import { ageMs, now } from "../src/clock.ts";
import { fakeClock } from "../src/testing/index.ts";

test("a fake clock runs what falls due, in order and each at its own moment", async () => {
  const clock = fakeClock(1000);
  const ran: string[] = [];
  const note = (name: string): void => void ran.push(`${name} at ${clock.monotonicMs()} and ${clock.wallMs()}`);
  clock.after(20, () => note("second"));
  clock.after(10, () => {
    note("first");
    clock.after(5, () => note("nested"));
  });
  clock.after(20, () => note("third"));
  const slept = clock.sleep(21).then(() => note("sleeper"));
  clock.after(22, () => note("too late")).cancel();
  clock.after(31, () => note("later"));
  await clock.advance(30);
  await slept;
  expect(ran).toEqual([
    "first at 10 and 1010",
    "nested at 15 and 1015",
    "second at 20 and 1020",
    "third at 20 and 1020",
    "sleeper at 21 and 1021",
  ]);
  expect([clock.monotonicMs(), clock.wallMs(), clock.waiting]).toEqual([30, 1030, 1]);
});

test("a sleep on a fake clock rejects as soon as its signal aborts, and leaves nothing behind", async () => {
  const clock = fakeClock();
  const caller = new AbortController();
  const sleeping = clock.sleep(10, caller.signal);
  caller.abort(new Error("enough"));
  await expect(sleeping).rejects.toThrow("enough");
  await expect(clock.sleep(10, caller.signal)).rejects.toThrow("enough");
  expect(clock.waiting).toBe(0);
  await clock.sleep(0);
});

test("the two times of a fake clock jump apart, and age is the larger difference", () => {
  const clock = fakeClock(0);
  const start = now(clock);
  clock.jumpWall(-500);
  expect([clock.monotonicMs(), clock.wallMs(), ageMs(clock, start)]).toEqual([0, -500, 0]);
  clock.jumpMonotonic(100);
  expect([clock.monotonicMs(), clock.wallMs(), ageMs(clock, start)]).toEqual([100, -500, 100]);
  clock.jumpWall(1000);
  expect(ageMs(clock, start)).toBe(500);
});
