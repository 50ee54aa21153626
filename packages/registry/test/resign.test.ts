import { spawn } from "node:child_process";
import { once } from "node:events";
import type { DataKeyRecord } from "@cmkit/core";
import { bindContext, originTagger } from "@cmkit/core/store";
import { expect, test } from "vitest";

import { chainedAuditLog } from "../src/chained-audit-log.ts";
import { resignRecords, type ResignCounts } from "../src/resign-records.ts";
import type { RegistryStore, RegistryWrites } from "../src/store.ts";
import { attackedStore } from "./audit-database.ts";
import { both, current, expectWhole, populate, previous, processOf, rewrapAll } from "./resign-world.ts";

const clock = { wallMs: () => Date.UTC(2030, 1, 1) };
const nothing: ResignCounts = { projects: 0, cmks: 0, rewraps: 0, balances: 0, dataKeys: 0, tokens: 0, auditEntries: 0 };

async function lastEntry(store: RegistryStore): Promise<unknown> {
  const head = await store.reads.auditHead();
  return (await store.reads.audit({ after: (head?.seq ?? 1) - 1, limit: 1 }))[0]?.record;
}

test("everything that was made under the previous record key opens with the current one alone", async () => {
  const { store } = attackedStore();
  const witness = await populate(store);
  await expectWhole(store, both, witness);
  const counts = await resignRecords({ store, recordKey: both });
  expect(counts).toEqual({
    ...nothing,
    projects: 2,
    cmks: 4,
    balances: 2,
    dataKeys: 4,
    tokens: 2,
    auditEntries: expect.any(Number),
  });
  await expectWhole(store, current, witness);
  const { registry, tokens, fields } = processOf(store, previous);
  await expect(registry.list("acme")).rejects.toMatchObject({ code: "bad-record" });
  await expect(tokens.list()).rejects.toMatchObject({ code: "bad-record" });
  await expect(registry.audit.verify()).resolves.toMatchObject({ ok: false, brokenAt: 1 });
  for (const [project, row] of witness.rows)
    await expect(fields.for(project).decrypt(row)).rejects.toMatchObject({ name: "KmsError" });
});

test("the log says what was done, by whom, and which head it had", async () => {
  const { store } = attackedStore();
  await populate(store);
  const before = await store.reads.auditHead();
  const counts = await resignRecords({ store, recordKey: both, actor: "cli:ada", requestId: "r-1", clock });
  expect(counts.auditEntries).toBe(before?.seq);
  const headBefore = `${before?.seq}:${Buffer.from(before?.tag ?? []).toString("base64url")}`;
  expect(await lastEntry(store)).toEqual({
    seq: counts.auditEntries + 1,
    at: new Date(clock.wallMs()),
    actor: "cli:ada",
    action: "records.resign",
    project: null,
    subject: null,
    details: { ...counts, trustStore: false, headBefore },
    requestId: "r-1",
  });
});

test("once more changes nothing, and is not logged", async () => {
  const { store } = attackedStore();
  await populate(store);
  await resignRecords({ store, recordKey: both });
  const head = await store.reads.auditHead();
  expect(await resignRecords({ store, recordKey: both })).toEqual(nothing);
  expect(await resignRecords({ store, recordKey: current })).toEqual(nothing);
  expect(await store.reads.auditHead()).toEqual(head);
});

test("an empty store is done at once", async () => {
  const { store } = attackedStore();
  expect(await resignRecords({ store, recordKey: both })).toEqual(nothing);
});

test("what was written under the current key already is left as it is", async () => {
  const { store } = attackedStore();
  const witness = await populate(store);
  const { tokens, registry } = processOf(store, both);
  await tokens.create("acme", "viewer");
  await registry.register("initech", { provider: "local", resource: "local:main" });
  const counts = await resignRecords({ store, recordKey: both });
  expect(counts).toMatchObject({ projects: 2, cmks: 4, dataKeys: 4, tokens: 2 });
  await expectWhole(store, current, witness);
});

test("whatever transaction it ends before, every row stays valid, and the next run goes on", async () => {
  const { store } = attackedStore();
  const witness = await populate(store);
  let runs = 0;
  for (let isDone = false; !isDone; runs += 1) {
    const run = resignRecords({ store: endingBefore(store, runs), recordKey: both });
    isDone = await run.then(
      () => true,
      () => false,
    );
    await expectWhole(store, both, witness);
  }
  expect(runs).toBe(4);
  await expectWhole(store, current, witness);
});

/** Does not begin the transaction after so many. */
function endingBefore(store: RegistryStore, transactions: number): RegistryStore {
  let left = transactions;
  const write: RegistryStore["write"] = async (work, options) => {
    left -= 1;
    if (left < 0) throw new Error("the end");
    return store.write(work, options);
  };
  return proxied(store, write);
}

function proxied(store: RegistryStore, write: RegistryStore["write"]): RegistryStore {
  return {
    engine: store.engine,
    reads: store.reads,
    write,
    claimDataKeys: store.claimDataKeys.bind(store),
    onPurge: store.onPurge.bind(store),
    isDevelopment: async () => store.isDevelopment(),
    ready: async () => store.ready(),
    close: async () => store.close(),
  };
}

test("killed while it tags the audit log anew, it leaves the log as it was", { timeout: 60_000 }, async () => {
  const { store, file } = attackedStore();
  const witness = await populate(store);
  const log = chainedAuditLog({ store, recordKey: previous, clock });
  const entry = { actor: "a", action: "cmk.check", project: null, subject: null, details: {}, requestId: null };
  await store.write(async (tx) => {
    for (let entries = 0; entries < 220; entries += 1) await log.append(tx, entry);
  });
  const head = await store.reads.auditHead();
  const child = spawn(process.execPath, ["--conditions=@cmkit/source", `${import.meta.dirname}/resign-child.ts`, file], {
    stdio: ["ignore", "pipe", "inherit"],
  });
  const [line] = (await once(child.stdout, "data")) as [Buffer];
  expect(line.toString()).toBe("200 entries are tagged anew\n"); // and it stands still in that transaction
  child.kill("SIGKILL");
  await once(child, "close");
  expect(await store.reads.auditHead()).toEqual(head);
  await expectWhole(store, both, witness);
  await resignRecords({ store, recordKey: both });
  await expectWhole(store, current, witness);
});

test("a token that is revoked meanwhile stays revoked", async () => {
  const { store } = attackedStore();
  const witness = await populate(store);
  const { tokens } = processOf(store, both);
  const [token] = await tokens.list();
  let writes = 0;
  const write: RegistryStore["write"] = async (work, options) => {
    writes += 1;
    // After two projects with two transactions each: the tokens have been read, and are to be written now.
    if (writes === 5) await tokens.revoke(token?.id ?? "");
    return store.write(work, options);
  };
  await resignRecords({ store: proxied(store, write), recordKey: both });
  expect(await processOf(store, current).tokens.authenticate(witness.secrets[0] ?? "")).toBeUndefined();
  expect(writes).toBe(6);
});

test("rows are read under the lock that keeps others from writing them", async () => {
  const { store } = attackedStore();
  await populate(store);
  const transactions: string[][] = [];
  const write: RegistryStore["write"] = async (work, options) =>
    store.write(async (tx) => {
      const calls: string[] = [];
      transactions.push(calls);
      return work(recorded(tx, calls));
    }, options);
  await resignRecords({ store: proxied(store, write), recordKey: both });
  const balances = ["lockBalance", "putBalance"];
  const project = ["lockProject", "project", "cmks", "rewraps", "balances", "putProject", "putCmk", ...balances];
  const dataKeys = ["putOrigin"];
  const tokens = ["lockAudit", "tokens", "putToken"];
  const audit = ["lockAudit", "audit", "putAuditTag", "audit", "lockAudit", "appendAudit"];
  expect(transactions).toEqual([project, dataKeys, project, dataKeys, tokens, audit]);
});

/** Notes which methods are called; of several calls in a row, one. */
function recorded(tx: RegistryWrites, calls: string[]): RegistryWrites {
  return new Proxy(tx, {
    get: (target, name) => {
      if (calls.at(-1) !== String(name)) calls.push(String(name));
      const value: unknown = Reflect.get(target, name);
      return typeof value === "function" ? value.bind(target) : value;
    },
  });
}

test("what a process that knows nothing of the new key writes afterwards is tagged by the next run, which is logged", async () => {
  const { store } = attackedStore();
  const witness = await populate(store);
  const late = processOf(store, previous);
  const context = bindContext({ tenant: "acme" });
  await resignRecords({ store, recordKey: both });
  await expect(late.registry.list("acme")).rejects.toMatchObject({ code: "bad-record" });
  await store.write(async (tx) => {
    const [record] = await tx.dataKeys("acme", { limit: 1 });
    if (record === undefined) throw new Error("there is no data key");
    await tx.putOrigin("acme", record.id, originTagger(previous).tag(record.purpose, context, record.id));
  });
  expect(await resignRecords({ store, recordKey: both })).toEqual({ ...nothing, dataKeys: 1 });
  expect(await lastEntry(store)).toMatchObject({ action: "records.resign", details: { dataKeys: 1, auditEntries: 0 } });
  await expectWhole(store, current, witness);
});

test.for([
  ["a CMK", "update cmkit_cmks set canonical = 'local:other', is_default = 0 where rowid = 1", /^The row of CMK [0-9a-f-]{36} /],
  ["a project", "update cmkit_projects set external_id = 'x' where name = 'globex'", /^The row of project globex /],
  ["a data key", "update cmkit_data_keys set origin = zeroblob(32) where project = 'globex'", /^The row of data key [\w-]{43} /],
  ["a rewrap", "update cmkit_rewraps set state = 'partial'", /^The row of the rewrap from [0-9a-f-]{36} /],
  ["a balance", "update cmkit_balances set made = made + 1 where project = 'acme'", /^The row of the balance of local:main /],
  ["a token", "update cmkit_tokens set project = '*' where project = 'globex'", /^The row of token [0-9a-f]{16} /],
  ["an audit entry", "update cmkit_audit set actor = 'cli:eve' where seq = 3", /^Entry 3 of the audit log /],
  ["the order of audit entries", "delete from cmkit_audit where seq = 3", /^Entry 3 of the audit log /],
] as const)("%s that somebody else wrote stops it, and is named; trusted, it is tagged", async ([, statement, message]) => {
  const { store, sql } = attackedStore();
  await populate(store);
  await rewrapAll(store, "acme");
  sql(statement);
  await expect(resignRecords({ store, recordKey: both })).rejects.toMatchObject({
    code: "bad-record",
    message: expect.stringMatching(message) as string,
  });
  await resignRecords({ store, recordKey: both, trustStore: true });
  const { registry, tokens } = processOf(store, current);
  expect(await registry.list("acme")).toHaveLength(2);
  expect(await tokens.list()).toHaveLength(2);
  expect(await lastEntry(store)).toMatchObject({ action: "records.resign", details: { trustStore: true } });
});

test("a lost record key loses no data: the operator vouches for what the store holds", async () => {
  const { store } = attackedStore();
  const witness = await populate(store);
  const fresh = new Uint8Array(32).fill(9);
  await expect(resignRecords({ store, recordKey: fresh })).rejects.toMatchObject({ code: "bad-record" });
  await resignRecords({ store, recordKey: fresh, trustStore: true });
  await expectWhole(store, fresh, witness);
});

test("a missing audit entry stays missing, however much the store is trusted", async () => {
  const { store, sql } = attackedStore();
  await populate(store);
  sql("delete from cmkit_audit where seq = 3");
  await resignRecords({ store, recordKey: both, trustStore: true });
  expect(await chainedAuditLog({ store, recordKey: current, clock }).verify()).toMatchObject({ ok: false, brokenAt: 3 });
});

test("a head that was kept before must be the log's, and is still found afterwards", async () => {
  const { store, sql } = attackedStore();
  await populate(store);
  const head = (await store.reads.auditHead()) ?? { seq: 0, tag: new Uint8Array(32) };
  const early = { seq: 2, tag: (await store.reads.audit({ after: 1, limit: 1 }))[0]?.tag ?? new Uint8Array(32) };
  await expect(resignRecords({ store, recordKey: both, head: { ...head, tag: new Uint8Array(32) } })).rejects.toMatchObject({
    code: "bad-record",
  });
  await resignRecords({ store, recordKey: both, head });
  const log = chainedAuditLog({ store, recordKey: current, clock });
  expect(await log.verify({ head })).toMatchObject({ ok: true });
  // Of the older ones nothing is known any more.
  expect(await log.verify({ head: early })).toMatchObject({ ok: false, brokenAt: 2 });
  sql("delete from cmkit_audit where seq > ?", head.seq);
  expect(await log.verify({ head })).toMatchObject({ ok: false });
});

test("data keys of many pages are all tagged anew; one without an origin tag stays without", async () => {
  const { store } = attackedStore();
  await populate(store);
  const context = bindContext({ tenant: "acme" });
  const records = Array.from({ length: 250 }, (_, at): DataKeyRecord => {
    const id = new Uint8Array(32).fill(at);
    const origin = at === 7 ? null : originTagger(previous).tag("field", context, id);
    const wrapped = { cmk: { provider: "local", resource: "local:main" }, keyVersion: "1", bytes: new Uint8Array(64) };
    return {
      id,
      context: context.entries,
      service: "crm",
      purpose: "field",
      origin,
      recipients: [wrapped],
      createdAt: new Date(0),
    };
  });
  await store.write(async (tx) => {
    for (const record of records) await tx.addDataKey(record);
  });
  expect(await resignRecords({ store, recordKey: both })).toMatchObject({ dataKeys: 249 + 4 });
  const tagged = await store.reads.dataKeys("acme", { limit: 1000 });
  const isCurrent = ({ id, purpose, origin }: DataKeyRecord): boolean =>
    origin !== null && originTagger(current).verify(origin, purpose, context, id);
  expect(tagged.filter(isCurrent)).toHaveLength(249 + 2);
  expect(tagged.filter(({ origin }) => origin === null)).toHaveLength(1);
});

test("it tells how far it is, and ends when it is told to", async () => {
  const { store } = attackedStore();
  const witness = await populate(store);
  const controller = new AbortController();
  const told: ResignCounts[] = [];
  const onProgress = (counts: ResignCounts): void => {
    told.push(counts);
    controller.abort(new Error("enough"));
  };
  const run = resignRecords({ store, recordKey: both, onProgress, signal: controller.signal });
  await expect(run).rejects.toThrow("enough");
  expect(told).toEqual([{ ...nothing, projects: 1, cmks: 2, balances: 1, dataKeys: 2 }]);
  await expectWhole(store, both, witness);
});

test("a record key of another length is a wrong argument", async () => {
  const { store } = attackedStore();
  const recordKey = { current, previous: new Uint8Array(31) };
  await expect(resignRecords({ store, recordKey })).rejects.toThrow(TypeError);
});
