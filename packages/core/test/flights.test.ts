import { expect, test } from "vitest";
import { systemClock } from "../src/clock.ts";
import { Flights } from "../src/flights.ts";
import { fakeClock } from "../src/testing/fake-clock.ts";

test("who has more time than the flight that it joined flies again, also where that one computed before it waited", async () => {
  const clock = fakeClock();
  const flights = new Flights<string>(clock);
  let started = 0;
  const start = async (): Promise<string> => {
    started += 1;
    if (started > 1) return "answer";
    clock.jumpMonotonic(10);
    return new Promise<never>(() => {});
  };
  const hasty = flights.join("key", { timeoutMs: 100 }, start).catch((error: unknown) => (error as { code: string }).code);
  const patient = flights.join("key", { timeoutMs: 5000 }, start);
  await clock.advance(200);
  expect([await hasty, await patient, started]).toEqual(["timeout", "answer", 2]);
});

test("the clock of the machine wakes nobody early, and nobody at once who sleeps as long as a call may take", async () => {
  const early = Array.from({ length: 40 }, async (_, i) => {
    const ms = 2 + i / 20;
    const began = systemClock.monotonicMs();
    await systemClock.sleep(ms);
    return systemClock.monotonicMs() - began < ms;
  });
  expect(await Promise.all(early)).not.toContain(true);
  const controller = new AbortController();
  const longest = systemClock.sleep(2 ** 31 - 1, controller.signal).then(
    () => "woke",
    () => "slept",
  );
  await systemClock.sleep(5);
  controller.abort();
  expect(await longest).toBe("slept");
});
