import { expect, it, onTestFinished } from "vitest";
import type { RegistryStore } from "../../src/store.ts";
import { sqlite } from "../registry/sqlite-engine.ts";
import { codeOf, newWorld, registerKey } from "../registry/world.ts";
import { counts, moving, project } from "./rewrap-world.ts";

const engine = sqlite();

it("stops when its source is deleted, and moves nothing more", async () => {
  const world = await newWorld(engine);
  const { registry, a, b } = await moving(world, 40);
  const moved: number[] = [];
  let wraps = 0;
  world.cloud.onWrap = async () => {
    wraps += 1;
    if (wraps !== 20) return;
    await world.process().delete(project, a, { force: true });
    moved.push(...(await counts(registry, b)));
  };
  // One batch at a time: another one may be written before the deletion is.
  const ended = await registry.rewrap(project, { from: a, to: b, concurrency: 1 });
  expect(ended).toMatchObject({ state: "partial", stopped: "key-removed" });
  expect(moved).toHaveLength(1);
  expect(await counts(registry, b)).toEqual(moved);
  expect(await world.process().rewrapProgress(project, a)).toMatchObject({ state: "partial", stopped: "key-removed" });
});

it("does not write its end on the record of another one, which began later from the same key", async () => {
  const world = await newWorld(engine);
  const { registry, a, b } = await moving(world);
  const c = await registerKey(registry, "c");
  for (const id of [b, c.id]) await registry.check(project, id);
  await registry.update(project, b, { defaultCmk: true });
  await registry.update(project, a, { status: "old" }); // so that from here on only rewraps ask
  const gate = Promise.withResolvers<void>();
  const other = world.process({ store: claimingAfter(world.open(), gate.promise) });
  onTestFinished(() => gate.resolve());
  let isBegun = false;
  world.cloud.onUnwrap = async () => {
    if (isBegun) return;
    isBegun = true;
    await other.startRewrap(project, { from: a, to: c.id });
  };
  await registry.rewrap(project, { from: a, to: b });
  expect(isBegun).toBe(true);
  expect(await counts(registry, a, b)).toEqual([0, 3]);
  expect(await world.process().rewrapProgress(project, a)).toMatchObject({ to: c.id, state: "unfinished" });
  const until = { backupsUntil: new Date(world.clock.wallMs()) };
  expect(await codeOf(async () => registry.retire(project, a, until))).toBe("invalid-request"); // nobody saw that one end
  gate.resolve();
  expect(await other.rewrap(project, { from: a, to: c.id })).toMatchObject({ state: "done" });
  expect(await world.process().rewrapProgress(project, a)).toMatchObject({ to: c.id, state: "done" });
});

/** A store of a process that stands still before it claims a data key. */
function claimingAfter(store: RegistryStore, gate: Promise<void>): RegistryStore {
  const claimDataKeys: RegistryStore["claimDataKeys"] = async (claim, work, options) => {
    await gate;
    return store.claimDataKeys(claim, work, options);
  };
  return new Proxy(store, {
    get: (target, name) => {
      const value: unknown = name === "claimDataKeys" ? claimDataKeys : Reflect.get(target, name);
      return typeof value === "function" ? value.bind(target) : value;
    },
  });
}
