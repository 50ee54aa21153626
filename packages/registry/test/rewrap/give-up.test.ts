import type { KmsErrorCode } from "@cmkit/core";
import { fakeClock } from "@cmkit/core/testing";
import { describe, expect, it } from "vitest";
import { batchSize, firstBatch } from "../../src/rewrap/batch-size.ts";
import { GiveUp } from "../../src/rewrap/give-up.ts";
import type { Rewrapped } from "../../src/rewrap/rewrap-batch.ts";

function failed(count: number, code: KmsErrorCode, nextTryAt: Date | null = null): Rewrapped {
  return { replacements: [], failures: Array.from({ length: count }, () => ({ id: new Uint8Array(32), code, nextTryAt })) };
}

const wrapped = { cmk: { provider: "local", resource: "local:a" }, keyVersion: null, bytes: new Uint8Array(1) };
const oneDone: Rewrapped = { replacements: [{ id: new Uint8Array(32), before: wrapped, after: wrapped }], failures: [] };

describe("giving up", () => {
  it("takes a hundred refusals without a success between them", () => {
    const giveUp = new GiveUp(fakeClock());
    giveUp.take(failed(60, "key-disabled"));
    giveUp.take(oneDone);
    giveUp.take(failed(99, "key-disabled"));
    expect(giveUp.code).toBeUndefined();
    giveUp.take(failed(1, "key-disabled"));
    expect(giveUp.code).toBe("key-disabled");
  });

  it("does not come of data keys that are damaged, and is not put off by them", async () => {
    const clock = fakeClock();
    const giveUp = new GiveUp(clock);
    giveUp.take(failed(60, "key-disabled"));
    giveUp.take(failed(500, "decrypt-failed"));
    giveUp.take(failed(500, "malformed"));
    await clock.advance(3_600_000);
    expect(giveUp.code).toBeUndefined();
    giveUp.take(failed(40, "key-disabled"));
    expect(giveUp.code).toBe("key-disabled");
  });

  it("takes a minute of failures that may pass", async () => {
    const clock = fakeClock();
    const giveUp = new GiveUp(clock);
    const later = new Date(0);
    giveUp.take(failed(500, "unavailable", later));
    await clock.advance(59_000);
    giveUp.take(failed(500, "unavailable", later));
    expect(giveUp.code).toBeUndefined();
    await clock.advance(2000);
    giveUp.take(failed(1, "unavailable", later));
    expect(giveUp.code).toBe("unavailable");
  });

  it("does not count the time in which nothing was tried", async () => {
    const clock = fakeClock();
    const giveUp = new GiveUp(clock);
    await clock.advance(3_600_000);
    giveUp.take({ replacements: [], failures: [] });
    giveUp.take(failed(1, "timeout", new Date(0)));
    expect(giveUp.code).toBeUndefined();
  });
});

describe("the size of a batch", () => {
  it("is what fits into a second, grows at most fourfold, and has at most 250 data keys", () => {
    expect(batchSize(firstBatch, firstBatch, 100)).toBe(32);
    expect(batchSize(100, 100, 2000)).toBe(50);
    expect(batchSize(250, 250, 10)).toBe(250);
    expect(batchSize(8, 1, 60_000)).toBe(1);
    expect(batchSize(8, 0, 60_000)).toBe(8);
    expect(batchSize(8, 8, 0)).toBe(32);
  });
});
