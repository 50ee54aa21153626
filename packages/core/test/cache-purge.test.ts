import { describe, expect, test } from "vitest";
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
