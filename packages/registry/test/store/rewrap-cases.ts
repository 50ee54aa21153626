import type { Cmk, DataKeyRecord, WrappedKey } from "@cmkit/core";
import { describe, expect, it } from "vitest";

import type { DataKeyClaim, WrapReplacement } from "../../src/store.ts";
import { sampleBytes, sampleDataKey, sampleKey } from "./sample-records.ts";
import type { OpenedStore } from "./store-place.ts";

export const otherKey: Cmk = { provider: "azure", resource: "https://vault.example/keys/k" };
const now = new Date(2_000_000_000_000);
const later = new Date(now.getTime() + 1);

export function claimOf(change: Partial<DataKeyClaim> = {}): DataKeyClaim {
  return { project: "acme", cmk: sampleKey, limit: 100, now, ...change };
}

/** Under another key, or another version of its own. */
export function moved(record: DataKeyRecord, change: Partial<WrappedKey> = {}): WrapReplacement {
  const [before] = record.recipients;
  const after = { cmk: otherKey, keyVersion: "v2", bytes: sampleBytes(64), kind: "rsa" as const, ...change };
  return { id: record.id, before, after };
}

/** Data keys that are wrapped anew. */
export function rewrapCases(at: OpenedStore): void {
  const added = async (count: number, change: Partial<DataKeyRecord> = {}): Promise<readonly DataKeyRecord[]> => {
    const records = Array.from({ length: count }, () => sampleDataKey(change));
    await at.put(async (tx) => {
      for (const record of records) await tx.addDataKey(record);
    });
    return records;
  };
  const claimed = async (claim: DataKeyClaim): Promise<readonly DataKeyRecord[]> =>
    at.store.claimDataKeys(claim, async (records) => async () => records);
  const replaced = async (replacements: readonly WrapReplacement[]): Promise<readonly Uint8Array[]> =>
    at.store.write(async (tx) => tx.replaceWraps("acme", replacements));
  const inOrder = (records: readonly DataKeyRecord[]): readonly DataKeyRecord[] =>
    records.toSorted((a, b) => a.service.localeCompare(b.service) || Buffer.compare(a.id, b.id));

  describe("wraps data keys anew", () => {
    it("hands out those of one project and key, in the order of service and id, from any place on", async () => {
      const records = [...(await added(5, { service: "b" })), ...(await added(5, { service: "a" }))];
      await added(2, { context: { tenant: "other" } });
      await at.put(async (tx) => tx.addDataKey(sampleDataKey({}, otherKey)));
      const sorted = inOrder(records);
      expect(await claimed(claimOf())).toEqual(sorted);
      expect(await claimed(claimOf({ limit: 3 }))).toEqual(sorted.slice(0, 3));
      for (const [place, after] of sorted.entries()) {
        expect(await claimed(claimOf({ after, limit: 7 }))).toEqual(sorted.slice(place + 1, place + 8));
      }
      expect(await claimed(claimOf({ after: { service: "", id: new Uint8Array(0) } }))).toEqual(sorted);
      expect(await claimed(claimOf({ project: "nobody" }))).toEqual([]);
      await expect(claimed(claimOf({ limit: 0 }))).rejects.toThrow(RangeError);
    });

    it("hands out what is under another version, or under none that is known", async () => {
      const [old, current, unknown] = ["v1", "v2", null].map((keyVersion) =>
        sampleDataKey({ recipients: [{ cmk: sampleKey, keyVersion, bytes: sampleBytes(9) }] }),
      );
      if (old === undefined || current === undefined || unknown === undefined) throw new Error("expected three");
      await at.put(async (tx) => {
        for (const record of [old, current, unknown]) await tx.addDataKey(record);
      });
      expect(await claimed(claimOf({ exceptVersion: "v2" }))).toEqual(inOrder([old, unknown]));
      expect(await at.store.reads.countByVersion(sampleKey)).toEqual([
        { project: "acme", keyVersion: null, count: 1 },
        { project: "acme", keyVersion: "v1", count: 1 },
        { project: "acme", keyVersion: "v2", count: 1 },
      ]);
    });

    it("writes what came of a claim in one transaction, and nothing of it where that fails", async () => {
      const [record] = await added(1);
      if (record === undefined) throw new Error("expected one");
      const reason = new Error("ours");
      const failing = at.store.claimDataKeys(claimOf(), async (records) => async (tx) => {
        await tx.replaceWraps(
          "acme",
          records.map((each) => moved(each)),
        );
        throw reason;
      });
      await expect(failing).rejects.toBe(reason);
      expect(await at.store.reads.dataKey("acme", record.id)).toEqual(record);
      const inWork = at.store.claimDataKeys(claimOf(), async () => Promise.reject(reason));
      await expect(inWork).rejects.toBe(reason);
      const replacement = moved(record);
      const ids = await at.store.claimDataKeys(claimOf(), async () => async (tx) => tx.replaceWraps("acme", [replacement]));
      expect(ids).toEqual([record.id]);
      const after = { ...record, recipients: [replacement.after] };
      expect(await at.store.reads.dataKey("acme", record.id)).toEqual(after);
      expect(await at.store.reads.countDataKeys("acme", sampleKey)).toBe(0);
      expect(await claimed(claimOf({ cmk: otherKey }))).toEqual([after]);
    });

    it("replaces only a wrap that is what it was, in the project that was named", async () => {
      const records = await added(6);
      const [first, second, third, fourth, fifth, last] = records.map((record) => moved(record));
      if (!first || !second || !third || !fourth || !fifth || !last) throw new Error("expected six");
      const changed = (its: WrapReplacement, before: Partial<WrappedKey>): WrapReplacement => ({
        ...its,
        before: { ...its.before, ...before },
      });
      const flipped = sampleBytes(200);
      const ids = await replaced([
        changed(first, { bytes: flipped }),
        changed(second, { keyVersion: "v1" }),
        changed(third, { cmk: otherKey }),
        changed(fourth, { cmk: { ...sampleKey, provider: "gcp" } }),
        { ...fifth, id: sampleBytes(32) },
        last,
      ]);
      expect(ids).toEqual([last.id]);
      expect(await at.store.reads.countDataKeys("acme", sampleKey)).toBe(5);
      expect(await at.store.write(async (tx) => tx.replaceWraps("other", [first]))).toEqual([]);
      expect(await replaced([last])).toEqual([]); // done already
      expect(await replaced([])).toEqual([]);
    });

    it("replaces many at once, each by its own, with versions and kinds that may be missing", async () => {
      const records = await added(300);
      const replacements = records.map((record, n): WrapReplacement => {
        const { id, before, after } = moved(record, { keyVersion: n % 2 === 0 ? null : `"v{${n}},\\\\'` });
        const { kind: _, ...ofUnknownKind } = after;
        return { id, before, after: n % 3 === 0 ? ofUnknownKind : after };
      });
      const ids = await replaced(replacements);
      const hex = (bytes: Uint8Array): string => Buffer.from(bytes).toString("hex");
      expect(ids.map(hex).toSorted()).toEqual(records.map(({ id }) => hex(id)).toSorted());
      const found = await at.store.reads.dataKeys("acme", { limit: 2000 });
      const expected = records.map((record, n) => ({ ...record, recipients: [replacements[n]?.after] }));
      expect(found).toEqual(expected.toSorted((a, b) => Buffer.compare(a.id, b.id)));
      const back = expected.map(({ id, recipients: [before] }, n) => ({ id, before, after: records[n]?.recipients[0] }));
      expect(await replaced(back as WrapReplacement[])).toHaveLength(300);
      expect(await at.store.reads.countDataKeys("acme", sampleKey)).toBe(300);
    });

    it("refuses a wrap that it could not read back", async () => {
      const [record] = await added(1);
      if (record === undefined) throw new Error("expected one");
      for (const change of [{ bytes: new Uint8Array(0) }, { bytes: sampleBytes(6145) }, { keyVersion: "" }]) {
        await expect(replaced([moved(record, change)])).rejects.toThrow(TypeError);
      }
      expect(await at.store.reads.dataKey("acme", record.id)).toEqual(record);
    });

    it("keeps who failed, with what, and until when nobody tries again", async () => {
      const records = inOrder(await added(4));
      const [once, never, fine, another] = records;
      if (!once || !never || !fine || !another) throw new Error("expected four");
      const none = { counts: [], ids: [], nextTryAt: null };
      expect(await at.store.reads.rewrapFailures("acme", sampleKey)).toEqual(none);
      await at.put(async (tx) => {
        await tx.putRewrapFailures("acme", sampleKey, [
          { id: once.id, code: "throttled", nextTryAt: later },
          { id: never.id, code: "decrypt-failed", nextTryAt: null },
          { id: another.id, code: "throttled", nextTryAt: new Date(later.getTime() + 5) },
        ]);
        await tx.putRewrapFailures("acme", sampleKey, []);
        await tx.putRewrapFailures("acme", otherKey, [{ id: fine.id, code: "throttled", nextTryAt: null }]);
        await tx.putRewrapFailures("other", sampleKey, [{ id: fine.id, code: "throttled", nextTryAt: null }]);
      });
      expect(await at.store.reads.rewrapFailures("acme", sampleKey)).toEqual({
        counts: [
          { code: "decrypt-failed", count: 1 },
          { code: "throttled", count: 2 },
        ],
        ids: [once.id, never.id, another.id],
        nextTryAt: later,
      });
      expect(await at.store.reads.rewrapFailures("acme", otherKey)).toEqual(none);
      expect(await claimed(claimOf())).toEqual([fine]);
      expect(await claimed(claimOf({ now: later }))).toEqual([once, fine]);
      const longBefore = new Date(later.getTime() - 60_001); // by then they were put off for longer than anybody does
      expect(await claimed(claimOf({ now: longBefore }))).toEqual([once, fine, another]);
      expect(await at.store.reads.dataKey("acme", never.id)).toEqual(never); // still readable
      expect(await replaced([moved(once)])).toHaveLength(1);
      expect((await at.store.reads.rewrapFailures("acme", otherKey)).counts).toEqual([]);
      await at.put(async (tx) => tx.forgetRewrapFailures("acme", otherKey));
      expect(await claimed(claimOf())).toEqual([fine]);
      await at.put(async (tx) => tx.forgetRewrapFailures("acme", sampleKey));
      expect(await claimed(claimOf())).toEqual([never, fine, another]);
      expect(await at.store.reads.rewrapFailures("acme", sampleKey)).toEqual(none);
    });

    it("lists a hundred of those who failed, and counts all", async () => {
      const records = await added(120);
      await at.put(async (tx) =>
        tx.putRewrapFailures(
          "acme",
          sampleKey,
          records.map(({ id }) => ({ id, code: "timeout", nextTryAt: null })),
        ),
      );
      const { counts, ids, nextTryAt } = await at.store.reads.rewrapFailures("acme", sampleKey);
      expect(counts).toEqual([{ code: "timeout", count: 120 }]);
      expect(ids).toEqual(
        inOrder(records)
          .slice(0, 100)
          .map(({ id }) => id),
      );
      expect(nextTryAt).toBeNull();
    });

    it("not at all for a caller who has aborted, and ends for one who does while clouds are asked", async () => {
      await added(1);
      const reason = new Error("the caller's");
      const abort = new AbortController();
      const asked = Promise.withResolvers<void>();
      const never = Promise.withResolvers<void>();
      let writes = 0;
      const claim = at.store.claimDataKeys(
        claimOf(),
        async () => {
          asked.resolve();
          await never.promise;
          return async (tx) => {
            writes += 1;
            await tx.forgetRewrapFailures("acme", sampleKey);
          };
        },
        { signal: abort.signal },
      );
      await asked.promise;
      abort.abort(reason);
      never.resolve();
      await expect(claim).rejects.toBe(reason);
      await expect(at.store.claimDataKeys(claimOf(), async () => async () => {}, { signal: abort.signal })).rejects.toBe(reason);
      await at.store.close();
      expect(writes).toBeLessThanOrEqual(1);
    });

    it("lets others write while clouds are asked, however many claims there are", async () => {
      await added(30);
      const gate = Promise.withResolvers<void>();
      const begun: (() => void)[] = [];
      const first = new Promise<void>((resolve) => begun.push(resolve));
      const claims = Array.from({ length: 20 }, async () =>
        at.store.claimDataKeys(claimOf({ limit: 1 }), async (records) => {
          begun[0]?.();
          await gate.promise;
          return async () => records.length;
        }),
      );
      await first;
      await added(1);
      expect((await at.store.reads.rewrapFailures("acme", sampleKey)).ids).toEqual([]);
      gate.resolve();
      expect(await Promise.all(claims)).toEqual(claims.map(() => 1));
    });
  });
}
