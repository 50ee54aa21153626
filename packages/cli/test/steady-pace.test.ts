import { fakeClock } from "@cmkit/core/testing";
import { expect, it } from "vitest";

import { steadyPace } from "../src/steady-pace.ts";

const cmk = { provider: "aws", resource: "key" };

it("a steady pace gives each request a turn of its own, and none that was not used later on", async () => {
  const clock = fakeClock();
  const pace = steadyPace(4, clock);
  const turns: number[] = [];
  const { signal } = new AbortController();
  const take = async (): Promise<void> => {
    await pace.turn(cmk, "wrap", { signal });
    turns.push(clock.monotonicMs());
  };
  const first = [take(), take(), take()];
  await clock.advance(1000);
  await Promise.all(first);
  const later = [take(), take()];
  await clock.advance(250);
  await Promise.all(later);
  expect(turns).toEqual([0, 250, 500, 1000, 1250]);
});

it("a steady pace ends the wait of whoever aborts", async () => {
  const clock = fakeClock();
  const pace = steadyPace(1, clock);
  const aborter = new AbortController();
  await pace.turn(cmk, "wrap", aborter);
  const waiting = pace.turn(cmk, "wrap", aborter)?.then(
    () => "its turn",
    () => "aborted",
  );
  aborter.abort();
  expect(await waiting).toBe("aborted");
});
