import { randomUUID } from "node:crypto";
import { describe, expect, it } from "vitest";

import type { Purge, RegistryStore } from "../../src/store.ts";
import { sampleBalance, sampleEntry, sampleKey, sampleRewrap } from "./sample-records.ts";
import type { OpenedStore } from "./store-place.ts";

/** What a rewrap keeps beside the data keys. */
export function rewrapRecordCases(at: OpenedStore): void {
  describe("keeps what rewraps need", () => {
    it("one rewrap a source, replaced by the next", async () => {
      const [first, second] = [sampleRewrap({ source: "operator" }), sampleRewrap({ source: randomUUID() })];
      await at.put(async (tx) => {
        for (const rewrap of [first, second, sampleRewrap({ project: "other" })]) await tx.putRewrap(rewrap);
      });
      const bySource = (rewraps: readonly (typeof first)[]): readonly (typeof first)[] =>
        rewraps.toSorted((a, b) => (a.record.source < b.record.source ? -1 : 1));
      expect(await at.store.reads.rewraps("acme")).toEqual(bySource([first, second]));
      const done = sampleRewrap({ ...first.record, state: "done", target: randomUUID() });
      await at.put(async (tx) => tx.putRewrap(done));
      expect(await at.store.reads.rewraps("acme")).toEqual(bySource([done, second]));
      expect(await at.store.reads.rewraps("nobody")).toEqual([]);
      expect(await at.store.reads.projects({ limit: 9 })).toEqual(["acme", "other"]);
    });

    it("one balance a project, key and version, which may be none", async () => {
      const balances = [
        sampleBalance({ keyVersion: null }),
        sampleBalance({ keyVersion: "v1", made: Number.MAX_SAFE_INTEGER }),
        sampleBalance({ keyVersion: "v2" }),
        sampleBalance({ provider: "gcp" }),
      ];
      await at.put(async (tx) => {
        for (const balance of [...balances.toReversed(), sampleBalance({ project: "other" })]) await tx.putBalance(balance);
      });
      expect(await at.store.reads.balances("acme")).toEqual(balances);
      expect(await at.store.reads.balances("acme", sampleKey)).toEqual(balances.slice(0, 3));
      const changed = sampleBalance({ keyVersion: null, rewrappedOut: 7, shredded: 8, rewrappedIn: 9 });
      await at.put(async (tx) => {
        expect(await tx.lockBalance(changed.record)).toEqual(balances[0]);
        await tx.putBalance(changed);
        expect(await tx.lockBalance(changed.record)).toEqual(changed);
        expect(await tx.lockBalance({ ...changed.record, keyVersion: "v9" })).toBeUndefined();
      });
      expect(await at.store.reads.balances("acme", sampleKey)).toEqual([changed, ...balances.slice(1, 3)]);
    });

    it("loses none of 100 concurrent changes to a balance that was not there", async () => {
      const { record } = sampleBalance({ made: 0 });
      await Promise.all(Array.from({ length: 100 }, async () => countMade(at.store, record)));
      expect((await at.store.reads.balances("acme")).map(({ record: { made } }) => made)).toEqual([100]);
    });

    it("the rate of a quota, and one clock for all", async () => {
      const rate = { name: "aws 1111 eu-west-1", perSecond: 0.75, nextAtMs: 1_795_000_000_123.25, changedAtMs: 0 };
      const before = Date.now() - 1000;
      await at.put(async (tx) => {
        const held = await tx.lockRate(rate.name);
        expect(held.rate).toBeUndefined();
        expect(held.nowMs).toBeGreaterThan(before);
        expect(held.nowMs).toBeLessThan(Date.now() + 1000);
        await tx.putRate(rate);
        const again = await tx.lockRate(rate.name);
        expect(again.rate).toEqual(rate);
        expect(again.nowMs).toBeGreaterThanOrEqual(held.nowMs);
        await tx.putRate({ ...rate, perSecond: 1000 });
      });
      await at.put(async (tx) => {
        expect((await tx.lockRate(rate.name)).rate).toEqual({ ...rate, perSecond: 1000 });
        expect((await tx.lockRate("another")).rate).toBeUndefined();
      });
      for (const change of [{ perSecond: 0 }, { perSecond: Infinity }, { nextAtMs: Number.NaN }, { name: "" }]) {
        await expect(at.put(async (tx) => tx.putRate({ ...rate, ...change }))).rejects.toThrow(TypeError);
      }
    });

    it("gives 100 who ask at once for a slot of a rate that was not there one each", async () => {
      const slots: number[] = [];
      const take = async (): Promise<void> => {
        const slot = await at.store.write(async (tx) => {
          const { rate } = await tx.lockRate("quota");
          const nextAtMs = (rate?.nextAtMs ?? 0) + 1;
          await tx.putRate({ name: "quota", perSecond: 1, nextAtMs, changedAtMs: 0 });
          return nextAtMs;
        });
        slots.push(slot);
      };
      await Promise.all(Array.from({ length: 100 }, take));
      expect(slots.toSorted((a, b) => a - b)).toEqual(Array.from({ length: 100 }, (_, n) => n + 1));
    });

    it("tells its own listeners of a purge once it has been committed, and of none that was not", async () => {
      const heard: (Purge | undefined)[] = [];
      const purge = { project: "acme", cmk: sampleKey };
      const throwing = at.store.onPurge(() => {
        throw new Error("its own affair");
      });
      const end = at.store.onPurge((its) => heard.push(its));
      const told = (): readonly Purge[] => heard.filter((its) => its !== undefined);
      await at.put(async (tx) => {
        await tx.announcePurge(purge);
        expect(told()).toEqual([]);
      });
      expect(told()).toEqual([purge]);
      const undone = at.put(async (tx) => {
        await tx.announcePurge(purge);
        throw new Error("ours");
      });
      await expect(undone).rejects.toThrow("ours");
      expect(told()).toEqual([purge]);
      await at.put(async (tx) => tx.announcePurge({ ...purge, project: "other" }));
      expect(told()).toEqual([purge, { ...purge, project: "other" }]);
      end();
      end();
      throwing();
      await at.put(async (tx) => tx.announcePurge(purge));
      expect(told()).toHaveLength(2);
      await at.store.close();
      at.store.onPurge(() => {})(); // nothing to hear any more
    });

    it("says which store it is and where its history stands, without a password", async () => {
      const { name, position } = await at.store.reads.whereabouts();
      expect(name).toMatch(/^(SQLite (file|in memory)|PostgreSQL database)/);
      expect(position).toMatch(/^before (transaction \d+|the first audit entry)$/);
      expect(name + position).not.toMatch(/p@ss|p%40ss|postgres:\/\//);
      await at.put(async (tx) => {
        await tx.lockAudit();
        await tx.appendAudit(sampleEntry());
      });
      const after = await at.store.write(async (tx) => tx.whereabouts());
      expect(after.name).toBe(name);
      expect(after.position).not.toBe(position);
    });
  });
}

/** One more data key of the version. */
export async function countMade(store: RegistryStore, of: ReturnType<typeof sampleBalance>["record"]): Promise<void> {
  await store.write(async (tx) => {
    const before = await tx.lockBalance(of);
    await tx.putBalance(sampleBalance({ ...of, made: (before?.record.made ?? 0) + 1 }));
  });
}
