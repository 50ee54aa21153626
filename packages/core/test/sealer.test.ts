import { describe, expect, test } from "vitest";
import { bytes, keyB, minute, textOf, ttlMs, World } from "./envelope-world.ts";

const acme = { tenant: "acme" };
const day = 24 * 60 * minute;

describe("a sealer", () => {
  test("seals synchronously what its envelope opens", async () => {
    const world = new World();
    using sealer = await world.box.sealer(acme);
    const sealed = sealer.seal(bytes("a"), ["p"]);
    expect(textOf(await world.another().open(sealed, { ...acme, path: ["p"] }))).toBe("a");
    using portable = await world.box.sealer({ ...acme, profile: "portable" });
    expect(portable.seal(bytes("a"))[0]).toBe(0x84);
  });

  test("asks nobody", async () => {
    const world = new World();
    using sealer = await world.box.sealer(acme);
    const { length } = world.scripted.calls;
    for (let i = 0; i < 1000; i += 1) sealer.seal(bytes("a"));
    expect(world.scripted.calls.length).toBe(length);
  });

  test("refuses what cannot be sealed, as the envelope does", async () => {
    using sealer = await new World().box.sealer(acme);
    expect(() => sealer.seal("text" as unknown as Uint8Array)).toThrow(TypeError);
    expect(() => sealer.seal(new Uint8Array(64 * 1024 * 1024 + 1))).toThrow(RangeError);
    expect(() => sealer.seal(bytes("a"), ["\ud800"])).toThrow(TypeError);
  });

  test.each<[string, (world: World) => Promise<void> | void]>([
    ["a purge", (world) => world.box.purge()],
    [
      "the end of the TTL, where the KMS cannot be asked",
      async ({ scripted, clock }) => {
        scripted.refuse("unavailable");
        await clock.advance(ttlMs);
      },
    ],
    ["a blocked event loop", ({ clock }) => clock.jumpMonotonic(ttlMs)],
    ["a sleep of the machine", ({ clock }) => clock.jumpWall(ttlMs)],
  ])("is over after %s", async (_name, happen) => {
    const world = new World();
    using sealer = await world.box.sealer(acme);
    sealer.seal(bytes("a"));
    await happen(world);
    expect(() => sealer.seal(bytes("a"))).toThrow(expect.objectContaining({ code: "data-key-expired" }));
    expect(() => sealer.seal(bytes("a"))).toThrow(expect.objectContaining({ code: "data-key-expired" }));
  });

  test("is over when it has been disposed of, and leaves the others of its data key", async () => {
    const { box } = new World();
    const first = await box.sealer(acme);
    using second = await box.sealer(acme);
    first[Symbol.dispose]();
    expect(() => first.seal(bytes("a"))).toThrow(expect.objectContaining({ code: "data-key-expired" }));
    expect(second.seal(bytes("a"))).toBeInstanceOf(Uint8Array);
  });

  test("is over when the KMS refuses its key, as soon as that is known", async () => {
    const world = new World();
    using sealer = await world.box.sealer(acme);
    world.scripted.refuse("key-disabled");
    await world.clock.advance(0.9 * ttlMs);
    sealer.seal(bytes("a")); // asks in the background
    await world.clock.advance(0);
    expect(() => sealer.seal(bytes("a"))).toThrow(expect.objectContaining({ code: "data-key-expired" }));
    expect(await world.code(world.box.sealer(acme))).toBe("key-disabled");
  });

  test("goes on for 24 hours where its use keeps it confirmed, and not a millisecond longer", async () => {
    const world = new World();
    using sealer = await world.box.sealer(acme);
    for (let at = 0; at < day; at += minute) {
      expect(sealer.seal(bytes("a"))).toBeInstanceOf(Uint8Array);
      await world.clock.advance(minute);
    }
    expect(() => sealer.seal(bytes("a"))).toThrow(expect.objectContaining({ code: "data-key-expired" }));
    expect(world.store.adds).toBe(1);
    using next = await world.box.sealer(acme);
    expect(next.seal(bytes("a"))).toBeInstanceOf(Uint8Array);
    expect(world.store.adds).toBe(2);
  });

  test("is over when its data key has sealed all that it may", async () => {
    const world = new World({ dataKeyMessages: 3 });
    using sealer = await world.box.sealer(acme);
    for (let i = 0; i < 3; i += 1) sealer.seal(bytes("a"));
    expect(() => sealer.seal(bytes("a"))).toThrow(expect.objectContaining({ code: "data-key-expired" }));
  });

  test("is over when another CMK was chosen for new data, at the next confirmation", async () => {
    let cmk = { provider: "local", resource: "local:a" };
    const world = new World({ cmk: () => cmk });
    using sealer = await world.box.sealer(acme);
    cmk = keyB;
    sealer.seal(bytes("a"));
    await world.clock.advance(0.9 * ttlMs);
    sealer.seal(bytes("a"));
    await world.clock.advance(0);
    expect(() => sealer.seal(bytes("a"))).toThrow(expect.objectContaining({ code: "data-key-expired" }));
    using next = await world.box.sealer(acme);
    next.seal(bytes("a"));
    expect(world.store.records.at(-1)?.recipients[0].cmk).toEqual(keyB);
  });
});

describe("the number of messages under a data key", () => {
  test("is exact, however many seal at once and however they do it", async () => {
    const world = new World({ dataKeyMessages: 7 });
    using sealer = await world.box.sealer(acme);
    const sealed = await Promise.all(
      Array.from({ length: 100 }, async (_, i) => {
        await Promise.resolve();
        try {
          if (i % 3 === 0) return sealer.seal(bytes("a"));
        } catch {
          // over: the envelope makes the next
        }
        return world.box.seal(bytes("a"), { ...acme, profile: i % 2 === 0 ? "compact" : "portable" });
      }),
    );
    const perKey = new Map<string, number>();
    for (const message of sealed) {
      const id = Buffer.from(message.subarray(9, 41)).toString("hex");
      perKey.set(id, (perKey.get(id) ?? 0) + 1);
    }
    expect(sealed.length).toBe(100);
    expect(Math.max(...perKey.values())).toBe(7);
    expect(perKey.size).toBe(15);
    expect(world.store.adds).toBe(15);
  });

  test("counts a message that could not be sealed: never one too many", async () => {
    const world = new World({ dataKeyMessages: 2 });
    using sealer = await world.box.sealer(acme);
    expect(() => sealer.seal(bytes("a"), ["\ud800"])).toThrow(TypeError);
    sealer.seal(bytes("a"));
    expect(() => sealer.seal(bytes("a"))).toThrow(expect.objectContaining({ code: "data-key-expired" }));
  });

  test("may be one", async () => {
    const world = new World({ dataKeyMessages: 1 });
    await Promise.all(Array.from({ length: 20 }, async () => world.box.seal(bytes("a"), acme)));
    expect(world.store.adds).toBe(20);
  });
});
