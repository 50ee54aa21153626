import { describe, expect, it } from "vitest";

import type { RegistryReads, RegistryStore, RegistryWrites } from "../../src/store.ts";
import { contextKey, sampleCmk, sampleDataKey, sampleEntry, sampleProject, sampleToken } from "./sample-records.ts";
import type { StorePlace } from "./store-place.ts";

/** Rows that somebody else wrote. */
export function badRecordCases(at: { readonly place: StorePlace; open(): RegistryStore }): void {
  describe("refuses as bad-record what it would not have written", () => {
    const project = sampleProject();
    const cmk = sampleCmk();
    const dataKey = sampleDataKey({ context: { tenant: "acme", b: "2", a: "1" } });
    const indexKey = sampleDataKey({ purpose: "index" });
    const token = sampleToken();
    const entry = sampleEntry();
    const fill = async (tx: RegistryWrites): Promise<void> => {
      await tx.putProject(project);
      await tx.putCmk(cmk);
      await tx.addDataKey(dataKey);
      await tx.putToken(token);
      await tx.lockAudit();
      await tx.appendAudit(entry);
    };
    const validation = { phase: "done", code: "ok", message: "", since: 1, checked_at: 1, key: null };
    const facts = { kind: "rsa", bits: 2048, state: "enabled", key_version: null };
    const long = "x".repeat(513);
    const none = new Uint8Array(0);
    const short = new Uint8Array(31);
    /** 2^53: a double holds it, but not the number after it. */
    const inexact = "9007199254740992";
    const outOfTime = 8_640_000_000_000_001;

    type Value = string | number | null | Uint8Array;
    const cases: readonly [string, Record<string, readonly Value[]>, (reads: RegistryReads) => Promise<unknown>][] = [
      [
        "cmkit_projects",
        { external_id: ["", "a\nb"], created_at: [outOfTime], tag: [none, short] },
        async (reads) => reads.project("acme"),
      ],
      [
        "cmkit_cmks",
        {
          id: ["", cmk.record.id.toUpperCase(), "1"],
          provider: ["", "AWS", "aws "],
          resource: ["", long, "a\u0001"],
          canonical: ["", long],
          key_resource: ["", long, "a\u0001"],
          resolved: [2, -1],
          is_default: [2],
          status: ["gone", "Current", ""],
          pin_spki_sha256: [short],
          pin_key_version: ["1"],
          created_at: [outOfTime],
          updated_at: [-outOfTime],
          validation: [
            "",
            "[]",
            "null",
            "{}",
            "{",
            JSON.stringify({ ...validation, more: 1 }),
            JSON.stringify({ ...validation, phase: "later" }),
            JSON.stringify({ ...validation, code: "fine" }),
            JSON.stringify({ ...validation, message: "x".repeat(1001) }),
            JSON.stringify({ ...validation, message: "\ud800" }),
            JSON.stringify({ ...validation, since: "1" }),
            JSON.stringify({ ...validation, checked_at: 0.5 }),
            JSON.stringify({ ...validation, key: { ...facts, bits: 0 } }),
            JSON.stringify({ ...validation, key: { ...facts, state: "on" } }),
            JSON.stringify({ ...validation, key: { ...facts, kind: undefined } }),
          ],
          tag: [none, short],
        },
        async (reads) => reads.cmks("acme"),
      ],
      [
        "cmkit_data_keys",
        {
          id: [none, short],
          purpose: ["", "stream", "Field"],
          service: ["", "CRM", "x".repeat(65)],
          context: ["", "{}", '{"tenant":"acme"}', '{"tenant":"acme","a":"1","b":"2"}', '{"a":1,"b":"2","tenant":"acme"}', "[]"],
          context_key: ["", contextKey({ tenant: "acme" })],
          origin: [short],
          provider: ["", "AWS"],
          resource: ["", long],
          key_version: ["", long],
          kind: ["", "RSA"],
          wrapped: [none, new Uint8Array(6145)],
          created_at: [outOfTime],
        },
        async (reads) => reads.dataKeys("acme", { limit: 9 }),
      ],
      [
        "cmkit_tokens",
        {
          id: ["", token.record.id.toUpperCase(), "x"],
          secret_hash: [short],
          project: ["", "x".repeat(257)],
          role: ["admin"],
          created_at: [outOfTime],
          expires_at: [outOfTime],
          revoked_at: [outOfTime],
          last_used_at: [outOfTime],
          tag: [none],
        },
        async (reads) => reads.tokens(),
      ],
      [
        "cmkit_audit",
        {
          seq: [0, -1],
          at: [outOfTime],
          actor: ["x".repeat(1025)],
          details: ["", "[]", "null", '{"a":null}', '{"a":{}}', '{"a":0.5}', '{"a":"\\ud800"}', '{"\\ud800":1}'],
          tag: [none],
        },
        async (reads) => reads.audit({ after: -9, limit: 9 }),
      ],
    ];

    it.each(cases)("in %s", async (table, columns, read) => {
      const store = at.open();
      await store.write(fill);
      await read(store.reads);
      await at.place.byHand(`create table kept as select * from ${table}`);
      for (const [column, values] of Object.entries(columns)) {
        for (const value of values) {
          await at.place.byHand(`update ${table} set ${column} = ?`, value);
          const error: unknown = await read(store.reads).catch((reason: unknown) => reason);
          expect(error, `${column} = ${String(value).slice(0, 40)}`).toMatchObject({ code: "bad-record" });
        }
        await at.place.byHand(`update ${table} set ${column} = (select ${column} from kept)`);
      }
      await read(store.reads);
    });

    it("where a number is too large to be exact", async () => {
      const store = at.open();
      await store.write(fill);
      await at.place.byHand(`update cmkit_projects set created_at = ${inexact}`);
      await expect(store.reads.project("acme")).rejects.toMatchObject({ code: "bad-record" });
    });

    it("where a data key was moved to another project, or made an index key of another context", async () => {
      const store = at.open();
      await store.write(fill);
      await at.place.byHand("update cmkit_data_keys set project = 'other'");
      await expect(store.reads.dataKey("other", dataKey.id)).rejects.toMatchObject({ code: "bad-record" });
      await store.write(async (tx) => tx.addDataKey(indexKey));
      const key = contextKey({ tenant: "acme", other: "context" });
      await at.place.byHand("update cmkit_data_keys set context_key = ? where purpose = 'index'", key);
      await expect(store.reads.indexKey("acme", key)).rejects.toMatchObject({ code: "bad-record" });
    });

    it("where the store does not say what it was made for", async () => {
      const store = at.open();
      await store.ready();
      await at.place.byHand("update cmkit_meta set value = 'anything'");
      await expect(store.isDevelopment()).rejects.toMatchObject({ code: "bad-record" });
      await at.place.byHand("delete from cmkit_meta");
      await expect(store.isDevelopment()).rejects.toMatchObject({ code: "bad-record" });
    });

    it("and does not say whose row it was, nor what stands in it", async () => {
      const store = at.open();
      await store.write(fill);
      await at.place.byHand("update cmkit_cmks set provider = 'NOT A PROVIDER'");
      const error: unknown = await store.reads.cmks("acme").catch((reason: unknown) => reason);
      expect(String(error)).toBe("RegistryError: the store holds a row that cmkit does not write: cmkit_cmks.provider");
    });
  });
}
