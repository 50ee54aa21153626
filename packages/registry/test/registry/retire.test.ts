import { randomUUID } from "node:crypto";
import { beforeEach, describe, expect, test } from "vitest";

import { operatorSource } from "../../src/cmk-record.ts";
import type { RegisteredCmk } from "../../src/registered-cmk.ts";
import type { Registry } from "../../src/registry.ts";
import type { RetireOptions, RetireReport } from "../../src/retire-report.ts";
import type { RegistryStore, RegistryWrites } from "../../src/store.ts";
import { makeOld, refusal, rewrapped } from "./retire-world.ts";
import { sqlite } from "./sqlite-engine.ts";
import { codeOf, collected, newWorld, registerKey, seal, type World } from "./world.ts";
import { waited } from "../rewrap/rewrap-world.ts";

const engine = sqlite();
let world: World;
let registry: Registry;

beforeEach(async () => {
  world = await newWorld(engine);
  registry = world.process();
});

async function retire(cmk: RegisteredCmk, options?: RetireOptions): Promise<RetireReport> {
  return registry.retire(cmk.project, cmk.id, options);
}

test("says of a key whose data keys were rewrapped that nothing depends on it, and what it cannot see", async () => {
  const old = await rewrapped(registry);
  const report = await retire(old);
  const counts = { made: 1, rewrappedIn: 0, rewrappedOut: 1, shredded: 0, present: 0 };
  expect(report).toEqual({
    cmk: await registry.get("acme", old.id),
    resource: "double:a",
    store: (await world.store.reads.whereabouts()).name,
    position: expect.any(String),
    at: new Date(world.clock.wallMs()),
    versions: [{ keyVersion: "1", ...counts }],
    cannotSee: [
      expect.stringContaining("Portable messages"),
      expect.stringContaining("Other stores"),
      expect.stringContaining("It was not said until when backups of the store exist"),
      expect.stringContaining("at this moment"),
    ],
    backupsUntil: null,
    safeToDestroy: false,
    auditEntry: (await registry.audit.head())?.seq,
  });
});

test("chains the whole report into the audit log, an entry a version", async () => {
  const old = await rewrapped(registry, "rsa");
  const { auditEntry, store, position, cannotSee, ...report } = await retire(old, {
    actor: "cli:ada",
    requestId: "r-1",
    backupsUntil: new Date(Date.UTC(2099, 0, 2)),
  });
  const key = { provider: "double", resource: "double:rsa" };
  const counts = { made: 1, rewrapped_in: 0, rewrapped_out: 1, shredded: 0, present: 0 };
  const about = { actor: "cli:ada", requestId: "r-1", project: "acme", subject: old.id, at: report.at };
  const details = { ...key, ...counts, store, position, versions: 1, backups_until: "2099-01-02T00:00:00.000Z" };
  expect(await collected(registry.audit.entries({ after: auditEntry - 2 }))).toEqual([
    { seq: auditEntry - 1, ...about, action: "cmk.retire.version", details: { ...key, key_version: "1", ...counts } },
    {
      seq: auditEntry,
      ...about,
      action: "cmk.retire",
      details: { ...details, safe_to_destroy: false, cannot_see: cannotSee.join(" ") },
    },
  ]);
  expect(await registry.audit.verify()).toMatchObject({ ok: true });
});

test("is safe to destroy from the date on until which there are backups, and never before", async () => {
  const old = await rewrapped(registry);
  const backupsUntil = new Date(world.clock.wallMs() + 1000);
  const early = await retire(old, { backupsUntil });
  expect(early).toMatchObject({ safeToDestroy: false, backupsUntil });
  expect(early.cannotSee.join(" ")).toContain(`Backups of the store exist until ${backupsUntil.toISOString()}`);
  await world.clock.advance(999);
  expect(await retire(old, { backupsUntil })).toMatchObject({ safeToDestroy: false });
  await world.clock.advance(1);
  const late = await retire(old, { backupsUntil });
  expect(late).toMatchObject({ safeToDestroy: true, backupsUntil });
  expect(late.cannotSee.join(" ")).toContain("is the operator's word");
  expect(await retire(old)).toMatchObject({ safeToDestroy: false });
});

test("takes no date before the last data key left: a slip must not call the key safe to destroy", async () => {
  await world.clock.advance(5000);
  const old = await rewrapped(registry);
  const leftAt = world.clock.wallMs();
  await world.clock.advance(5000);
  const early = retire(old, { backupsUntil: new Date(leftAt - 1) });
  await expect(early).rejects.toMatchObject({ code: "invalid-request", message: expect.stringContaining("if there is none") });
  expect(await retire(old, { backupsUntil: new Date(leftAt) })).toMatchObject({ safeToDestroy: true });
  const [, next] = await registry.list("acme");
  await registry.rewrap("acme", { from: old.id, to: next?.id ?? "" }); // finds nothing to move
  expect(await retire(old, { backupsUntil: new Date(leftAt) })).toMatchObject({ safeToDestroy: true });
});

test("takes no date that is none", async () => {
  const old = await rewrapped(registry);
  await expect(retire(old, { backupsUntil: new Date(NaN) })).rejects.toThrow(TypeError);
});

test("can be aborted, and then says nothing in the audit log", async () => {
  const old = await rewrapped(registry);
  const head = await registry.audit.head();
  await expect(retire(old, { signal: AbortSignal.abort(new Error("enough")) })).rejects.toThrow("enough");
  expect(await registry.audit.head()).toEqual(head);
});

test("says of a key that never had a data key that none was made", async () => {
  const cmk = await registerKey(registry, "a");
  await registry.update("acme", cmk.id, { status: "old" });
  expect(await registry.retire("acme", cmk.id, { backupsUntil: new Date(0) })).toMatchObject({
    versions: [],
    safeToDestroy: true,
  });
});

test("tells of each version, however many there were", async () => {
  const cmk = await registerKey(registry, "a");
  await registry.update("acme", cmk.id, { status: "old" });
  const made = Array.from({ length: 40 }, (_, at) => `${at + 1}`.padStart(3, "0"));
  await world.store.write(async (tx) => {
    for (const keyVersion of made) {
      const balance = { project: "acme", provider: "double", resource: "double:a", keyVersion, made: 3, rewrappedIn: 2 };
      await tx.putBalance(world.tags.balance.seal({ ...balance, rewrappedOut: 4, shredded: 1 }));
    }
  });
  const head = (await registry.audit.head())?.seq ?? 0;
  const report = await retire(cmk);
  expect(report.versions.map(({ keyVersion }) => keyVersion)).toEqual(made);
  const entries = await collected(registry.audit.entries({ after: head }));
  expect(entries.map(({ details }) => details["key_version"])).toEqual([...made, undefined]);
  expect(entries.at(-1)?.details).toMatchObject({ versions: 40, made: 120, rewrapped_in: 80, rewrapped_out: 160, shredded: 40 });
});

test("counts a data key that came and went", async () => {
  const a = await rewrapped(registry);
  const [, b] = await registry.list("acme");
  if (b === undefined) throw new RangeError("expected a second CMK");
  await registry.update("acme", a.id, { status: "current" });
  await registry.rewrap("acme", { from: b.id, to: a.id });
  expect(await retire(b)).toMatchObject({ versions: [{ made: 0, rewrappedIn: 1, rewrappedOut: 1, present: 0 }] });
});

describe("is refused", () => {
  test("for a current key, with what to do", async () => {
    const cmk = await registerKey(registry, "a");
    const command = `\`cmkit rewrap --project 'acme' --from ${cmk.id} --to CMK\``;
    expect(await refusal(registry, cmk)).toMatchObject({ code: "in-use", message: expect.stringContaining(command) as string });
  });

  test("for one that is deleted, another project's, or none", async () => {
    const old = await rewrapped(registry);
    expect(await codeOf(async () => registry.retire("globex", old.id))).toBe("not-found");
    expect(await codeOf(async () => registry.retire("acme", randomUUID()))).toBe("not-found");
    await registry.delete("acme", old.id);
    expect(await codeOf(async () => retire(old))).toBe("not-found");
  });

  test("while nobody knows which key an alias names", async () => {
    const alias = await registry.register("acme", { provider: "double", resource: "alias:a" });
    await makeOld(registry, alias);
    expect(await refusal(registry, alias)).toMatchObject({ code: "invalid-request" });
    await registry.check("acme", alias.id);
    expect(await retire(alias)).toMatchObject({ resource: "double:a", cmk: { resource: "alias:a" } });
  });

  test("while data keys are left, with their number", async () => {
    const cmk = await registerKey(registry, "a", true);
    for (const service of ["crm", "billing"]) await seal(registry.envelope({ service }));
    await makeOld(registry, cmk);
    const message = `The CMK cannot be retired. 2 data keys depend on it. Move them: \`cmkit rewrap --project 'acme' --from ${cmk.id} --to CMK\`.`;
    expect(await refusal(registry, cmk)).toMatchObject({ code: "in-use", message });
    const [entry] = await collected(registry.audit.entries({ after: ((await registry.audit.head())?.seq ?? 0) - 1 }));
    expect(entry?.action).toBe("cmk.update");
  });

  test("while a rewrap is partial", async () => {
    const cmk = await registerKey(registry, "a", true);
    const next = await registerKey(registry, "b");
    await seal(registry.envelope({ service: "crm" }));
    world.cloud.refusals.set("a", "access-denied");
    const rewrap = registry.rewrap("acme", { from: cmk.id, to: next.id });
    expect(await waited(world.clock, rewrap)).toMatchObject({ state: "partial" });
    expect(await refusal(registry, cmk)).toMatchObject({ code: "in-use" });
  });
});

test("reads what counts under the locks: who may wrap before what was wrapped, and the audit log last", async () => {
  const old = await rewrapped(registry);
  const calls: string[] = [];
  const { store } = world;
  const write: RegistryStore["write"] = async (work, options) => store.write(async (tx) => work(recorded(tx, calls)), options);
  const watched = new Proxy(store, {
    get: (target, name) => {
      const value: unknown = name === "write" ? write : Reflect.get(target, name);
      return typeof value === "function" ? value.bind(target) : value;
    },
  });
  await world.process({ store: watched }).retire("acme", old.id);
  const mayWrap = ["balancesUnder", "lockResource", "projectsUsing", "cmks"];
  const counting = ["lockProject", "cmks", ...mayWrap, "wrappedNames", "countByVersion", "balancesUnder", "whereabouts"];
  expect(calls).toEqual([...counting, "lockAudit", "appendAudit", "lockAudit", "appendAudit"]);
});

/** Notes which methods are called. */
function recorded(tx: RegistryWrites, calls: string[]): RegistryWrites {
  return new Proxy(tx, {
    get: (target, name) => {
      calls.push(String(name));
      const value: unknown = Reflect.get(target, name);
      return typeof value === "function" ? value.bind(target) : value;
    },
  });
}

test("is possible for a project that came from the operator's key, of which it says nothing", async () => {
  const operators = world.process({ operatorCmk: { provider: "double", resource: "double:c" } });
  await seal(operators.envelope({ service: "crm" }));
  const own = await registerKey(operators, "a", true);
  await operators.rewrap("acme", { from: operatorSource, to: own.id });
  const next = await registerKey(operators, "b");
  await operators.rewrap("acme", { from: own.id, to: next.id });
  expect(await operators.retire("acme", own.id)).toMatchObject({
    versions: [{ made: 0, rewrappedIn: 1, rewrappedOut: 1, present: 0 }],
  });
});
