import { describe, expect, test } from "vitest";
import { indexedField } from "../src/blind-index.ts";
import { bindContext } from "../src/context.ts";
import type { KmsErrorCode } from "../src/kms-error.ts";
import { restsOn } from "../src/held-keys.ts";
import { bytes, keyA, keyB, minute, ttlMs } from "./envelope-world.ts";
import { acme, indexOf, IndexWorld } from "./index-world.ts";

const second = 1000;

/** A process that has the index key of another at hand. */
async function warm(options: ConstructorParameters<typeof IndexWorld>[0] = {}) {
  const world = new IndexWorld(options);
  const index = await world.index(world.process());
  const keys = world.process();
  expect(await world.index(keys)).toBe(index);
  return { world, keys, index, unwraps: world.scripted.count("unwrap"), code: async () => world.indexCode(keys) };
}

describe("an index key at hand", () => {
  test("costs no call: neither the KMS nor the store hears of the next 1,000 indexes", async () => {
    const { world, keys, index } = await warm();
    const before = [world.scripted.calls.length, world.store.indexKeys];
    for (let i = 0; i < 1000; i += 1) expect(indexOf(keys.cached(acme)!)).toBe(index);
    expect([world.scripted.calls.length, world.store.indexKeys]).toEqual(before);
  });

  test("is one call, however many ask at once; one caller's abort ends only its own wait", async () => {
    const world = new IndexWorld();
    await world.index(world.process());
    const [keys, leaving] = [world.process(), new AbortController()];
    world.scripted.script = async () => world.clock.sleep(second).then(() => undefined);
    const unwraps = world.scripted.count("unwrap");
    const left = world.code(keys.load(acme, { signal: leaving.signal }));
    const loads = Array.from({ length: 1000 }, async () => keys.load(acme, {}));
    leaving.abort();
    expect(await left).toBe("aborted");
    const indexers = await world.settle(Promise.all(loads));
    expect(new Set(indexers.map((indexer) => indexOf(indexer))).size).toBe(1);
    expect(world.scripted.count("unwrap") - unwraps).toBe(1);
  });

  test("is usable for one TTL after the KMS answered, whatever its use", async () => {
    const { world, code } = await warm();
    world.scripted.refuse("unavailable");
    for (let at = 0; at < ttlMs - minute; at += minute) {
      expect(await code()).toBe("ok");
      await world.clock.advance(minute);
    }
    await world.clock.advance(minute - 1);
    expect(await code()).toBe("ok");
    await world.clock.advance(1);
    expect(await code()).toBe("unavailable");
  });

  test("counts its TTL from the start of a slow unwrap, also when it was just made", async () => {
    for (const others of [0, 1]) {
      const world = new IndexWorld({ cache: { ttlMs: 10 * second } });
      if (others > 0) await world.index(world.process());
      const keys = world.process();
      world.scripted.script = async ({ operation }) =>
        operation === "unwrap" ? world.clock.sleep(4 * second).then(() => undefined) : undefined;
      await world.settle(world.index(keys));
      world.scripted.refuse("unavailable");
      await world.clock.advance(5 * second);
      expect(await world.indexCode(keys)).toBe("ok");
      await world.clock.advance(second);
      expect(await world.indexCode(keys)).toBe("unavailable");
    }
  });

  test("is not had at all from an answer that took longer than the TTL", async () => {
    const { world } = await warm({ cache: { ttlMs: second } });
    world.scripted.script = async () => world.clock.sleep(second).then(() => undefined);
    expect(await world.indexCode(world.process())).toBe("timeout");
  });

  test("with a TTL of 0 is had anew for each indexer", async () => {
    const { world, keys, index, unwraps } = await warm({ cache: { ttlMs: 0 } });
    expect(keys.cached(acme)).toBeUndefined();
    for (let i = 0; i < 3; i += 1) expect(await world.index(keys)).toBe(index);
    expect(world.scripted.count("unwrap") - unwraps).toBe(3);
    world.scripted.refuse("key-disabled");
    expect(await world.indexCode(keys)).toBe("key-disabled");
  });

  test("is asked for again in the background when it nears its TTL and is used", async () => {
    const { world, keys, index, unwraps } = await warm();
    await world.clock.advance(0.75 * ttlMs - 1);
    await world.index(keys);
    expect(world.scripted.count("unwrap")).toBe(unwraps);
    await world.clock.advance(0.15 * ttlMs + 1);
    for (let i = 0; i < 100; i += 1) await world.index(keys);
    await world.clock.advance(0);
    expect(world.scripted.count("unwrap")).toBe(unwraps + 1);
    await world.clock.advance(0.5 * ttlMs); // past the first TTL
    world.scripted.refuse("unavailable");
    expect(await world.index(keys)).toBe(index);
    expect(world.dropped).toEqual(["acme expired"]); // of the process that made it, where nobody used it
  });

  test("is bounded in number: the one that was not used goes", async () => {
    const world = new IndexWorld({ cache: { maxEntries: 2 } });
    const keys = world.process();
    const contexts = ["one", "two", "three"].map((tenant) => bindContext({ tenant }));
    for (const context of contexts) await world.index(keys, context);
    expect(world.dropped).toEqual(["one full"]);
    expect(contexts.map((context) => keys.cached(context) !== undefined)).toEqual([false, true, true]);
  });
});

const refusals: readonly KmsErrorCode[] = [
  "access-denied",
  "key-disabled",
  "key-pending-deletion",
  "key-destroyed",
  "decrypt-failed",
];

describe("a refusal", () => {
  test.each(refusals)("of the background question (%s) drops the key at once, and it stays refused", async (refusal) => {
    const { world, keys, code } = await warm();
    const indexer = keys.cached(acme)!;
    await world.clock.advance(0.9 * ttlMs);
    world.scripted.refuse(refusal);
    expect(await code()).toBe("ok"); // this one asked
    expect(await code()).toBe(refusal);
    expect(world.dropped).toEqual(["acme refused"]);
    expect(() => indexOf(indexer)).toThrow(expect.objectContaining({ code: "data-key-expired" }));
    await world.clock.advance(minute);
    expect(await code()).toBe(refusal);
    world.scripted.obey();
    await world.clock.advance(5 * second);
    expect(await code()).toBe("ok");
    expect(world.store.adds).toBe(1);
  });

  test("is remembered for 5 s and costs one call, and a purge forgets it", async () => {
    const { world } = await warm();
    const keys = world.process();
    const unwraps = world.scripted.count("unwrap");
    world.scripted.refuse("key-disabled");
    for (let i = 0; i < 50; i += 1) expect(await world.indexCode(keys)).toBe("key-disabled");
    expect(world.scripted.count("unwrap")).toBe(unwraps + 1);
    world.scripted.obey();
    await world.clock.advance(5 * second - 1);
    expect(await world.indexCode(keys)).toBe("key-disabled");
    keys.forgetRefusals(() => true);
    expect(await world.indexCode(keys)).toBe("ok");
  });

  test("of one tenant is none of another", async () => {
    const world = new IndexWorld();
    const keys = world.process();
    world.scripted.script = ({ tenant }) => (tenant === "acme" ? "key-disabled" : undefined);
    expect(await world.indexCode(keys)).toBe("key-disabled");
    expect(await world.indexCode(keys, bindContext({ tenant: "globex" }))).toBe("ok");
  });

  test("is told, with the key that refused, of making and of opening", async () => {
    const world = new IndexWorld({ cmk: () => [keyA, keyB] });
    world.scripted.refuse("key-disabled", keyB.resource);
    expect(await world.indexCode(world.process())).toBe("key-disabled");
    expect(world.refused).toMatchObject([{ code: "key-disabled" }]);
    world.scripted.refuse("key-destroyed", keyA.resource);
    expect(await world.indexCode(world.process())).toBe("key-destroyed");
    expect(world.refused).toMatchObject([{ code: "key-disabled" }, { code: "key-destroyed" }]);
  });

  test("that is none, an outage, is not remembered", async () => {
    const { world } = await warm();
    const keys = world.process();
    world.scripted.refuse("unavailable");
    expect(await world.indexCode(keys)).toBe("unavailable");
    world.scripted.obey();
    expect(await world.indexCode(keys)).toBe("ok");
  });
});

describe("an indexer that somebody kept", () => {
  const phone = indexedField("customers", "phone", "none");

  test("ends with a purge of its CMK, and lives through one of another", async () => {
    const { world, keys, index } = await warm();
    const indexer = keys.cached(acme)!;
    keys.held.evict(undefined, restsOn(keyB), "purged");
    expect(indexOf(indexer)).toBe(index);
    keys.held.evict(undefined, restsOn(keyA), "purged");
    expect(() => indexOf(indexer)).toThrow("get a new indexer");
    expect(() => indexer.index(phone, bytes("a"))).toThrow("get a new indexer");
    expect(keys.cached(acme)).toBeUndefined();
    expect(await world.index(keys)).toBe(index);
    expect(world.dropped).toEqual(["acme purged"]);
  });

  test("ends when its key is confirmed again: another goes on, and gives the same", async () => {
    const { world, keys, index } = await warm();
    const indexer = keys.cached(acme)!;
    await world.clock.advance(0.9 * ttlMs);
    await world.index(keys);
    await world.clock.advance(0);
    expect(() => indexOf(indexer)).toThrow(expect.objectContaining({ code: "data-key-expired" }));
    expect(indexOf(keys.cached(acme)!)).toBe(index);
  });

  test("is not given out any more after its TTL, although no timer fired", async () => {
    const { world, keys, index } = await warm();
    world.clock.jumpMonotonic(ttlMs - 1);
    expect(indexOf(keys.cached(acme)!)).toBe(index);
    world.clock.jumpWall(ttlMs);
    expect(keys.cached(acme)).toBeUndefined();
  });

  test("ends when the store has another index key by now", async () => {
    const { world, keys, index } = await warm();
    const indexer = keys.cached(acme)!;
    const other = new IndexWorld();
    await other.index(other.process());
    world.store.onIndexKey = async () => structuredClone(other.store.records[0]);
    await world.clock.advance(0.9 * ttlMs);
    expect(await world.index(keys)).toBe(index);
    await world.clock.advance(0);
    expect(() => indexOf(indexer)).toThrow("get a new indexer");
    expect(await world.index(keys)).toBe(await other.index(other.process()));
  });

  test("serves its caller when a purge came while its key was on its way, and is not kept", async () => {
    const { world, index } = await warm();
    const keys = world.process();
    const answer = Promise.withResolvers<undefined>();
    world.scripted.script = async () => answer.promise;
    const load = world.index(keys);
    await world.clock.advance(0);
    keys.held.evict(undefined, () => true, "purged");
    answer.resolve(undefined);
    expect(await load).toBe(index);
    expect(keys.cached(acme)).toBeUndefined();
  });
});

describe("an index key that is gone from the store", () => {
  test("is dropped by the next background question, not replaced behind its users' backs; then a new one is made", async () => {
    const { world, keys, index, unwraps } = await warm();
    world.store.onIndexKey = async () => undefined;
    await world.clock.advance(0.9 * ttlMs);
    expect(await world.index(keys)).toBe(index);
    await world.clock.advance(0);
    expect(world.dropped).toEqual(["acme refused"]);
    expect([world.store.adds, world.scripted.count("unwrap")]).toEqual([1, unwraps]);
  });
});
