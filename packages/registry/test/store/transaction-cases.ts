import { describe, expect, it } from "vitest";

import type { RegistryStore, RegistryWrites } from "../../src/store.ts";
import { sampleCmk, sampleDataKey, sampleEntry, sampleKey, sampleProject } from "./sample-records.ts";
import type { OpenedStore } from "./store-place.ts";

/** Transactions, and locks within one instance. */
export function transactionCases(at: OpenedStore): void {
  describe("writes in transactions", () => {
    it("all of it or nothing, and throws what the work threw", async () => {
      const reason = new Error("ours");
      const work = at.put(async (tx) => {
        await tx.putProject(sampleProject());
        await tx.putCmk(sampleCmk());
        await tx.addDataKey(sampleDataKey());
        await tx.lockAudit();
        await tx.appendAudit(sampleEntry());
        expect(await tx.cmks("acme")).toHaveLength(1);
        throw reason;
      });
      await expect(work).rejects.toBe(reason);
      expect(await at.store.reads.project("acme")).toBeUndefined();
      expect(await at.store.reads.cmks("acme")).toEqual([]);
      expect(await at.store.reads.countDataKeys("acme", sampleKey)).toBe(0);
      expect(await at.store.reads.auditHead()).toBeUndefined();
    });

    it("nothing of it once a query has failed, although the work went on", async () => {
      const first = sampleCmk({ isDefault: true });
      const work = at.put(async (tx) => {
        await tx.putCmk(first);
        await tx.putCmk(sampleCmk({ isDefault: true })).catch(() => {});
        await tx.putProject(sampleProject()).catch(() => {});
      });
      await expect(work).rejects.toMatchObject({ code: "already-exists" });
      expect(await at.store.reads.cmks("acme")).toEqual([]);
    });

    it("goes on after a data key whose id exists: that is no failure of the store", async () => {
      const record = sampleDataKey();
      await at.put(async (tx) => tx.addDataKey(record));
      await at.put(async (tx) => {
        await expect(tx.addDataKey(record)).rejects.toMatchObject({ code: "malformed" });
        await tx.putProject(sampleProject());
      });
      expect(await at.store.reads.projects({ limit: 1 })).toEqual(["acme"]);
    });

    it("none of which can be used after its end, nor by what was not waited for", async () => {
      const kept: { tx?: RegistryWrites } = {};
      const late: Promise<unknown>[] = [];
      const work = at.put(async (tx) => {
        kept.tx = tx;
        for (let n = 0; n < 3; n++)
          late.push(tx.putProject(sampleProject({ name: `late ${n}` })).catch((error: unknown) => error));
        throw new Error("ours");
      });
      await expect(work).rejects.toThrow("ours");
      expect((await Promise.all(late)).at(-1)).toBeInstanceOf(TypeError);
      await expect(kept.tx?.putProject(sampleProject())).rejects.toThrow(TypeError);
      expect(await at.store.reads.projects({ limit: 9 })).toEqual([]);
    });

    it("loses none of 100 concurrent changes under a project's lock", async () => {
      await countUp(at.store, 100);
      expect((await at.store.reads.project("acme"))?.record.externalId).toBe("100");
    });

    it("leaves no gap and no double in the audit log under 50 concurrent writers", async () => {
      const append = async (): Promise<void> =>
        at.put(async (tx) => {
          const head = await tx.lockAudit();
          await tx.appendAudit(sampleEntry({ seq: (head?.seq ?? 0) + 1 }));
        });
      await Promise.all(Array.from({ length: 50 }, append));
      const entries = await at.store.reads.audit({ limit: 99 });
      expect(entries.map(({ record }) => record.seq)).toEqual(Array.from({ length: 50 }, (_, index) => index + 1));
    });

    it("not at all for a caller who has aborted, and ends the wait of one who does", async () => {
      const gate = Promise.withResolvers<void>();
      const inside = Promise.withResolvers<void>();
      const holder = at.put(async (tx) => {
        await tx.lockProject("acme");
        inside.resolve();
        await gate.promise;
      });
      await inside.promise;
      const abort = new AbortController();
      const work = async (tx: RegistryWrites): Promise<void> => {
        await tx.lockProject("acme");
        await tx.putProject(sampleProject());
      };
      const waiting = at.store.write(work, { signal: abort.signal });
      const reason = new Error("the caller's");
      abort.abort(reason);
      await expect(waiting).rejects.toBe(reason); // while the holder still holds
      await expect(at.store.write(work, { signal: abort.signal })).rejects.toBe(reason);
      gate.resolve();
      await holder;
      await at.put(async (tx) => tx.lockProject("acme"));
      expect(await at.store.reads.project("acme")).toBeUndefined();
    });
  });
}

/** Reads, changes and writes one row, so many times at once. */
export async function countUp(store: RegistryStore, times: number): Promise<void> {
  const once = async (): Promise<void> =>
    store.write(async (tx) => {
      await tx.lockProject("acme");
      const before = await tx.project("acme");
      await tx.putProject(sampleProject({ externalId: String(Number(before?.record.externalId ?? "0") + 1) }));
    });
  await Promise.all(Array.from({ length: times }, once));
}
