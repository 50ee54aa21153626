import { fakeClock } from "@cmkit/core/testing";
import { expect, it, onTestFinished } from "vitest";

import { chainedAuditLog } from "../../src/chained-audit-log.ts";
import { keyedStore } from "../../src/keyed-store.ts";
import { sqliteStore } from "../../src/sqlite.ts";
import { claimOf } from "./rewrap-cases.ts";
import { sampleDataKey, sampleKey } from "./sample-records.ts";

it("hands out no data keys to a process with another record key, and tells everybody of purges", async () => {
  const store = sqliteStore(":memory:");
  onTestFinished(async () => store.close());
  const logUnder = (byte: number): ReturnType<typeof chainedAuditLog> =>
    chainedAuditLog({ store, recordKey: new Uint8Array(32).fill(byte), clock: fakeClock() });
  const [right, wrong] = [logUnder(1), logUnder(2)];
  const entry = { actor: "a", action: "cmk.create", project: "acme", subject: null, details: {}, requestId: null };
  await store.write(async (tx) => {
    await right.append(tx, entry);
    await tx.addDataKey(sampleDataKey());
  });
  const ours = keyedStore(store, right);
  const stranger = keyedStore(store, wrong);
  const asked: number[] = [];
  const claim = async (from: typeof store): Promise<void> =>
    from.claimDataKeys(claimOf(), async (records) => {
      asked.push(records.length);
      return async () => {};
    });
  await expect(claim(stranger)).rejects.toMatchObject({ code: "bad-record" });
  expect(asked).toEqual([]);
  await claim(ours);
  expect(asked).toEqual([1]);
  const heard: unknown[] = [];
  stranger.onPurge((purge) => heard.push(purge));
  const purge = { project: "acme", cmk: sampleKey };
  await ours.write(async (tx) => tx.announcePurge(purge));
  expect(heard).toEqual([purge]);
});
