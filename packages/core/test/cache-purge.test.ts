import { describe, expect, test } from "vitest";
import type { BoundContext } from "../src/context.ts";
import { engineOf } from "../src/envelope.ts";
import { bytes, keyA, keyB, World } from "./envelope-world.ts";

const acme = { tenant: "acme" };
const globex = { tenant: "globex" };

describe("purge", () => {
  test("drops what rests on one CMK, or everything", async () => {
    const world = new World({ cmk: (tenant) => (tenant === "acme" ? keyA : keyB) });
    const [mine, theirs] = [await world.box.seal(bytes("a"), acme), await world.box.seal(bytes("a"), globex)];
    await world.box.open(mine, acme);
    await world.box.open(theirs, globex);
    world.box.purge(keyA);
    expect(world.evictions()).toEqual(["acme purged", "acme purged"]);
    world.scripted.refuse("unavailable");
    expect(await world.code(world.box.open(mine, acme))).toBe("unavailable");
    expect(await world.code(world.box.seal(bytes("a"), acme))).toBe("unavailable");
    expect(await world.code(world.box.open(theirs, globex))).toBe("ok");
    world.box.purge();
    expect(await world.code(world.box.open(theirs, globex))).toBe("unavailable");
  });

  test("drops only what one tenant has, where one is named", async () => {
    const world = new World();
    const [mine, theirs] = [await world.box.seal(bytes("a"), acme), await world.box.seal(bytes("a"), globex)];
    await world.box.open(mine, acme);
    await world.box.open(theirs, globex);
    world.box.purge(keyA, "acme");
    expect(world.evictions()).toEqual(["acme purged", "acme purged"]);
    world.scripted.refuse("unavailable");
    expect(await world.code(world.box.open(mine, acme))).toBe("unavailable");
    expect(await world.code(world.box.open(theirs, globex))).toBe("ok");
  });

  test("drops index keys as well", async () => {
    const world = new World();
    const engine = engineOf(world.box);
    const { indexing } = engine;
    const bind = (tenant: string): BoundContext => engine.bind(tenant);
    for (const how of [acme, globex]) await world.settle(indexing.load(bind(how.tenant), {}));
    expect([indexing.cached(bind("acme")), indexing.cached(bind("globex"))]).not.toContain(undefined);
    world.box.purge(keyA, "acme");
    expect(indexing.cached(bind("acme"))).toBeUndefined();
    expect(indexing.cached(bind("globex"))).toBeDefined();
    world.box.purge(keyB);
    expect(indexing.cached(bind("globex"))).toBeDefined();
    world.box.purge();
    expect(indexing.cached(bind("globex"))).toBeUndefined();
  });

  test("also drops an open that is under way: its caller is served, nothing is kept", async () => {
    const world = new World();
    const sealed = await world.box.seal(bytes("a"), acme);
    const reader = world.another();
    let release = (): void => {};
    world.scripted.script = async () =>
      new Promise((resolve) => {
        release = () => resolve(undefined);
      });
    const open = reader.open(sealed, acme);
    await world.clock.advance(0);
    reader.purge();
    release();
    expect(await world.code(open)).toBe("ok");
    world.scripted.refuse("unavailable");
    expect(await world.code(reader.open(sealed, acme))).toBe("unavailable");
  });

  test("also drops a data key that is being made: one message is sealed, nothing is kept", async () => {
    const world = new World();
    let release = (): void => {};
    world.scripted.script = async ({ operation }) =>
      operation === "describe"
        ? undefined
        : new Promise((resolve) => {
            release = () => resolve(undefined);
          });
    const seal = world.box.seal(bytes("a"), acme);
    await world.clock.advance(0);
    world.box.purge();
    release();
    expect(await world.code(seal)).toBe("ok");
    world.scripted.refuse("unavailable");
    expect(await world.code(world.box.seal(bytes("a"), acme))).toBe("unavailable");
  });

  test("reaches the sealer whose data key was being made", async () => {
    const world = new World();
    let release = (): void => {};
    world.scripted.script = async ({ operation }) =>
      operation === "describe"
        ? undefined
        : new Promise((resolve) => {
            release = () => resolve(undefined);
          });
    const asked = world.box.sealer(acme);
    await world.clock.advance(0);
    world.box.purge();
    release();
    const sealer = await world.settle(asked);
    world.box.purge();
    expect(() => sealer.seal(bytes("a"))).toThrow("get a new sealer");
  });
});

describe("what a purge forgets of refusals", () => {
  /** Refused ways to read, write and search for acme, none of which is asked of the KMS again while it is remembered. */
  async function refused() {
    const world = new World({ cmk: (tenant) => (tenant === "acme" ? keyA : keyB) });
    const reader = world.another();
    const sealed = await world.box.seal(bytes("a"), acme);
    const { indexing } = engineOf(reader);
    const bound = engineOf(reader).bind("acme");
    await world.settle(engineOf(world.box).indexing.load(bound, {}));
    world.scripted.refuse("key-disabled");
    const uses = [
      async () => reader.open(sealed, acme),
      async () => reader.seal(bytes("a"), acme),
      async () => indexing.load(bound, {}),
    ];
    /** How many requests it takes to be refused everything once more. */
    const asked = async (): Promise<number> => {
      const before = world.scripted.count();
      for (const use of uses) expect(await world.code(use())).toBe("key-disabled");
      return world.scripted.count() - before;
    };
    expect([await asked(), await asked()]).toEqual([3, 0]);
    return { reader, asked };
  }

  test("is what that tenant was told, under that CMK: others' purges do not have the KMS asked again", async () => {
    const { reader, asked } = await refused();
    for (let i = 0; i < 20; i += 1) {
      reader.purge(undefined, "globex");
      reader.purge(keyA, "globex");
      reader.purge(keyB);
      expect(await asked()).toBe(0);
    }
  });

  test.each([
    { of: "the tenant's CMK", cmk: keyA, tenant: "acme" },
    { of: "the CMK", cmk: keyA, tenant: undefined },
    { of: "the tenant", cmk: undefined, tenant: "acme" },
    { of: "everything", cmk: undefined, tenant: undefined },
  ])("a purge of $of has it asked again at once", async ({ cmk, tenant }) => {
    const { reader, asked } = await refused();
    reader.purge(cmk, tenant);
    expect(await asked()).toBe(3);
  });
});
