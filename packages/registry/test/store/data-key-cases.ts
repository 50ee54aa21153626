import type { DataKeyRecord } from "@cmkit/core";
import { describe, expect, it } from "vitest";

import { contextKey, sampleBytes, sampleDataKey, sampleKey } from "./sample-records.ts";
import type { OpenedStore } from "./store-place.ts";

/** Data keys. */
export function dataKeyCases(at: OpenedStore): void {
  describe("keeps data keys", () => {
    it("as they were added, looked up under project and id", async () => {
      const wrapped = { cmk: sampleKey, keyVersion: "projects/p/cryptoKeyVersions/12", bytes: sampleBytes(6144) };
      const context = { tenant: "acme", zone: "'; drop table cmkit_data_keys; --", and: "🗝" };
      const record = sampleDataKey({ context, origin: null, recipients: [wrapped] });
      await at.store.write(async (tx) => expect(await tx.addDataKey(record)).toEqual(record));
      expect(await at.store.reads.dataKey("acme", record.id)).toEqual(record);
      expect(await at.store.reads.dataKey("other", record.id)).toBeUndefined();
      expect(await at.store.reads.dataKey("acme", sampleBytes(32))).toBeUndefined();
      expect(await at.store.reads.indexKey("acme", contextKey(context))).toBeUndefined();
    });

    it("and gives back plain bytes that are the caller's", async () => {
      const record = sampleDataKey();
      await at.put(async (tx) => tx.addDataKey(record));
      const found = await at.store.reads.dataKey("acme", record.id);
      for (const bytes of [found?.id, found?.origin, found?.recipients[0].bytes]) {
        expect(bytes?.constructor).toBe(Uint8Array);
        bytes?.fill(0);
      }
      expect(await at.store.reads.dataKey("acme", record.id)).toEqual(record);
    });

    it("never overwrites one, of either purpose, and takes the same id in another project", async () => {
      const first = sampleDataKey();
      await at.put(async (tx) => tx.addDataKey(first));
      for (const purpose of ["field", "index"] as const) {
        const second = sampleDataKey({ id: first.id, purpose });
        await expect(at.put(async (tx) => tx.addDataKey(second))).rejects.toMatchObject({ name: "KmsError", code: "malformed" });
      }
      const elsewhere = sampleDataKey({ id: first.id, context: { tenant: "other" } });
      await at.put(async (tx) => tx.addDataKey(elsewhere));
      expect(await at.store.reads.dataKey("acme", first.id)).toEqual(first);
      expect(await at.store.reads.dataKey("other", first.id)).toEqual(elsewhere);
    });

    it("of purpose index one a context: the first writer's, which all others get", async () => {
      const context = { tenant: "acme", table: "customers" };
      const records = Array.from({ length: 20 }, () => sampleDataKey({ context, purpose: "index" }));
      const standing = await Promise.all(records.map(async (record) => at.store.write(async (tx) => tx.addDataKey(record))));
      const [first] = standing;
      expect(records).toContainEqual(first);
      expect(standing).toEqual(standing.map(() => first));
      expect(await at.store.reads.indexKey("acme", contextKey(context))).toEqual(first);
      expect(await at.store.reads.indexKey("other", contextKey(context))).toBeUndefined();
      expect(await at.store.reads.dataKeys("acme", { limit: 50 })).toEqual([first]);
    });

    it("of purpose field as many a context as there are", async () => {
      await at.put(async (tx) => tx.addDataKey(sampleDataKey({ purpose: "index" })));
      for (const _ of [1, 2]) await at.put(async (tx) => tx.addDataKey(sampleDataKey()));
      expect(await at.store.reads.dataKeys("acme", { limit: 9 })).toHaveLength(3);
    });

    it("refuses more and fewer recipients than one", async () => {
      const two = sampleDataKey();
      const [recipient] = two.recipients;
      for (const recipients of [[recipient, recipient], []]) {
        const record = { ...two, recipients } as unknown as DataKeyRecord;
        await expect(at.put(async (tx) => tx.addDataKey(record))).rejects.toMatchObject({ code: "unsupported" });
      }
    });

    it("refuses a record that it could not read back", async () => {
      for (const change of [
        { id: sampleBytes(31) },
        { service: "No service" },
        { context: { tenant: "" } },
        { origin: sampleBytes(31) },
      ]) {
        await expect(at.put(async (tx) => tx.addDataKey(sampleDataKey(change)))).rejects.toThrow(TypeError);
      }
      expect(await at.store.reads.dataKeys("acme", { limit: 9 })).toEqual([]);
    });

    it("counts them and names their services, by project, provider and resource", async () => {
      const resource = "x".repeat(511);
      const cmks = [
        { provider: "aws", resource: `${resource}1` },
        { provider: "aws", resource: `${resource}2` },
        { provider: "gcp", resource: `${resource}1` },
      ];
      await at.put(async (tx) => {
        for (const [index, cmk] of cmks.entries()) {
          for (let n = 0; n < 5 + index; n++) await tx.addDataKey(sampleDataKey({ service: `s${n % 3}` }, cmk));
        }
        await tx.addDataKey(sampleDataKey({ context: { tenant: "other" } }, cmks[0]));
      });
      for (const [index, cmk] of cmks.entries()) {
        expect(await at.store.reads.countDataKeys("acme", cmk)).toBe(5 + index);
        expect(await at.store.reads.services("acme", cmk)).toEqual(["s0", "s1", "s2"]);
      }
      expect(await at.store.reads.countDataKeys("acme", sampleKey)).toBe(0);
      expect(await at.store.reads.services("acme", sampleKey)).toEqual([]);
    });

    it("lists many of them by id, page by page", async () => {
      await at.put(async (tx) => {
        for (let n = 0; n < 200; n++) await tx.addDataKey(sampleDataKey());
      });
      const ids: string[] = [];
      for (let page = await at.store.reads.dataKeys("acme", { limit: 49 }); page.length > 0;) {
        ids.push(...page.map(({ id }) => Buffer.from(id).toString("hex")));
        page = await at.store.reads.dataKeys("acme", { after: page.at(-1)?.id, limit: 49 });
      }
      expect(ids).toEqual([...new Set(ids)].sort());
      expect(ids).toHaveLength(200);
      expect(await at.store.reads.countDataKeys("acme", sampleKey)).toBe(200);
    });

    it("replaces an origin tag, and nothing else", async () => {
      const [record, other] = [sampleDataKey(), sampleDataKey()];
      const origin = sampleBytes(32);
      await at.put(async (tx) => {
        for (const each of [record, other]) await tx.addDataKey(each);
        await tx.putOrigin("acme", record.id, origin);
        await tx.putOrigin("other", other.id, origin);
      });
      expect(await at.store.reads.dataKey("acme", record.id)).toEqual({ ...record, origin });
      expect(await at.store.reads.dataKey("acme", other.id)).toEqual(other);
    });
  });
}
