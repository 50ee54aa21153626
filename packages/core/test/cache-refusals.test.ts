import { describe, expect, test } from "vitest";
import { isKmsError } from "../src/kms-error.ts";
import { bytes, keyA, keyB, recordKey, ttlMs, World } from "./envelope-world.ts";

const acme = { tenant: "acme" };
const eu = { tenant: "acme", context: { region: "eu" } };
const globex = { tenant: "globex" };
const second = 1000;

/** One reader with messages of two contexts of a tenant and of another tenant, all opened once. */
async function opened(world: World) {
  const all = [acme, eu, globex];
  const sealed = await Promise.all(all.map(async (how) => world.box.seal(bytes("a"), how)));
  const reader = world.another();
  const code = async (i: number): Promise<string> => world.code(reader.open(sealed[i] ?? new Uint8Array(0), all[i] ?? acme));
  for (const i of [0, 1, 2]) await code(i);
  world.events.length = 0;
  return { reader, sealed, code };
}

/** A fourth context whose first open brings the refusal. */
async function refusedElsewhere(world: World, reader: World["box"]): Promise<string> {
  const us = { tenant: "acme", context: { region: "us" } };
  const sealed = await world.another().seal(bytes("a"), us);
  return world.code(reader.open(sealed, us));
}

describe("a refusal", () => {
  test.each(["key-disabled", "key-pending-deletion", "key-destroyed", "key-not-found", "key-expired"] as const)(
    "of the key itself (%s) drops everything of that tenant and CMK at once, and nothing of another tenant",
    async (refusal) => {
      const world = new World();
      const { reader, code } = await opened(world);
      const us = { tenant: "acme", context: { region: "us" } };
      const sealed = await world.another().seal(bytes("a"), us);
      world.scripted.refuse(refusal);
      expect(await world.code(reader.open(sealed, us))).toBe(refusal);
      expect(world.evictions()).toEqual(["acme refused", "acme refused"]);
      expect([await code(0), await code(1), await code(2)]).toEqual([refusal, refusal, "ok"]);
    },
  );

  test("of one context that never worked drops nothing else", async () => {
    const world = new World();
    const { reader, code } = await opened(world);
    world.scripted.script = ({ operation }) => (operation === "unwrap" ? "access-denied" : undefined);
    expect(await refusedElsewhere(world, reader)).toBe("access-denied");
    expect(world.evictions()).toEqual([]);
    expect([await code(0), await code(1), await code(2)]).toEqual(["ok", "ok", "ok"]);
  });

  test("of a context that worked drops everything of that tenant and CMK", async () => {
    const world = new World();
    const { code } = await opened(world);
    await world.clock.advance(0.9 * ttlMs);
    world.scripted.refuse("access-denied");
    expect(await code(0)).toBe("ok"); // its refresh is what is denied
    await world.clock.advance(0);
    expect(world.evictions().toSorted()).toEqual(["acme refused", "acme refused"]);
    expect([await code(0), await code(1), await code(2)]).toEqual(["access-denied", "access-denied", "ok"]);
  });

  test("of one data key drops nothing", async () => {
    const world = new World();
    const { reader, code } = await opened(world);
    world.scripted.script = ({ operation }) => (operation === "unwrap" ? "decrypt-failed" : undefined);
    expect(await refusedElsewhere(world, reader)).toBe("decrypt-failed");
    expect([await code(0), await code(1), await code(2)]).toEqual(["ok", "ok", "ok"]);
  });

  test("met while reading stops writing under that key too, and the other way round", async () => {
    const world = new World();
    const sealed = await world.box.seal(bytes("a"), eu);
    await world.box.seal(bytes("a"), acme);
    world.scripted.refuse("key-disabled");
    expect(await world.code(world.box.open(sealed, eu))).toBe("key-disabled");
    expect(await world.code(world.box.seal(bytes("a"), acme))).toBe("key-disabled");

    const other = new World();
    const readable = await other.box.seal(bytes("a"), acme);
    await other.box.open(readable, acme);
    other.scripted.refuse("key-disabled");
    expect(await other.code(other.box.seal(bytes("a"), eu))).toBe("key-disabled");
    expect(await other.code(other.box.open(readable, acme))).toBe("key-disabled");
  });

  test("of one CMK leaves what rests on another", async () => {
    const world = new World({ cmk: (tenant) => (tenant === "acme" ? keyA : keyB) });
    const mine = await world.box.seal(bytes("a"), acme);
    const theirs = await world.box.seal(bytes("a"), globex);
    const reader = world.another();
    await reader.open(mine, acme);
    await reader.open(theirs, globex);
    world.scripted.refuse("key-disabled", keyA.resource);
    await world.clock.advance(0.9 * ttlMs);
    expect(await world.code(reader.open(mine, acme))).toBe("ok");
    expect(await world.code(reader.open(mine, acme))).toBe("key-disabled");
    expect(await world.code(reader.open(theirs, globex))).toBe("ok");
  });
});

describe("the negative cache", () => {
  test("remembers a refusal for 5 s, so that hopeless requests cost one call", async () => {
    const world = new World();
    const sealed = await world.box.seal(bytes("a"), acme);
    const reader = world.another();
    world.scripted.refuse("key-disabled");
    for (let i = 0; i < 50; i += 1) expect(await world.code(reader.open(sealed, acme))).toBe("key-disabled");
    expect(world.scripted.count("unwrap")).toBe(1);
    world.scripted.obey();
    await world.clock.advance(5 * second - 1);
    expect(await world.code(reader.open(sealed, acme))).toBe("key-disabled");
    await world.clock.advance(1);
    expect(await world.code(reader.open(sealed, acme))).toBe("ok");
  });

  test("remembers an unknown id for 1 s at most: it may be stored a moment later", async () => {
    const world = new World();
    const elsewhere = new World();
    const sealed = await elsewhere.box.seal(bytes("a"), acme);
    for (let i = 0; i < 50; i += 1) expect(await world.code(world.box.open(sealed, acme))).toBe("unknown-data-key");
    expect(world.store.gets).toBe(1);
    await world.clock.advance(second);
    expect(await world.code(world.box.open(sealed, acme))).toBe("unknown-data-key");
    expect(world.store.gets).toBe(2);
  });

  test("does not refuse a portable message because a compact one of its data key was unknown", async () => {
    const world = new World();
    const compact = await world.box.seal(bytes("a"), acme);
    const portable = await world.box.seal(bytes("a"), { ...acme, profile: "portable" });
    const reader = world.another();
    world.store.onGet = async () => undefined;
    expect(await world.code(reader.open(compact, acme))).toBe("unknown-data-key");
    expect(await world.code(reader.open(portable, acme))).toBe("ok");
  });

  test("does not remember an outage", async () => {
    const world = new World();
    const sealed = await world.box.seal(bytes("a"), acme);
    const reader = world.another();
    world.scripted.refuse("unavailable");
    expect(await world.code(reader.open(sealed, acme))).toBe("unavailable");
    world.scripted.obey();
    expect(await world.code(reader.open(sealed, acme))).toBe("ok");
  });

  test("does not answer one tenant with what another was refused", async () => {
    const world = new World();
    const [mine, theirs] = [await world.box.seal(bytes("a"), acme), await world.box.seal(bytes("a"), globex)];
    const reader = world.another();
    world.scripted.script = ({ tenant }) => (tenant === "acme" ? "key-disabled" : undefined);
    expect(await world.code(reader.open(mine, acme))).toBe("key-disabled");
    expect(await world.code(reader.open(theirs, globex))).toBe("ok");
  });

  test("does not fail a good message because another of the same data key was tampered with", async () => {
    const world = new World({ recordKey });
    const sealed = await world.box.seal(bytes("a"), { ...acme, profile: "portable" });
    const tampered = sealed.with(sealed.length - 1, (sealed.at(-1) ?? 0) ^ 1);
    const reader = world.another();
    const both = [reader.open(tampered, acme), reader.open(sealed, acme)];
    expect(await Promise.all(both.map(async (open) => world.code(open)))).toEqual(["decrypt-failed", "ok"]);
    expect(await world.code(world.another().open(sealed, acme))).toBe("ok");
  });

  test("is emptied by a purge, and gives words that name no secret", async () => {
    const world = new World();
    const sealed = await world.box.seal(bytes("a"), acme);
    const reader = world.another();
    world.scripted.refuse("key-disabled");
    await world.code(reader.open(sealed, acme));
    const again = await reader.open(sealed, acme).catch((error: unknown) => error);
    expect(isKmsError(again) && again.message).toBe("local: the key is disabled: as it said a moment ago");
    world.scripted.obey();
    reader.purge();
    expect(await world.code(reader.open(sealed, acme))).toBe("ok");
  });
});
