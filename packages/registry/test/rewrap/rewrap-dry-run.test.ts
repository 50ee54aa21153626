import { expect, it } from "vitest";
import type { Registry } from "../../src/registry.ts";
import type { RewrapOptions } from "../../src/rewrap-progress.ts";
import { sqlite } from "../registry/sqlite-engine.ts";
import { codeOf, collected, newWorld, registerKey, type World } from "../registry/world.ts";
import { moving, project } from "./rewrap-world.ts";

const engine = sqlite();

/** All that a rewrap writes to, as the database has it. */
async function written({ store }: World, registry: Registry) {
  const { reads } = store;
  const entries = await collected(registry.audit.entries());
  return [await reads.cmks(project), await reads.rewraps(project), await reads.dataKeys(project, { limit: 99 }), entries];
}

/** How many data keys a dry run counts, and how many the real run moves after it. */
async function countedAndMoved(world: World, registry: Registry, options: RewrapOptions): Promise<readonly number[]> {
  const before = await written(world, registry);
  const counted = await registry.rewrap(project, { ...options, dryRun: true });
  expect(await written(world, registry)).toEqual(before);
  const { state, dataKeys, remaining } = await registry.rewrap(project, options);
  expect({ state, remaining }).toEqual({ state: "done", remaining: 0 });
  return [counted.dataKeys, dataKeys];
}

/** A key with data keys that was deleted, and registered again under an alias. */
async function underAlias() {
  const world = await newWorld(engine);
  const { registry, a, b } = await moving(world, 3);
  await registry.update(project, b, { defaultCmk: true });
  await registry.delete(project, a, { force: true });
  world.cloud.aliases.set("x", "a");
  const again = await registry.register(project, { provider: "double", resource: "alias:x" });
  return { world, registry, again, b };
}

it.each(["rsa", "a"])("that is only counted writes nothing down of a new version of the key: %s", async (name) => {
  const world = await newWorld(engine);
  const { registry, a } = await moving(world, 3, name);
  [world.cloud.rsaVersion, world.cloud.aesVersion] = [2, 2];
  expect(await countedAndMoved(world, registry, { from: a })).toEqual([3, 3]);
  expect(await countedAndMoved(world, registry, { from: a })).toEqual([0, 0]);
});

it("that is only counted finds the data keys of a key that was registered again under an alias", async () => {
  const { world, registry, again, b } = await underAlias();
  expect(await countedAndMoved(world, registry, { from: again.id, to: b })).toEqual([3, 3]);
});

it("that is only counted moves from an alias that nobody has asked about to its current version", async () => {
  const { world, registry, again } = await underAlias();
  world.cloud.aesVersion = 2;
  expect(await countedAndMoved(world, registry, { from: again.id })).toEqual([3, 3]);
});

it("is refused when it is only counted, too, for two names of the same key", async () => {
  const world = await newWorld(engine);
  const { registry, a } = await moving(world, 1);
  world.cloud.aliases.set("x", "a");
  const same = await registry.register(project, { provider: "double", resource: "alias:x" });
  const before = await written(world, registry);
  expect(await codeOf(async () => registry.rewrap(project, { from: a, to: same.id, dryRun: true }))).toBe("invalid-request");
  expect(await written(world, registry)).toEqual(before);
});

it("asks nobody when it is only counted between two keys that are known", async () => {
  const world = await newWorld(engine);
  const { registry, a } = await moving(world, 2);
  const c = await registerKey(registry, "c");
  world.cloud.requests = 0;
  expect(await registry.rewrap(project, { from: a, to: c.id, dryRun: true })).toMatchObject({ dataKeys: 2 });
  expect(world.cloud.requests).toBe(0);
});
