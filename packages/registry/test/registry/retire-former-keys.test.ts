import { expect, test } from "vitest";
import type { Registry } from "../../src/registry.ts";
import { sqliteStore } from "../../src/sqlite.ts";
import { attackedStore } from "../audit-database.ts";
import { makeOld, refusal } from "./retire-world.ts";
import { sqlite } from "./sqlite-engine.ts";
import { codeOf, newWorld, registerKey, seal, World } from "./world.ts";

const engine = sqlite();

/** A process that was given this key as the operator's. */
function operatedBy(world: World, name: string): Registry {
  return world.process({ operatorCmk: { provider: "double", resource: `double:${name}` } });
}

/** What a retire says who gives this date. */
async function retiring(registry: Registry, project: string, id: string, backupsUntilMs: number): Promise<string> {
  return codeOf(async () => `${(await registry.retire(project, id, { backupsUntil: new Date(backupsUntilMs) })).safeToDestroy}`);
}

test("counts data keys under a version of the key that was the operator's before, which no CMK names", async () => {
  const world = await newWorld(engine);
  await seal(operatedBy(world, "rsa/1").envelope({ service: "crm" }), "globex");
  const registry = operatedBy(world, "c");
  const whole = await registerKey(registry, "rsa", false, "ops");
  await makeOld(registry, whole);
  expect(await refusal(registry, whole)).toMatchObject({
    code: "in-use",
    message: "The CMK cannot be retired. Data keys of 1 other project depend on it: rewrap them, too.",
  });
});

test("notices that rows of a project without CMKs were given another key's name", async () => {
  const attacked = attackedStore();
  const world = new World(() => sqliteStore(attacked.file));
  await seal(operatedBy(world, "a").envelope({ service: "crm" }), "globex");
  const registry = operatedBy(world, "c");
  const a = await registerKey(registry, "a", false, "ops");
  await makeOld(registry, a);
  expect(await refusal(registry, a)).toMatchObject({ code: "in-use" });
  attacked.sql("update cmkit_data_keys set resource = 'double:c'");
  expect(await refusal(registry, a)).toMatchObject({ code: "bad-record" });
});

test("counts data keys of a CMK whose row was taken out of the table", async () => {
  const attacked = attackedStore();
  const world = new World(() => sqliteStore(attacked.file));
  const shared = world.process({ sharedResources: true });
  const theirs = await registerKey(shared, "rsa/1", true, "globex");
  await seal(shared.envelope({ service: "crm" }), "globex");
  const whole = await registerKey(shared, "rsa");
  await makeOld(shared, whole);
  attacked.sql("delete from cmkit_cmks where id = ?", theirs.id);
  expect(await refusal(shared, whole)).toMatchObject({ code: "in-use" });
});

test("takes no date before the last data key left a key that was the operator's", async () => {
  const world = await newWorld(engine);
  const first = operatedBy(world, "a");
  await seal(first.envelope({ service: "crm" }), "globex");
  const b = await registerKey(first, "b", true, "globex");
  await world.clock.advance(60_000);
  await first.rewrap("globex", { from: "operator", to: b.id });
  const leftAt = world.clock.wallMs();
  await world.clock.advance(60_000);
  const registry = operatedBy(world, "c");
  const a = await registerKey(registry, "a", false, "ops");
  await makeOld(registry, a);
  const answers = [await retiring(registry, "ops", a.id, leftAt - 1), await retiring(registry, "ops", a.id, leftAt)];
  expect(answers).toEqual(["invalid-request", "true"]);
});

test("takes no date before the last data key left, whatever was rewrapped from the CMK since", async () => {
  const world = await newWorld(engine);
  const registry = world.process();
  const [a, b] = [await registerKey(registry, "a", true), await registerKey(registry, "b")];
  await seal(registry.envelope({ service: "crm" }));
  await registry.rewrap("acme", { from: a.id, to: b.id });
  const leftAt = world.clock.wallMs();
  await registry.update("acme", a.id, { status: "current" });
  await registry.rewrap("acme", { from: a.id });
  await registry.update("acme", a.id, { status: "old" });
  expect(await retiring(registry, "acme", a.id, leftAt - 1)).toBe("invalid-request");
  await world.clock.advance(1000);
  expect(await retiring(registry, "acme", a.id, world.clock.wallMs())).toBe("true");
});

test("takes no date while data keys left, and what was remembered of that is gone", async () => {
  const attacked = attackedStore();
  const world = new World(() => sqliteStore(attacked.file));
  const registry = world.process();
  const [a, b] = [await registerKey(registry, "a", true), await registerKey(registry, "b")];
  await seal(registry.envelope({ service: "crm" }));
  await registry.rewrap("acme", { from: a.id, to: b.id });
  attacked.sql("delete from cmkit_rewraps");
  expect(await retiring(registry, "acme", a.id, world.clock.wallMs())).toBe("invalid-request");
  await registry.rewrap("acme", { from: a.id, to: b.id });
  expect(await retiring(registry, "acme", a.id, world.clock.wallMs())).toBe("true");
});
