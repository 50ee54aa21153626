import { expect, test } from "vitest";
import type { VersionCount } from "../../src/store.ts";
import { sqlite } from "../registry/sqlite-engine.ts";
import { engines } from "../registry/stores.ts";
import { newWorld, registerKey, seal, type World } from "../registry/world.ts";
import { project, sealUnder, waited } from "./rewrap-world.ts";

const engine = sqlite();

async function versionsOf(world: World): Promise<readonly VersionCount[]> {
  return world.store.reads.countByVersion({ provider: "double", resource: "double:rsa" });
}

/** Holds the cloud's answers back from the nth unwrap on. */
function heldFrom(world: World, nth: number): { readonly asked: Promise<void>; readonly answer: () => void } {
  const asked = Promise.withResolvers<void>();
  const answer = Promise.withResolvers<void>();
  let unwraps = 0;
  world.cloud.onUnwrap = async () => {
    unwraps += 1;
    if (unwraps < nth) return;
    asked.resolve();
    await answer.promise;
  };
  return { asked: asked.promise, answer: answer.resolve };
}

test("a seal that began before an RSA key was rotated leaves no data key under the version before", async () => {
  const world = await newWorld(engine);
  const registry = world.process();
  const { id } = await registerKey(registry, "rsa", true);
  await sealUnder(registry.envelope({ service: "crm" }), 3);
  const held = heldFrom(world, 1);
  const late = seal(world.process().envelope({ service: "billing" }));
  await held.asked;
  world.cloud.rsaVersion = 2;
  world.cloud.onUnwrap = undefined;
  expect(await registry.rewrap(project, { from: id })).toMatchObject({ state: "done", remaining: 0 });
  held.answer();
  await late;
  expect(await versionsOf(world)).toEqual([{ project, keyVersion: "2", count: 4 }]);
});

test("a check that began before an RSA key was rotated does not bring the version before back", async () => {
  const world = await newWorld(engine);
  const registry = world.process();
  const { id } = await registerKey(registry, "rsa", true);
  await sealUnder(registry.envelope({ service: "crm" }), 3);
  const held = heldFrom(world, 1);
  const late = world.process().check(project, id);
  await held.asked;
  world.cloud.rsaVersion = 2;
  world.cloud.onUnwrap = undefined;
  await registry.check(project, id);
  held.answer();
  expect(await late).toMatchObject({ passed: true, cmk: { validation: { key: { keyVersion: "2" } } } });
  await seal(world.process().envelope({ service: "billing" }));
  expect((await versionsOf(world)).find(({ keyVersion }) => keyVersion === "2")?.count).toBe(1);
});

test.each(engines())("a rewrap to an RSA key goes on to the version that another process takes into use: $name", async (each) => {
  const world = await newWorld(each);
  const registry = world.process();
  const a = await registerKey(registry, "a", true);
  await sealUnder(registry.envelope({ service: "crm" }), 20);
  const rsa = await registerKey(registry, "rsa");
  await registry.check(project, rsa.id);
  const held = heldFrom(world, 10);
  const late = world.process().rewrap(project, { from: a.id, to: rsa.id, concurrency: 2 });
  await held.asked;
  world.cloud.rsaVersion = 2;
  world.cloud.onUnwrap = undefined;
  expect(await waited(world.clock, registry.rewrap(project, { from: rsa.id }))).toMatchObject({ state: "done", remaining: 0 });
  held.answer();
  expect(await waited(world.clock, late)).toMatchObject({ state: "done", remaining: 0 });
  expect(await versionsOf(world)).toEqual([{ project, keyVersion: "2", count: 20 }]);
});
