import { randomBytes } from "node:crypto";
import { bindContext, originTagger } from "@cmkit/core/store";
import { beforeEach, describe, expect, test } from "vitest";

import { operatorSource, type BalanceRecord, type RewrapRecord } from "../../src/cmk-record.ts";
import type { RegisteredCmk } from "../../src/registered-cmk.ts";
import type { Registry } from "../../src/registry.ts";
import type { Tagged } from "../../src/store.ts";
import { sqliteStore } from "../../src/sqlite.ts";
import { attackedStore, type AttackedStore } from "../audit-database.ts";
import { codeOf, opening, registerKey, seal, World } from "./world.ts";

// Someone who can write every row of the database, and has neither the record key nor a KMS, around a rewrap.
const services = ["billing", "crm"];

describe.each([
  ["rsa", "b"],
  ["a", "rsa"],
])("with a rewrap from %s to %s, the attacker", (fromName, toName) => {
  let world: World;
  let sql: AttackedStore["sql"];
  let registry: Registry;
  let from: RegisteredCmk;
  let to: RegisteredCmk;
  let sealed: readonly Uint8Array[];

  beforeEach(async () => {
    const attacked = attackedStore();
    sql = attacked.sql;
    world = new World(() => sqliteStore(attacked.file));
    registry = world.process();
    from = await registerKey(registry, fromName, true);
    sealed = await Promise.all(services.map(async (service) => seal(registry.envelope({ service }))));
    to = await registerKey(registry, toName);
    for (const { id } of [from, to]) await registry.check("acme", id);
  });

  /** In a process that knows nothing yet. */
  async function rewrap(): Promise<string> {
    return codeOf(async () => (await world.process().rewrap("acme", { from: from.id, to: to.id })).state);
  }

  async function retire(): Promise<string> {
    return codeOf(async () => void (await world.process().retire("acme", from.id)));
  }

  /** What all of it is refused with, and how many requests went to the cloud meanwhile. */
  async function refused(...acts: readonly (() => Promise<unknown>)[]): Promise<readonly unknown[]> {
    const before = world.cloud.requests;
    const codes: string[] = [];
    for (const act of acts) codes.push(await codeOf(act));
    return [...new Set(codes), world.cloud.requests - before];
  }

  /** How many data keys of the project a key has, by their rows. */
  function named(resource: string): number {
    const rows = "select id from cmkit_data_keys where project = 'acme' and provider = 'double' and resource = ?";
    return sql(rows, resource).length;
  }

  async function openEach(): Promise<readonly string[]> {
    const box = world.process().envelope({ service: "crm" });
    return Promise.all(sealed.map(async (each) => opening(box, each)));
  }

  describe("writes down a rewrap", () => {
    const at = new Date(0);

    /** A row as the attacker can make one: with the tag of another, or with none of ours. */
    async function plant(change: Partial<RewrapRecord>, tag: Uint8Array = new Uint8Array(32)): Promise<void> {
      const about = { project: "acme", source: from.id, target: to.id, dataKeys: 2 };
      const own = { ...about, stopped: null, startedAt: at, updatedAt: at };
      await world.store.write(async (tx) => tx.putRewrap({ record: { ...own, state: "unfinished", ...change }, tag }));
    }

    async function expectNoticed(): Promise<void> {
      const fresh = world.process();
      const associations = [from, to].map(
        ({ id }) =>
          async (): Promise<unknown> =>
            fresh.serviceAssociations("acme", id),
      );
      expect(await refused(...associations, async () => fresh.rewrapProgress("acme", from.id))).toEqual(["bad-record", 0]);
    }

    test.each(["done", "unfinished"] as const)("that is %s: nobody believes it, and no data key follows it", async (state) => {
      const foreign = await registerKey(world.process(), "c", true, "globex");
      await plant({ target: foreign.id, state });
      await expectNoticed();
      // What is to be done says only who starts it.
      expect(await rewrap()).toBe("done");
      expect([named("double:c"), named(`double:${toName}`)]).toEqual([0, 2]);
      expect(await openEach()).toEqual(["opened", "opened"]);
    });

    test("with source and target exchanged, and it moves nothing back", async () => {
      expect(await rewrap()).toBe("done");
      const [row] = await world.store.reads.rewraps("acme");
      await plant({ ...row?.record, source: to.id, target: from.id }, row?.tag);
      const fresh = world.process();
      expect(await refused(async () => fresh.rewrapProgress("acme", to.id))).toEqual(["bad-record", 0]);
      expect(named(`double:${fromName}`)).toBe(0);
    });

    test("of another project, or of the operator's key, or changes one", async () => {
      const about = { source: from.id, target: to.id, dataKeys: 2, stopped: null, startedAt: at, updatedAt: at };
      const theirs = world.tags.rewrap.seal({ project: "globex", state: "done", ...about });
      await plant(theirs.record, theirs.tag);
      await plant({ ...theirs.record, project: "acme" }, theirs.tag);
      await expectNoticed();
      expect(await rewrap()).toBe("done");
      const [own] = await world.store.reads.rewraps("acme");
      for (const change of [{ state: "partial" }, { dataKeys: 0 }, { target: from.id }, { updatedAt: at }] as const) {
        await plant({ ...own?.record, ...change }, own?.tag);
        expect(await refused(async () => world.process().rewrapProgress("acme", from.id))).toEqual(["bad-record", 0]);
      }
      await plant({ ...own?.record, source: operatorSource }, own?.tag);
      expect(await refused(async () => world.process().rewrapProgress("acme", operatorSource))).toEqual(["bad-record", 0]);
    });
  });

  describe("changes what was written down of data keys", () => {
    async function forge(change: Partial<BalanceRecord>): Promise<void> {
      const [row] = await world.store.reads.balances("acme");
      if (row === undefined) throw new RangeError("expected a balance");
      const forged: Tagged<BalanceRecord> = { tag: row.tag, record: { ...row.record, ...change } };
      await world.store.write(async (tx) => tx.putBalance(forged));
    }

    test.each<Partial<BalanceRecord>>([{ made: 1 }, { shredded: 2 }])(
      "to %j, and is refused without a request to the key that is left",
      async (change) => {
        await forge(change);
        const before = world.cloud.requestsOf.get(fromName);
        expect(await rewrap()).toBe("bad-record");
        expect(world.cloud.requestsOf.get(fromName)).toBe(before);
        expect(named(`double:${fromName}`)).toBe(2);
        await registry.update("acme", from.id, { defaultCmk: false });
        await registry.update("acme", from.id, { status: "old" });
        sql("delete from cmkit_data_keys");
        expect(await retire()).toBe("bad-record");
      },
    );

    test("by taking it away, and the retire of the key is refused", async () => {
      sql("delete from cmkit_balances");
      expect(await rewrap()).toBe("done");
      expect(await retire()).toBe("bad-record");
    });

    test("and takes the data keys away as well: then the report says that none was made", async () => {
      expect(await rewrap()).toBe("done");
      sql("delete from cmkit_balances where resource = ?", `double:${fromName}`);
      expect(await world.process().retire("acme", from.id)).toMatchObject({ versions: [] });
    });
  });

  describe("relabels a data key", () => {
    const ofCrm = "where service = 'crm'";

    test.each([
      ["to the key that it is to move to", () => sql(`update cmkit_data_keys set resource = ? ${ofCrm}`, `double:${toName}`)],
      ["to a key that nobody has", () => sql(`update cmkit_data_keys set resource = 'double:c' ${ofCrm}`)],
      ["to another cloud", () => sql(`update cmkit_data_keys set provider = 'gcp' ${ofCrm}`)],
      ["to nothing: it is gone", () => sql(`delete from cmkit_data_keys ${ofCrm}`)],
    ])("%s: the rewrap passes it by, and the retire does not", async (_, relabel) => {
      relabel();
      expect(await rewrap()).toBe("done");
      expect(named(`double:${fromName}`)).toBe(0);
      expect(await refused(retire)).toEqual(["bad-record", 0]);
      expect(await openEach()).toEqual(["opened", expect.not.stringMatching("opened")]);
    });

    test("to another project, which then seems to depend on the key", async () => {
      sql(`update cmkit_data_keys set project = 'globex' ${ofCrm}`);
      expect(await rewrap()).toBe("done");
      expect(await refused(retire)).toEqual(["in-use", 0]);
      expect(await openEach()).toEqual(["opened", "unknown-data-key"]);
    });

    test("to the key that it is to move to, and back: then it moves like the others", async () => {
      const before = sql(`select resource from cmkit_data_keys ${ofCrm}`)[0]?.["resource"];
      sql(`update cmkit_data_keys set resource = ? ${ofCrm}`, `double:${toName}`);
      expect(await rewrap()).toBe("done");
      sql(`update cmkit_data_keys set resource = ? ${ofCrm}`, String(before));
      expect(await retire()).toBe("in-use");
      expect(await rewrap()).toBe("done");
      expect(await retire()).toBe("done");
      expect(await openEach()).toEqual(["opened", "opened"]);
    });

    test("to another version: it does not open, or it opens and moves, and the balances do not add up", async () => {
      sql(`update cmkit_data_keys set key_version = '2' ${ofCrm}`);
      // Versions of an RSA key are keys of their own; the symmetric ones of this cloud open whatever the key wrapped.
      const seen = fromName === "rsa" ? ["partial", "in-use"] : ["done", "bad-record"];
      expect([await rewrap(), await retire()]).toEqual(seen);
    });

    test("to no version: it opens and moves, but the balances do not add up", async () => {
      sql(`update cmkit_data_keys set key_version = null ${ofCrm}`);
      expect([await rewrap(), await retire()]).toEqual(["done", "bad-record"]);
    });
  });

  test("writes that data keys failed and are not to be tried again, and only delays", async () => {
    const never = Date.UTC(2999, 0, 1);
    sql("update cmkit_data_keys set rewrap_code = 'decrypt-failed', rewrap_after = ? where service = 'crm'", never);
    sql("update cmkit_data_keys set rewrap_code = 'decrypt-failed' where service = 'billing'");
    expect(await rewrap()).toBe("done");
    expect(await retire()).toBe("done");
  });

  test("plants a data key of another project, and it stays where it is without being opened", async () => {
    const shared = world.process({ sharedResources: true });
    await registerKey(shared, fromName, true, "globex");
    await seal(shared.envelope({ service: "crm" }), "globex");
    const [theirs] = await world.store.reads.dataKeys("globex", { limit: 1 });
    if (theirs === undefined) throw new RangeError("expected a data key");
    await world.store.write(async (tx) => tx.addDataKey({ ...theirs, context: { tenant: "acme" } }));
    const before = world.cloud.requestsOf.get(fromName) ?? 0;
    sql("update cmkit_data_keys set resource = 'double:c' where project = 'acme' and id <> ?", theirs.id);
    expect(await rewrap()).toBe("partial");
    expect(world.cloud.requestsOf.get(fromName)).toBeLessThanOrEqual(before + 1); // which quota and state it has
    expect(named(`double:${toName}`)).toBe(0);
    expect(await world.process().rewrapProgress("acme", from.id)).toMatchObject({
      failed: [{ code: "decrypt-failed", count: 1 }],
      failedIds: [Buffer.from(theirs.id).toString("base64url")],
    });
  });

  test("plants a data key without an origin, or of its own, and neither moves", async () => {
    const [own] = await world.store.reads.dataKeys("acme", { limit: 1 });
    if (own === undefined) throw new RangeError("expected a data key");
    const context = bindContext({ tenant: "acme" });
    await world.store.write(async (tx) => {
      for (const key of [undefined, new Uint8Array(randomBytes(32))]) {
        const id = new Uint8Array(randomBytes(32));
        await tx.addDataKey({ ...own, id, origin: key === undefined ? null : originTagger(key).tag("field", context, id) });
      }
    });
    expect(await rewrap()).toBe("partial");
    expect([named(`double:${fromName}`), named(`double:${toName}`)]).toEqual([2, 2]);
    expect(await openEach()).toEqual(["opened", "opened"]);
    expect(await retire()).toBe("in-use");
  });

  test.each([
    ["service = ''", "bad-record"],
    ["context = '{}'", "partial"],
  ])("damages a row (%s), and it is refused: %s", async (damage, outcome) => {
    sql(`update cmkit_data_keys set ${damage} where service = 'crm'`);
    expect(await rewrap()).toBe(outcome);
    expect(await retire()).toBe("in-use");
  });

  test("exchanges the wraps of two data keys, and neither moves", async () => {
    const [one, other] = sql("select id, wrapped from cmkit_data_keys order by id");
    sql("update cmkit_data_keys set wrapped = ? where id = ?", other?.["wrapped"] ?? null, one?.["id"] ?? null);
    sql("update cmkit_data_keys set wrapped = ? where id = ?", one?.["wrapped"] ?? null, other?.["id"] ?? null);
    expect(await rewrap()).toBe("partial");
    expect(named(`double:${toName}`)).toBe(0);
  });

  test("puts the wrap under the old key back, and the balance shows it, however often it is moved", async () => {
    const wrap = "select id, provider, resource, key_version, kind, wrapped from cmkit_data_keys where service = 'crm'";
    const [before] = sql(wrap);
    expect(await rewrap()).toBe("done");
    const values = ["provider", "resource", "key_version", "kind", "wrapped", "id"].map((name) => before?.[name] ?? null);
    const put = "update cmkit_data_keys set provider = ?, resource = ?, key_version = ?, kind = ?, wrapped = ? where id = ?";
    sql(put, ...values);
    expect(await retire()).toBe("in-use");
    expect(await rewrap()).toBe("done");
    expect(await retire()).toBe("bad-record");
  });

  describe("exchanges the target", () => {
    const changes = [
      "canonical = 'double:c'",
      "status = 'old'",
      "resolved = 0",
      "pin_spki_sha256 = zeroblob(32)",
      "project = 'globex'",
    ];

    test.each(changes)("before it begins (%s), and it is refused without a request", async (change) => {
      sql(`update cmkit_cmks set ${change} where id = ?`, to.id);
      const before = world.cloud.requests;
      expect(["bad-record", "not-found"]).toContain(await rewrap());
      expect(world.cloud.requests).toBe(before);
      expect(named(`double:${fromName}`)).toBe(2);
    });

    test.each(changes)("while it runs (%s), and nothing is written", async (change) => {
      const begun = "exists (select 1 from cmkit_rewraps)";
      world.cloud.onUnwrap = async () => void sql(`update cmkit_cmks set ${change} where id = ? and ${begun}`, to.id);
      expect(["bad-record", "partial"]).toContain(await rewrap());
      expect(named(`double:${fromName}`)).toBe(2);
    });
  });

  test("changes the speed that all processes share, and only that", async () => {
    expect(await rewrap()).toBe("done");
    sql("update cmkit_request_rates set per_second = 1e9, next_at_ms = 0, changed_at_ms = 0");
    await registry.update("acme", from.id, { status: "current", defaultCmk: true });
    expect(await codeOf(async () => (await world.process().rewrap("acme", { from: to.id, to: from.id })).state)).toBe("done");
    expect(await openEach()).toEqual(["opened", "opened"]);
  });
});
