import { describe, expect, test } from "vitest";
import { bytes, keyA, minute, ttlMs, World } from "./envelope-world.ts";

const acme = { tenant: "acme" };
const second = 1000;

/** A reader that has opened a message once, and the message. */
async function warmReader(world: World, options: Parameters<World["another"]>[0] = {}) {
  const sealed = await world.box.seal(bytes("a"), acme);
  const reader = world.another(options);
  await reader.open(sealed, acme);
  return { reader, sealed, open: async () => world.code(reader.open(sealed, acme)) };
}

describe("the TTL of what was opened", () => {
  test("is hard: use does not extend it", async () => {
    const world = new World();
    const { open } = await warmReader(world);
    world.scripted.refuse("unavailable");
    for (let at = 0; at < ttlMs - second; at += minute) {
      expect(await open()).toBe("ok");
      await world.clock.advance(minute - 1);
      world.clock.jumpMonotonic(1);
      world.clock.jumpWall(1);
    }
    await world.clock.advance(second);
    expect(await open()).toBe("unavailable");
  });

  test("counts from the start of a slow unwrap", async () => {
    const world = new World({ cache: { ttlMs: 10 * second } });
    const sealed = await world.box.seal(bytes("a"), acme);
    const reader = world.another();
    world.scripted.script = async () => world.clock.sleep(4 * second).then(() => undefined);
    expect(await world.code(reader.open(sealed, acme))).toBe("ok");
    world.scripted.refuse("unavailable");
    await world.clock.advance(5 * second);
    expect(await world.code(reader.open(sealed, acme))).toBe("ok");
    await world.clock.advance(1 * second);
    expect(await world.code(reader.open(sealed, acme))).toBe("unavailable");
  });

  test.each([
    ["making", 0],
    ["confirming", 10 * second],
  ])("of what seals counts from the start of %s it, too", async (_name, startMs) => {
    const world = new World({ cache: { ttlMs: 10 * second } });
    const { box, clock, scripted } = world;
    if (startMs > 0) await box.seal(bytes("a"), acme);
    await clock.advance(startMs);
    scripted.script = async ({ operation }) =>
      operation === "describe" ? undefined : clock.sleep(4 * second).then(() => undefined);
    const begun = clock.monotonicMs();
    expect(await world.code(box.seal(bytes("a"), acme))).toBe("ok");
    scripted.refuse("unavailable");
    await clock.advance(begun + 10 * second - 1 - clock.monotonicMs());
    await expect(box.seal(bytes("a"), acme)).resolves.toBeInstanceOf(Uint8Array);
    await clock.advance(1);
    expect(await world.code(box.seal(bytes("a"), acme))).toBe("unavailable");
  });

  test("of 0 keeps nothing: each open asks the KMS, each seal makes a data key", async () => {
    const world = new World({ cache: { ttlMs: 0 } });
    const sealed = await world.box.seal(bytes("a"), acme);
    await world.box.seal(bytes("a"), acme);
    expect(world.scripted.count("generateDataKey")).toBe(2);
    for (let i = 0; i < 5; i += 1) await world.box.open(sealed, acme);
    expect(world.scripted.count("unwrap")).toBe(5);
    world.scripted.refuse("key-disabled");
    expect(await world.code(world.box.open(sealed, acme))).toBe("key-disabled");
    expect(await world.code(world.box.seal(bytes("a"), acme))).toBe("key-disabled");
    expect(world.evictions()).toEqual([]);
  });

  test("ends when the wall clock jumps on", async () => {
    const world = new World();
    const { open } = await warmReader(world);
    world.clock.jumpWall(ttlMs);
    expect(await open()).toBe("ok");
    expect(world.scripted.count("unwrap")).toBe(2);
    world.scripted.refuse("key-disabled");
    world.clock.jumpWall(ttlMs);
    expect(await open()).toBe("key-disabled");
  });

  test("is not lengthened by a wall clock set back", async () => {
    const world = new World();
    const { open } = await warmReader(world);
    world.clock.jumpWall(-24 * 60 * minute);
    world.scripted.refuse("unavailable");
    await world.clock.advance(ttlMs - second);
    expect(await open()).toBe("ok");
    await world.clock.advance(second);
    expect(await open()).toBe("unavailable");
  });

  test("goes on while the machine sleeps, although its monotonic clock stands still", async () => {
    const world = new World();
    const { open } = await warmReader(world);
    world.scripted.refuse("unavailable");
    world.clock.jumpWall(ttlMs - 1);
    expect(await open()).toBe("ok");
    world.clock.jumpWall(1);
    expect(await open()).toBe("unavailable");
  });

  test("is looked at when it is used, not when a timer fires", async () => {
    const world = new World();
    const { reader, sealed } = await warmReader(world);
    world.scripted.refuse("unavailable");
    world.clock.jumpMonotonic(ttlMs); // the event loop was blocked: no timer ran
    const opened = reader.open(sealed, acme);
    expect(await world.code(opened)).toBe("unavailable");
    expect(world.evictions()).toEqual(["acme expired"]);
  });
});

describe("the cache", () => {
  test("forgets what expired, asked for or not, and then keeps no timer", async () => {
    const world = new World();
    const { waiting } = world.clock;
    await warmReader(world, { cmk: () => keyA });
    await world.clock.advance(2 * ttlMs);
    expect(world.evictions()).toEqual(["acme expired"]);
    await world.clock.advance(24 * 60 * minute);
    expect(world.evictions()).toEqual(["acme expired", "acme expired"]);
    expect(world.clock.waiting).toBe(waiting);
  });

  test("is bounded; of the entries it is the unused that go, each with a second chance", async () => {
    const world = new World({ cache: { maxEntries: 3 } });
    const tenants = ["one", "two", "three", "four", "five"];
    const sealed = new Map<string, Uint8Array>();
    for (const tenant of tenants) sealed.set(tenant, await new WorldSealer(world).seal(tenant));
    const reader = world.another();
    const open = async (tenant: string): Promise<unknown> => reader.open(sealed.get(tenant) ?? new Uint8Array(0), { tenant });
    for (const tenant of ["one", "two", "three"]) await open(tenant);
    world.events.length = 0;
    await open("four"); // all were used: each loses its mark, then the oldest goes
    expect(world.evictions()).toEqual(["one full"]);
    await open("two"); // used again: its second chance
    await open("five");
    expect(world.evictions()).toEqual(["one full", "three full"]);
    const { length } = world.scripted.calls;
    for (const tenant of ["two", "four", "five"]) await open(tenant);
    expect(world.scripted.calls.length).toBe(length);
  });

  test("says what it did: miss, hit, evict with its reason, and nothing else about the data", async () => {
    const world = new World();
    const { reader, sealed } = await warmReader(world);
    await reader.open(sealed, acme);
    reader.purge();
    const cache = world.events.filter(({ type }) => type === "hit" || type === "miss" || type === "evict");
    expect(cache).toEqual([
      { type: "miss", tenant: "acme" },
      { type: "miss", tenant: "acme" },
      { type: "hit", tenant: "acme" },
      { type: "evict", tenant: "acme", reason: "purged" },
    ]);
  });
});

/** Seals from an envelope of its own, so that the reader's cache stays empty. */
class WorldSealer {
  private readonly box;
  constructor(world: World) {
    this.box = world.another();
  }
  async seal(tenant: string): Promise<Uint8Array> {
    return this.box.seal(bytes("a"), { tenant });
  }
}
