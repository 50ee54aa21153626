import { describe, expect, it } from "vitest";

import type { RegistryReads, RegistryStore, RegistryWrites } from "../../src/store.ts";
import {
  contextKey,
  sampleBalance,
  sampleCmk,
  sampleDataKey,
  sampleEntry,
  sampleKey,
  sampleProject,
  sampleRewrap,
  sampleToken,
} from "./sample-records.ts";
import type { StorePlace } from "./store-place.ts";

/** Rows that somebody else wrote. */
export function badRecordCases(at: { readonly place: StorePlace; open(): RegistryStore }): void {
  describe("refuses as bad-record what it would not have written", () => {
    const project = sampleProject();
    const cmk = sampleCmk();
    const dataKey = sampleDataKey({ context: { tenant: "acme", b: "2", a: "1" } });
    const indexKey = sampleDataKey({ purpose: "index" });
    const rewrap = sampleRewrap();
    const balance = sampleBalance();
    const rate = { name: "quota", perSecond: 1, nextAtMs: 0, changedAtMs: 0 };
    const token = sampleToken();
    const entry = sampleEntry();
    const fill = async (tx: RegistryWrites): Promise<void> => {
      await tx.putProject(project);
      await tx.putCmk(cmk);
      await tx.addDataKey(dataKey);
      await tx.putRewrapFailures("acme", dataKey.recipients[0].cmk, [{ id: dataKey.id, code: "timeout", nextTryAt: null }]);
      await tx.putRewrap(rewrap);
      await tx.putBalance(balance);
      await tx.putRate(rate);
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
        "cmkit_data_keys",
        { rewrap_code: ["", "gone", "Timeout"], rewrap_after: [outOfTime, -outOfTime], id: [none, short] },
        async (reads) => reads.rewrapFailures("acme", sampleKey),
      ],
      [
        "cmkit_data_keys",
        { project: ["", "x".repeat(257)], key_version: ["", long] },
        async (reads) => reads.countByVersion(sampleKey),
      ],
      [
        "cmkit_rewraps",
        {
          source: ["", "Operator", rewrap.record.source.toUpperCase()],
          target: ["", "*", `${rewrap.record.target} `],
          data_keys: [-1],
          state: ["", "running", "Done"],
          started_at: [outOfTime],
          updated_at: [-outOfTime],
          tag: [none, short],
        },
        async (reads) => reads.rewraps("acme"),
      ],
      [
        "cmkit_balances",
        {
          provider: ["", "AWS"],
          resource: ["", long, "a\u0001"],
          key_version: [long, "a\nb"],
          made: [-1],
          rewrapped_in: [-1],
          rewrapped_out: [-1],
          shredded: [-1],
          tag: [none, short],
        },
        async (reads) => reads.balances("acme"),
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

    it("in cmkit_request_rates", async () => {
      const store = at.open();
      await store.write(fill);
      const bad: readonly [string, readonly string[]][] = [
        ["per_second", ["0", "-1", "1e300"]],
        ["next_at_ms", ["-0.5", "1e16"]],
        ["changed_at_ms", ["-1", "-1e300"]],
      ];
      for (const [column, values] of bad) {
        for (const value of values) {
          await at.place.byHand(`update cmkit_request_rates set ${column} = ${value}`);
          const locked = store.write(async (tx) => tx.lockRate("quota"));
          await expect(locked, `${column} = ${value}`).rejects.toMatchObject({ code: "bad-record" });
        }
        await at.place.byHand(`update cmkit_request_rates set ${column} = 1`);
      }
      expect((await store.write(async (tx) => tx.lockRate("quota"))).rate).toMatchObject({ name: "quota" });
    });

    it("in a claim, and in a balance that is to be changed", async () => {
      const store = at.open();
      await store.write(fill);
      await at.place.byHand("update cmkit_data_keys set wrapped = ?, rewrap_code = null", none);
      const claim = { project: "acme", cmk: sampleKey, limit: 9, now: new Date() };
      const claimed = async (): Promise<readonly unknown[]> =>
        store.claimDataKeys(claim, async (records, unreadable) => async () => [records, unreadable]);
      expect(await claimed()).toEqual([[], [{ service: dataKey.service, id: dataKey.id }]]); // it keeps nobody else from being claimed
      await at.place.byHand("update cmkit_data_keys set service = 'Ä'");
      await expect(claimed()).rejects.toMatchObject({ code: "bad-record" });
      await at.place.byHand("update cmkit_balances set made = -1");
      const locked = store.write(async (tx) => tx.lockBalance(balance.record));
      await expect(locked).rejects.toMatchObject({ code: "bad-record" });
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
