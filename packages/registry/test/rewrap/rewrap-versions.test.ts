import { expect, it } from "vitest";
import { sqliteStore } from "../../src/sqlite.ts";
import { attackedStore } from "../audit-database.ts";
import { sqlite } from "../registry/sqlite-engine.ts";
import { newWorld, World } from "../registry/world.ts";
import { moving, openAll, project, waited } from "./rewrap-world.ts";

const engine = sqlite();

it("moves data keys to the current version of the same key", async () => {
  const world = await newWorld(engine);
  const { registry, a, sealed } = await moving(world, 3, "rsa");
  world.cloud.rsaVersion = 2;
  expect(await registry.rewrap(project, { from: a })).toMatchObject({ state: "done", from: a, to: a, dataKeys: 3, remaining: 0 });
  expect((await registry.get(project, a)).status).toBe("current");
  const versions = await world.store.reads.countByVersion({ provider: "double", resource: "double:rsa" });
  expect(versions).toEqual([{ project, keyVersion: "2", count: 3 }]);
  expect(await openAll(world, sealed)).toEqual(["opened"]);
  expect(await registry.rewrap(project, { from: a })).toMatchObject({ state: "done", dataKeys: 0 });
});

/** Rotates a symmetric key so many times: whenever eight more wraps have been made, or at each. */

async function rotating(rotations: number, wrapsEach = 8) {
  const world = await newWorld(engine);
  const { registry, a, sealed } = await moving(world, 20);
  world.cloud.aesVersion = 2;
  let wraps = 0;
  world.cloud.onWrap = async () => {
    wraps += 1;
    if (wraps % wrapsEach === 0 && world.cloud.aesVersion < 2 + rotations) world.cloud.aesVersion += 1;
  };
  const ended = await waited(world.clock, registry.rewrap(project, { from: a }));
  const versions = await world.store.reads.countByVersion({ provider: "double", resource: "double:a" });
  return { world, ended, versions, sealed };
}

it("follows a key that is rotated while data keys move to its current version", async () => {
  const { world, ended, versions, sealed } = await rotating(1);
  expect(ended).toMatchObject({ state: "done", remaining: 0 });
  expect(versions).toEqual([{ project, keyVersion: "3", count: 20 }]);
  expect(await openAll(world, sealed)).toEqual(["opened"]);
});

it("ends when a KMS names ever new versions", async () => {
  const { world, ended, sealed } = await rotating(Infinity, 1);
  expect(ended).toMatchObject({ state: "partial", stopped: "bad-answer" });
  expect(await openAll(world, sealed)).toEqual(["opened"]);
});

it("follows an RSA key that is rotated meanwhile: nothing goes back to the version before", async () => {
  const world = await newWorld(engine);
  const { registry, a } = await moving(world, 3, "rsa");
  world.cloud.rsaVersion = 2;
  let isRotated = false;
  world.cloud.onUnwrap = async () => {
    const [begun] = await world.store.reads.rewraps(project);
    if (begun === undefined || isRotated) return;
    isRotated = true;
    world.cloud.rsaVersion = 1; // the newest of all
    expect(await world.process().check(project, a)).toMatchObject({ passed: true });
  };
  expect(await registry.rewrap(project, { from: a })).toMatchObject({ state: "done", remaining: 0 });
  expect(isRotated).toBe(true);
  expect((await world.store.reads.dataKeys(project, { limit: 9 })).map(({ recipients }) => recipients[0].keyVersion)).toEqual([
    "1",
    "1",
    "1",
  ]);
});

it("finds its end although a data key was said to have failed after it was moved", async () => {
  const attacked = attackedStore();
  const world = new World(() => sqliteStore(attacked.file));
  const { registry, a } = await moving(world, 2);
  const [damaged, moved] = await world.store.reads.dataKeys(project, { limit: 2 });
  if (damaged === undefined || moved === undefined) throw new RangeError("expected two data keys");
  attacked.sql("update cmkit_data_keys set origin = randomblob(32) where id = ?", damaged.id);
  world.cloud.aesVersion = 2;
  const late = { id: moved.id, code: "throttled", nextTryAt: new Date(world.clock.wallMs()) } as const;
  let isLate = false;
  world.cloud.onWrap = async () => {
    if ((await world.store.reads.rewraps(project)).length === 0 || isLate) return;
    isLate = true;
    const cmk = { provider: "double", resource: "double:a" };
    world.clock.after(100, () => void world.store.write(async (tx) => tx.putRewrapFailures(project, cmk, [late])));
    await world.clock.advance(200);
  };
  const ended = await waited(world.clock, registry.rewrap(project, { from: a }));
  expect(ended).toMatchObject({ state: "partial", remaining: 1, failed: [{ code: "decrypt-failed", count: 1 }] });
});
