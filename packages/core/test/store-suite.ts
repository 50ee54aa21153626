import { randomBytes } from "node:crypto";
import { describe, expect, test } from "vitest";
import type { DataKeyRecord, DataKeyStore } from "../src/data-key-store.ts";

export function dataKeyRecord(change: Partial<DataKeyRecord> = {}): DataKeyRecord {
  return {
    id: new Uint8Array(randomBytes(32)),
    context: { tenant: "acme", region: "東京" },
    service: "crm",
    purpose: "field",
    origin: new Uint8Array(randomBytes(32)),
    recipients: [
      {
        cmk: { provider: "local", resource: "local:a" },
        keyVersion: "1",
        bytes: new Uint8Array(randomBytes(61)),
        kind: "symmetric",
      },
      {
        cmk: { provider: "kms-of-your-own", resource: "schlüssel/鍵 🔑" },
        keyVersion: null,
        bytes: new Uint8Array(randomBytes(6144)),
        kind: "rsa",
      },
    ],
    createdAt: new Date("2026-01-02T03:04:05.678Z"),
    ...change,
  };
}

/** What every data-key store must do. @param open A new, empty store. */
export function dataKeyStoreSuite(name: string, open: () => DataKeyStore): void {
  describe(`a data-key store: ${name}`, () => {
    test("gives back what was added, every field of it", async () => {
      const store = open();
      const records = [
        dataKeyRecord(),
        dataKeyRecord({ origin: null }),
        dataKeyRecord({ service: "a", context: { tenant: "acme" } }),
      ];
      for (const record of records) expect(await store.add(record)).toEqual(record);
      for (const record of records) expect(await store.get("acme", record.id)).toEqual(record);
    });

    test("knows nothing of other ids, nor of another tenant's", async () => {
      const store = open();
      const record = dataKeyRecord();
      expect(await store.get("acme", record.id)).toBeUndefined();
      expect(await store.indexKey(record.context)).toBeUndefined();
      await store.add(record);
      expect(await store.get("globex", record.id)).toBeUndefined();
      expect(await store.get("", record.id)).toBeUndefined();
      expect(await store.get("acme", new Uint8Array(32))).toBeUndefined();
    });

    test("never overwrites: a second record of an id is malformed", async () => {
      const store = open();
      const record = dataKeyRecord();
      await store.add(record);
      const second = dataKeyRecord({ id: record.id });
      await expect(store.add(second)).rejects.toMatchObject({ code: "malformed" });
      await expect(store.add(record)).rejects.toMatchObject({ code: "malformed" });
      await expect(store.add({ ...second, purpose: "index" })).rejects.toMatchObject({ code: "malformed" });
      expect(await store.get("acme", record.id)).toEqual(record);
      expect(await store.indexKey(second.context)).toBeUndefined();
    });

    test("keeps two tenants' records of one id apart", async () => {
      const store = open();
      const mine = dataKeyRecord();
      const theirs = dataKeyRecord({ id: mine.id, context: { tenant: "globex" } });
      await store.add(mine);
      await store.add(theirs);
      expect(await store.get("acme", mine.id)).toEqual(mine);
      expect(await store.get("globex", mine.id)).toEqual(theirs);
    });

    test("returns the first index key of a context to every later writer", async () => {
      const store = open();
      const writers = Array.from({ length: 10 }, () => dataKeyRecord({ purpose: "index" }));
      const stored = await Promise.all(writers.map(async (record) => store.add(record)));
      expect(new Set(stored.map(({ id }) => Buffer.from(id).toString("hex"))).size).toBe(1);
      const [first] = stored;
      expect(await store.indexKey({ region: "東京", tenant: "acme" })).toEqual(first);
      expect(await store.get("acme", first?.id ?? new Uint8Array(32))).toEqual(first);
      expect(await store.indexKey({ tenant: "acme" })).toBeUndefined();
      await store.add(dataKeyRecord());
      expect(await store.indexKey({ region: "東京", tenant: "acme" })).toEqual(first);
    });

    test("keeps copies: neither what was given nor what it gave back reaches in", async () => {
      const store = open();
      const record = dataKeyRecord();
      const before = structuredClone(record);
      await store.add(record);
      record.id.fill(0);
      record.recipients[0].bytes.fill(0);
      record.origin?.fill(0);
      const given = await store.get("acme", before.id);
      expect(given).toEqual(before);
      given?.recipients[0].bytes.fill(0);
      given?.createdAt.setTime(0);
      expect(await store.get("acme", before.id)).toEqual(before);
    });

    test("takes a hundred at once", async () => {
      const store = open();
      const records = Array.from({ length: 100 }, () => dataKeyRecord());
      await Promise.all(records.map(async (record) => store.add(record)));
      const got = await Promise.all(records.map(async ({ id }) => store.get("acme", id)));
      expect(got).toEqual(records);
    });
  });
}
