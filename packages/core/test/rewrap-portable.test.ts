import fc from "fast-check";
import { describe, expect, test } from "vitest";
import type { Cmk } from "../src/cmk.ts";
import type { Kms } from "../src/kms.ts";
import type { KmsKey } from "../src/kms-key.ts";
import { rewrapPortable, type RewrapPortableOptions } from "../src/rewrap-portable.ts";
import { parseSealed } from "../src/sealed-message.ts";
import { bytes, keyA, keyB, keyC, keyRsa, recordKey, textOf, World } from "./envelope-world.ts";

const acme = { tenant: "acme", path: ["files", "7"] };
const cmks = [keyA, keyB, keyC, keyRsa] as const;

const sealed = async (world: World, under: readonly Cmk[] = [keyA], plaintext = bytes("Ada")): Promise<Uint8Array> =>
  world.settle(world.another({ cmk: () => under }).seal(plaintext, { ...acme, profile: "portable" }));

const moving = (world: World, change: Partial<RewrapPortableOptions> = {}): RewrapPortableOptions => ({
  kms: world.kms,
  recordKey,
  from: keyA,
  to: keyB,
  tenant: "acme",
  ...change,
});

const openedBy = async (world: World, message: Uint8Array, cmk: Cmk): Promise<string> =>
  world.settle(world.another({ cmk: () => cmk }).open(message, acme)).then(textOf, (error: { code: string }) => error.code);

describe("a portable message that is rewrapped", () => {
  test("opens under the new key and no longer under the old one", async () => {
    const world = new World();
    const message = await sealed(world);
    const moved = await rewrapPortable(message, moving(world));
    expect(moved.constructor).toBe(Uint8Array);
    expect(await openedBy(world, moved, keyB)).toBe("Ada");
    expect(await openedBy(world, moved, keyA)).toBe("key-removed");
    expect(await openedBy(world, message, keyA)).toBe("Ada");
  });

  test("is another in the wrap of one recipient, and in no byte before the recipients", async () => {
    const world = new World();
    await fc.assert(
      fc.asyncProperty(
        fc.uint8Array({ maxLength: 70_000 }),
        fc.shuffledSubarray([...cmks], { minLength: 1 }),
        fc.nat(),
        fc.constantFrom(...cmks),
        async (plaintext, under, at, to) => {
          const from = under[at % under.length] ?? keyA;
          const message = await sealed(world, under, plaintext);
          const before = message.slice();
          const moved = await rewrapPortable(message, moving(world, { from, to }));
          expect(Buffer.compare(message, before)).toBe(0);
          const [old, renewed] = [parseSealed(message), parseSealed(moved)];
          const start = message.length - recipientsBytes(message);
          expect(moved.length - recipientsBytes(moved)).toBe(start);
          expect(Buffer.compare(moved.subarray(0, start), message.subarray(0, start))).toBe(0);
          const stood = from !== to && under.includes(to);
          const expected = under.flatMap((cmk) => (cmk === from ? (stood ? [] : [to]) : [cmk]));
          expect(renewed.recipients.map(({ cmk }) => cmk)).toEqual(expected);
          const others = old.recipients.filter(({ cmk }) => cmk.resource !== from.resource);
          expect(renewed.recipients.filter((wrap) => stood || wrap.cmk.resource !== to.resource)).toEqual(others);
          const opened = await world.another({ cmk: () => to }).open(moved, acme);
          expect(Buffer.compare(opened, plaintext)).toBe(0);
        },
      ),
      { numRuns: 60 },
    );
  });

  test("is refused where it is none, or its data key is in a store", async () => {
    const world = new World();
    const compact = await world.settle(world.box.seal(bytes("Ada"), acme));
    expect(await world.code(rewrapPortable(compact, moving(world)))).toBe("unsupported");
    const message = await sealed(world);
    world.scripted.calls.length = 0;
    for (const length of [0, 1, message.length - 1])
      expect(await world.code(rewrapPortable(message.subarray(0, length), moving(world)))).toBe("malformed");
    expect(await world.code(rewrapPortable(message, moving(world, { from: keyC })))).toBe("key-removed");
    expect(await world.code(rewrapPortable(message, moving(world, { tenant: "globex" })))).toBe("decrypt-failed");
    expect(await world.code(rewrapPortable(message, moving(world, { context: { region: "eu" } })))).toBe("decrypt-failed");
    const another = { recordKey: new Uint8Array(32).fill(8) };
    expect(await world.code(rewrapPortable(message, moving(world, another)))).toBe("decrypt-failed");
    expect(world.scripted.calls).toEqual([]);
  });

  test("is refused in every changed bit of its header and of the wrap that is replaced", async () => {
    const world = new World();
    const message = await sealed(world);
    const { ciphertext, protectedHeader } = parseSealed(message);
    const atCiphertext = ciphertext.byteOffset - message.byteOffset;
    const changed = (at: number, bit: number): Uint8Array => {
      const copy = message.slice();
      copy[at] = (copy[at] ?? 0) ^ (1 << bit);
      return copy;
    };
    const outcomes = new Set<string>();
    for (let at = 0; at < message.length; at += 1) {
      const isContent = at >= atCiphertext - 14 && at < atCiphertext + ciphertext.length; // with its head and IV
      if (isContent) continue;
      outcomes.add(await rewrapPortable(changed(at, at % 8), moving(world)).then(() => `byte ${at}`, codeOf));
    }
    expect([...outcomes].sort()).toEqual(["decrypt-failed", "key-removed", "malformed"]);
    expect(protectedHeader.length).toBe(77);
  });

  test("is refused where no message could name the new key", async () => {
    const world = new World();
    const message = await sealed(world);
    const named = (key: KmsKey): KmsKey => {
      const wrapKey: KmsKey["wrapKey"] = async (...given) => {
        const cmk = { provider: "local", resource: "b".repeat(513) };
        return { ...(await key.wrapKey(...given)), cmk };
      };
      return Object.create(key, { wrapKey: { value: wrapKey } }) as KmsKey;
    };
    const kms: Kms = { ...world.kms, open: (cmk) => named(world.kms.open(cmk)) };
    expect(await world.code(rewrapPortable(message, moving(world, { kms })))).toBe("unsupported");
  });

  test("is what it was when it was given, whatever its owner does meanwhile", async () => {
    const world = new World();
    const message = await sealed(world);
    const given = message.slice();
    const rewrapping = rewrapPortable(given, moving(world));
    given.fill(0);
    expect(await openedBy(world, await rewrapping, keyB)).toBe("Ada");
  });

  test("needs bytes, a tenant and a context without one", async () => {
    const world = new World();
    const message = await sealed(world);
    const text = "cmk1.abc" as unknown as Uint8Array;
    await expect(rewrapPortable(text, moving(world))).rejects.toThrow(TypeError);
    await expect(rewrapPortable(message, moving(world, { tenant: "" }))).rejects.toThrow(TypeError);
    await expect(rewrapPortable(message, moving(world, { context: { tenant: "acme" } }))).rejects.toThrow(TypeError);
  });
});

function codeOf(error: { code: string }): string {
  return error.code;
}

/** What follows the ciphertext. */
function recipientsBytes(message: Uint8Array): number {
  const { ciphertext } = parseSealed(message);
  return message.length - (ciphertext.byteOffset - message.byteOffset) - ciphertext.length;
}
