import { beforeEach, expect, test } from "vitest";

import { operatorSource, type RewrapRecord } from "../../src/cmk-record.ts";
import type { RegisteredCmk } from "../../src/registered-cmk.ts";
import type { Registry, RegistryOptions } from "../../src/registry.ts";
import { sqlite } from "./sqlite-engine.ts";
import { codeOf, newWorld, registerKey, seal, type World } from "./world.ts";
import { waited } from "../rewrap/rewrap-world.ts";

const engine = sqlite();
let world: World;
let registry: Registry;
let a: RegisteredCmk;
let b: RegisteredCmk;

beforeEach(async () => {
  world = await newWorld(engine);
  registry = world.process();
  a = await registerKey(registry, "a", true);
  for (const service of ["crm", "billing"]) await seal(registry.envelope({ service }));
  b = await registerKey(registry, "b");
});

async function shown({ project, id }: RegisteredCmk, by = registry): Promise<readonly string[]> {
  return (await by.serviceAssociations(project, id)).map(({ service, status }) => `${service} ${status}`);
}

/** Remembers a rewrap as another process would have begun it. */
async function remember(rewrap: Partial<RewrapRecord> & Pick<RewrapRecord, "source" | "target">): Promise<void> {
  const at = new Date(world.clock.wallMs());
  const record: RewrapRecord = {
    project: "acme",
    dataKeys: 2,
    state: "unfinished",
    stopped: null,
    startedAt: at,
    updatedAt: at,
    ...rewrap,
  };
  await world.store.write(async (tx) => tx.putRewrap(world.tags.rewrap.seal(record)));
}

test("are active where nothing moves, sorted", async () => {
  expect(await shown(a)).toEqual(["billing active", "crm active"]);
  expect(await shown(b)).toEqual([]);
});

test("are deactivating under the source of a rewrap that goes on, and activating under its target", async () => {
  await remember({ source: a.id, target: b.id });
  expect(await shown(a)).toEqual(["billing deactivating", "crm deactivating"]);
  expect(await shown(b)).toEqual(["billing activating", "crm activating"]);
});

test("stay so while a rewrap is partial, and are active under the target once it is done", async () => {
  world.cloud.refusals.set("a", "access-denied");
  const rewrap = registry.rewrap("acme", { from: a.id, to: b.id });
  expect(await waited(world.clock, rewrap)).toMatchObject({ state: "partial" });
  expect(await shown(a)).toEqual(["billing deactivating", "crm deactivating"]);
  expect(await shown(b)).toEqual(["billing activating", "crm activating"]);
  world.cloud.refusals.delete("a");
  expect(await registry.rewrap("acme", { from: a.id, to: b.id })).toMatchObject({ state: "done" });
  expect(await shown(a)).toEqual([]);
  expect(await shown(b)).toEqual(["billing active", "crm active"]);
});

test("are active under the target as soon as nothing of theirs is left under the source", async () => {
  await registry.update("acme", b.id, { defaultCmk: true });
  await seal(registry.envelope({ service: "accounts" }));
  await seal(registry.envelope({ service: "crm" }));
  await remember({ source: a.id, target: b.id });
  expect(await shown(b)).toEqual(["accounts active", "billing activating", "crm activating"]);
});

test("are active where a rewrap has ended and the source is used again", async () => {
  await remember({ source: a.id, target: b.id, state: "done" });
  expect([await shown(a), await shown(b)]).toEqual([["billing active", "crm active"], []]);
});

test("of a key in between are leaving it, while others still come", async () => {
  const c = await registerKey(registry, "c", true);
  await seal(registry.envelope({ service: "ledger" }));
  await remember({ source: a.id, target: c.id });
  await remember({ source: c.id, target: b.id });
  expect(await shown(c)).toEqual(["billing activating", "crm activating", "ledger deactivating"]);
  expect(await shown(b)).toEqual(["ledger activating"]);
});

test("are active where data keys only move to the key's current version", async () => {
  await remember({ source: a.id, target: a.id });
  expect(await shown(a)).toEqual(["billing active", "crm active"]);
});

test("are not on their way to a key that takes none any more, nor from one that was deleted", async () => {
  await remember({ source: a.id, target: b.id });
  await registry.update("acme", b.id, { status: "old" });
  expect([await shown(a), await shown(b)]).toEqual([["billing active", "crm active"], []]);
  await registry.update("acme", b.id, { status: "current" });
  await registry.delete("acme", a.id, { force: true });
  expect(await shown(b)).toEqual([]);
});

test("are activating where data keys come from the operator's own key", async () => {
  const options: Partial<RegistryOptions> = { operatorCmk: { provider: "double", resource: "double:c" } };
  const operators = world.process(options);
  await seal(operators.envelope({ service: "crm" }), "globex");
  const own = await registerKey(operators, "rsa", true, "globex");
  await remember({ project: "globex", source: operatorSource, target: own.id });
  expect(await shown(own, operators)).toEqual(["crm activating"]);
  expect(await shown(own, world.process())).toEqual([]); // there is none here
});

test("are not told where somebody wrote a rewrap who does not have the record key", async () => {
  await remember({ source: a.id, target: b.id });
  const [row] = await world.store.reads.rewraps("acme");
  if (row === undefined) throw new RangeError("expected a rewrap");
  await world.store.write(async (tx) => tx.putRewrap({ ...row, record: { ...row.record, state: "done" } }));
  for (const cmk of [a, b]) expect(await codeOf(async () => shown(cmk))).toBe("bad-record");
});
