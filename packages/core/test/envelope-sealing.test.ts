import { describe, expect, test } from "vitest";
import type { Cmk } from "../src/cmk.ts";
import { inspectSealed } from "../src/inspect-sealed.ts";
import { KmsError } from "../src/kms-error.ts";
import { bytes, keyA, keyB, keyC, minute, recordKey, textOf, ttlMs, World } from "./envelope-world.ts";

const acme = { tenant: "acme" };
const day = 24 * 60 * minute;

describe("several recipients", () => {
  test("each of them opens both profiles", async () => {
    const world = new World({ cmk: () => [keyA, keyB, keyC] });
    for (const profile of ["compact", "portable"] as const) {
      const sealed = await world.box.seal(bytes("a"), { ...acme, profile });
      for (const cmk of [keyA, keyB, keyC]) {
        const reader = world.another({ accepted: () => [cmk] });
        expect(textOf(await reader.open(sealed, acme))).toBe("a");
      }
    }
  });

  test("are tried in the order in which they are accepted, whatever the message says", async () => {
    const world = new World({ cmk: () => [keyA, keyB] });
    const sealed = await world.box.seal(bytes("a"), { ...acme, profile: "portable" });
    const asked = world.scripted.calls.length;
    await world.another({ accepted: () => [keyC, keyB, keyA] }).open(sealed, acme);
    expect(world.scripted.calls.slice(asked).map(({ resource }) => resource)).toEqual([keyB.resource]);
  });

  test("more than eight are refused before anything is stored or sealed", async () => {
    const keys = Object.fromEntries(Array.from({ length: 9 }, (_, i) => [`k${i}`, { aes256: new Uint8Array(32).fill(i) }]));
    const { kms, cmks } = await manyKeys(keys);
    const world = new World();
    const box = world.another({ kms, cmk: () => cmks });
    await expect(box.seal(bytes("a"), acme)).rejects.toThrow("at most 8");
    expect(world.store.adds).toBe(0);
    const eight = world.another({ kms, cmk: () => cmks.slice(0, 8) });
    for (const profile of ["compact", "portable"] as const) {
      const sealed = await eight.seal(bytes("a"), { ...acme, profile });
      expect(textOf(await world.another({ kms, cmk: () => cmks.slice(0, 8) }).open(sealed, acme))).toBe("a");
    }
  });

  test("one CMK twice is refused before anything is stored or sealed", async () => {
    const world = new World({ cmk: () => [keyA, keyB, { ...keyA }] });
    await expect(world.settle(world.box.seal(bytes("a"), acme))).rejects.toThrow("each CMK once");
    expect(world.store.adds).toBe(0);
  });

  test("none of them is left out when one cannot be reached or refuses", async () => {
    for (const code of ["unavailable", "access-denied"] as const) {
      const world = new World({ cmk: () => [keyA, keyB], failover: true });
      world.scripted.refuse(code, keyB.resource);
      expect(await world.code(world.box.seal(bytes("a"), acme))).toBe(code);
      expect(world.store.adds).toBe(0);
    }
  });

  test("all must go on confirming a data key", async () => {
    const world = new World({ cmk: () => [keyA, keyB] });
    await world.box.seal(bytes("a"), acme);
    world.scripted.refuse("key-disabled", keyB.resource);
    await world.clock.advance(ttlMs);
    expect(await world.code(world.box.seal(bytes("a"), acme))).toBe("key-disabled");
  });
});

async function manyKeys(keys: Record<string, { aes256: Uint8Array }>) {
  const { local } = await import("../src/local.ts");
  const { multiCloudKms } = await import("../src/kms.ts");
  const cmks = Object.keys(keys).map((name) => ({ provider: "local", resource: `local:${name}` }));
  return { kms: multiCloudKms({ adapters: [local({ keys })] }), cmks };
}

describe("failover", () => {
  test.each(["unavailable", "throttled", "timeout"] as const)("opens with the next accepted CMK after %s", async (code) => {
    const world = new World({ cmk: () => [keyA, keyB] });
    const sealed = await world.box.seal(bytes("a"), acme);
    world.scripted.refuse(code, keyA.resource);
    expect(await world.code(world.another().open(sealed, acme))).toBe(code);
    expect(await world.code(world.another({ failover: true }).open(sealed, acme))).toBe("ok");
  });

  test("opens with the next accepted CMK when the first does not answer at all", async () => {
    const world = new World({ cmk: () => [keyA, keyB] });
    const sealed = await world.box.seal(bytes("a"), acme);
    world.scripted.hang(keyA.resource);
    expect(await world.code(world.another().open(sealed, acme))).toBe("timeout");
    expect(await world.code(world.another({ failover: true }).open(sealed, acme))).toBe("ok");
    expect(await world.code(world.another({ failover: true }).open(sealed, { ...acme, timeoutMs: 300 }))).toBe("ok");
    world.scripted.hang();
    expect(await world.code(world.another({ failover: true }).open(sealed, acme))).toBe("timeout");
  });

  test.each(["access-denied", "key-disabled", "decrypt-failed", "key-destroyed", "bad-answer", "credentials"] as const)(
    "does not go past %s",
    async (code) => {
      const world = new World({ cmk: () => [keyA, keyB], failover: true });
      const sealed = await world.box.seal(bytes("a"), acme);
      const reader = world.another();
      world.scripted.refuse(code, keyA.resource);
      const asked = world.scripted.calls.length;
      expect(await world.code(reader.open(sealed, acme))).toBe(code);
      expect(world.scripted.calls.slice(asked).filter(({ resource }) => resource === keyB.resource)).toEqual([]);
    },
  );

  test("holds what it opened for the CMK that answered", async () => {
    const world = new World({ cmk: () => [keyA, keyB], failover: true });
    const sealed = await world.box.seal(bytes("a"), acme);
    const reader = world.another();
    world.scripted.refuse("unavailable", keyA.resource);
    await world.code(reader.open(sealed, acme));
    world.scripted.refuse("unavailable");
    reader.purge(keyA);
    expect(await world.code(reader.open(sealed, acme))).toBe("ok");
    reader.purge(keyB);
    expect(await world.code(reader.open(sealed, acme))).toBe("unavailable");
  });
});

describe("an escrow recipient", () => {
  const cmk = () => [keyA, { ...keyB, escrow: "court" }];

  test("is wrapped to like any other, and opened only by its name", async () => {
    const world = new World({ cmk, failover: true });
    for (const profile of ["compact", "portable"] as const) {
      const sealed = await world.box.seal(bytes("a"), { ...acme, profile });
      const reader = world.another();
      world.scripted.refuse("unavailable", keyA.resource);
      expect(await world.code(reader.open(sealed, acme))).toBe("unavailable");
      expect(await world.code(reader.open(sealed, { ...acme, escrow: "police" }))).toBe("key-removed");
      expect(await world.code(reader.open(sealed, { ...acme, escrow: "court" }))).toBe("ok");
      world.scripted.refuse("key-disabled", keyA.resource);
      expect(await world.code(reader.open(sealed, acme))).toBe("key-disabled");
      world.scripted.obey();
    }
  });

  test("leaves nothing in the cache that would open without it", async () => {
    const world = new World({ cmk });
    const sealed = await world.box.seal(bytes("a"), acme);
    const reader = world.another();
    await reader.open(sealed, { ...acme, escrow: "court" });
    world.scripted.refuse("key-disabled", keyA.resource);
    expect(await world.code(reader.open(sealed, acme))).toBe("key-disabled");
    world.scripted.refuse("key-disabled", keyB.resource);
    expect(await world.code(reader.open(sealed, { ...acme, escrow: "court" }))).toBe("key-disabled");
  });

  test("is not asked to confirm", async () => {
    const world = new World({ cmk });
    await world.box.seal(bytes("a"), acme);
    world.scripted.refuse("access-denied", keyB.resource);
    await world.clock.advance(ttlMs);
    expect(await world.code(world.box.seal(bytes("a"), acme))).toBe("ok");
    expect(world.store.adds).toBe(1);
  });
});

describe("the CMK for new data", () => {
  test("is asked for at most once a TTL, and a new choice makes a new data key at the next confirmation", async () => {
    let cmk = keyA as { provider: string; resource: string };
    let asked = 0;
    const world = new World({
      cmk: () => {
        asked += 1;
        return cmk;
      },
    });
    for (let i = 0; i < 100; i += 1) await world.box.seal(bytes("a"), acme);
    expect(asked).toBe(1);
    cmk = keyB;
    await world.clock.advance(ttlMs);
    const sealed = await world.settle(world.box.seal(bytes("a"), { ...acme, profile: "portable" }));
    expect(inspectSealed(sealed).recipients.map(({ resource }) => resource)).toEqual([keyB.resource]);
    expect([asked, world.store.adds]).toEqual([2, 2]);
  });

  test("that cannot be told is an error of its own, and nothing is sealed", async () => {
    const failing = new World({ cmk: async () => Promise.reject(new RangeError("the registry's own")) });
    await expect(failing.box.seal(bytes("a"), acme)).rejects.toThrow("the registry's own");
  });
});

describe("confirmation", () => {
  test("asks for the same data key until it is 24 hours old", async () => {
    const world = new World();
    for (let at = 0; at < day; at += 10 * minute) {
      await world.settle(world.box.seal(bytes("a"), acme));
      await world.clock.advance(10 * minute);
    }
    expect(world.store.adds).toBe(1);
    await world.settle(world.box.seal(bytes("a"), acme));
    expect(world.store.adds).toBe(2);
  });

  test("that gives another root back is not believed", async () => {
    const world = new World();
    await world.box.seal(bytes("a"), acme);
    world.scripted.answer = (plaintext) => plaintext.map((byte) => byte ^ 1);
    await world.clock.advance(ttlMs);
    expect(await world.code(world.box.seal(bytes("a"), acme))).toBe("bad-answer");
  });

  test('"never" seals without asking again; reading is still refused', async () => {
    const world = new World({ confirm: "never" });
    const sealed = await world.box.seal(bytes("a"), acme);
    const calls = world.scripted.count();
    world.scripted.refuse("key-disabled");
    for (let at = 0; at < day - minute; at += 10 * minute) {
      expect(await world.code(world.box.seal(bytes("a"), acme))).toBe("ok");
      await world.clock.advance(10 * minute);
    }
    expect(world.scripted.count()).toBe(calls);
    expect(await world.code(world.another().open(sealed, acme))).toBe("key-disabled");
    await world.clock.advance(10 * minute);
    expect(await world.code(world.box.seal(bytes("a"), acme))).toBe("key-disabled");
  });
});

describe("record keys", () => {
  test("two are valid while one replaces the other", async () => {
    const next = new Uint8Array(32).fill(8);
    const world = new World();
    const sealed = await world.box.seal(bytes("a"), acme);
    const both = world.another({ recordKey: { current: next, previous: recordKey } });
    expect(textOf(await both.open(sealed, acme))).toBe("a");
    const newer = await both.seal(bytes("b"), acme);
    expect(textOf(await world.another({ recordKey: next }).open(newer, acme))).toBe("b");
    expect(await world.code(world.another({ recordKey: next }).open(sealed, acme))).toBe("decrypt-failed");
    expect(await world.code(world.another().open(newer, acme))).toBe("decrypt-failed");
  });
});

describe("a CMK that was retired while a data key was made under it", () => {
  const retiredStore = (world: World, retired: (resource: string) => boolean): void => {
    world.store.onAdd = async (record, add) => {
      if (retired(record.recipients[0].cmk.resource)) throw new KmsError("key-retired");
      return add();
    };
  };

  test.each([1, 2, 3])(
    "is asked for again, though it changes %i times: the data key goes under the one that is current then",
    async (times) => {
      let current: Cmk = keyA;
      let changes = 0;
      const world = new World({ cmk: () => current, accepted: () => [keyA, keyB] });
      retiredStore(world, () => {
        if (changes === times) return false;
        changes += 1;
        current = changes === times ? keyB : keyA;
        return true;
      });
      expect(textOf(await world.box.open(await world.box.seal(bytes("a"), acme), acme))).toBe("a");
      expect(world.store.records.map(({ recipients: [{ cmk }] }) => cmk)).toEqual([keyB]);
    },
  );

  test("is not asked for without end", async () => {
    const world = new World();
    retiredStore(world, () => true);
    expect(await world.code(world.box.seal(bytes("a"), acme))).toBe("key-retired");
    expect(world.store.adds).toBe(4);
  });
});
