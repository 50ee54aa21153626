import { describe, expect, test } from "vitest";
import { bytes, minute, ttlMs, World } from "./envelope-world.ts";

const acme = { tenant: "acme" };

async function warm(world: World, tenant = "acme") {
  const sealed = await world.box.seal(bytes("a"), { tenant });
  const reader = world.another();
  await reader.open(sealed, { tenant });
  return { reader, sealed };
}

describe("refresh-ahead", () => {
  test("asks the KMS again in the background when an entry near its TTL is used", async () => {
    const world = new World();
    const { reader, sealed } = await warm(world);
    await world.clock.advance(0.75 * ttlMs - 1);
    await reader.open(sealed, acme);
    expect(world.scripted.count("unwrap")).toBe(1);
    await world.clock.advance(0.15 * ttlMs + 1);
    await Promise.all(Array.from({ length: 100 }, async () => reader.open(sealed, acme)));
    await world.clock.advance(0);
    expect(world.scripted.count("unwrap")).toBe(2);
    await world.clock.advance(0.5 * ttlMs); // past the first TTL
    world.scripted.refuse("unavailable");
    expect(await world.code(reader.open(sealed, acme))).toBe("ok");
    expect(world.evictions()).toEqual([]);
  });

  test("is spread: processes that started together do not ask together", async () => {
    const world = new World();
    const sealed = await world.box.seal(bytes("a"), acme);
    const readers = Array.from({ length: 100 }, () => world.another());
    for (const reader of readers) await reader.open(sealed, acme);
    await world.clock.advance(0.825 * ttlMs);
    for (const reader of readers) await reader.open(sealed, acme);
    await world.clock.advance(0);
    const asked = world.scripted.count("unwrap") - readers.length;
    expect(asked).toBeGreaterThan(20);
    expect(asked).toBeLessThan(80);
  });

  test("is not for entries that nobody uses", async () => {
    const world = new World();
    await warm(world);
    await world.clock.advance(10 * ttlMs);
    expect(world.scripted.count("unwrap")).toBe(1);
  });

  test("that is refused drops the entry at once, long before its TTL", async () => {
    const world = new World();
    const { reader, sealed } = await warm(world);
    world.scripted.refuse("key-disabled");
    await world.clock.advance(0.9 * ttlMs);
    expect(await world.code(reader.open(sealed, acme))).toBe("ok"); // this one asked
    expect(await world.code(reader.open(sealed, acme))).toBe("key-disabled");
    expect(world.evictions().filter((eviction) => eviction === "acme refused").length).toBeGreaterThan(0);
  });

  test("that is refused for the data key alone drops that entry", async () => {
    const world = new World();
    const { reader, sealed } = await warm(world);
    world.scripted.refuse("decrypt-failed");
    await world.clock.advance(0.9 * ttlMs);
    expect(await world.code(reader.open(sealed, acme))).toBe("ok");
    expect(await world.code(reader.open(sealed, acme))).toBe("decrypt-failed");
  });

  test.each(["unavailable", "throttled", "bad-answer", "credentials", "unknown"] as const)(
    "that ends in %s leaves the entry to its TTL, asks again a few times, and then fails",
    async (code) => {
      const world = new World();
      const { reader, sealed } = await warm(world);
      world.scripted.refuse(code);
      for (let at = 0; at < ttlMs - minute; at += minute) {
        await world.clock.advance(minute);
        expect(await world.code(reader.open(sealed, acme))).toBe("ok");
      }
      await world.clock.advance(minute);
      expect(world.scripted.count("unwrap")).toBeGreaterThan(2);
      expect(world.scripted.count("unwrap")).toBeLessThan(40);
      expect(await world.code(reader.open(sealed, acme))).toBe(code);
    },
  );

  test("goes on after another entry of the tenant was dropped meanwhile", async () => {
    const world = new World();
    const { reader, sealed } = await warm(world);
    let release = (): void => {};
    world.scripted.script = async () =>
      new Promise((resolve) => {
        release = () => resolve(undefined);
      });
    await world.clock.advance(0.9 * ttlMs);
    await reader.open(sealed, acme);
    await world.clock.advance(0);
    reader.purge({ provider: "local", resource: "local:c" }); // nothing rests on it
    release();
    await world.clock.advance(0);
    world.scripted.obey();
    const asked = world.scripted.count("unwrap");
    await world.clock.advance(minute);
    await reader.open(sealed, acme);
    await world.clock.advance(0.2 * ttlMs);
    world.scripted.refuse("unavailable");
    expect(await world.code(reader.open(sealed, acme))).toBe("ok");
    expect(world.scripted.count("unwrap") - asked).toBeLessThan(10);
  });
});
