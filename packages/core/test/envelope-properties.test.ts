import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { parseSealed } from "../src/sealed-message.ts";
import type { Envelope, SealOptions } from "../src/envelope.ts";
import { isKmsError } from "../src/kms-error.ts";
import { fromText, toText } from "../src/text-form.ts";
import { anyCharacter } from "./any-character.ts";
import { textOf, bytes, World } from "./envelope-world.ts";

const text = (maxLength: number): fc.Arbitrary<string> =>
  fc.string({ unit: "grapheme", minLength: 1, maxLength }).filter((value) => value.length <= 256 && !/\p{Cc}/u.test(value));
const key = fc.stringMatching(/^[b-z][a-z0-9_.-]{0,20}$/).filter((name) => name !== "tenant");
const how: fc.Arbitrary<SealOptions> = fc.record({
  tenant: text(40),
  context: fc.dictionary(key, text(20), { maxKeys: 7, noNullPrototype: true }),
  path: fc.array(fc.string({ unit: anyCharacter, maxLength: 40 }), { maxLength: 16 }),
  profile: fc.constantFrom("compact", "portable"),
});
const content = fc.uint8Array({ maxLength: 300 });

async function codeOf(run: Promise<unknown>): Promise<string> {
  return run.then(
    () => "ok",
    (error: unknown) => (isKmsError(error) ? error.code : String(error)),
  );
}

describe("sealing and opening", () => {
  test("are inverse for any bytes, context, path and profile", async () => {
    const world = new World();
    await fc.assert(
      fc.asyncProperty(content, how, async (plaintext, options) => {
        const sealed = await world.box.seal(plaintext, options);
        const opened = await world.another().open(sealed, options);
        expect(Buffer.compare(opened, plaintext)).toBe(0);
        expect(opened.constructor).toBe(Uint8Array);
        expect(fromText(toText(sealed))).toEqual(sealed);
      }),
      { numRuns: 200 },
    );
  });

  test("leave what they were given unchanged, and hand out bytes of the caller's own", async () => {
    const { box } = new World();
    const plaintext = bytes("borrowed");
    const sealed = await box.seal(plaintext, { tenant: "acme" });
    const before = sealed.slice();
    const opened = await box.open(sealed, { tenant: "acme" });
    opened.fill(0);
    expect([textOf(plaintext), sealed]).toEqual(["borrowed", before]);
    expect(textOf(await box.open(sealed, { tenant: "acme" }))).toBe("borrowed");
  });

  test("never make the same message twice", async () => {
    const { box } = new World();
    const messages = await Promise.all(Array.from({ length: 2000 }, async () => box.seal(bytes("same"), { tenant: "acme" })));
    expect(new Set(messages.map((sealed) => Buffer.from(sealed.subarray(44, 56)).toString("hex"))).size).toBe(2000);
  });

  test("add 73 to 75 bytes to a field below 64 KiB", async () => {
    const { box } = new World();
    for (const [length, more] of [
      [0, 73],
      [7, 73],
      [8, 74],
      [239, 74],
      [240, 75],
      [65_519, 75],
      [65_520, 77],
    ] as const) {
      expect((await box.seal(new Uint8Array(length), { tenant: "acme" })).length - length).toBe(more);
    }
  });
});

describe("hostile bytes", () => {
  test("any bytes parse or are malformed, quickly", () => {
    const start = fc.constantFrom("", "83", "84", "835826a20103045820", "845826a20103045820", "84584da30103045820");
    const parse = (prefix: string, rest: Uint8Array): string => {
      try {
        return parseSealed(new Uint8Array([...Buffer.from(prefix, "hex"), ...rest])).profile;
      } catch (error) {
        return isKmsError(error) ? error.code : String(error);
      }
    };
    fc.assert(
      fc.property(start, fc.uint8Array({ maxLength: 200 }), (prefix, rest) => {
        expect(["malformed", "compact", "portable"]).toContain(parse(prefix, rest));
      }),
      { numRuns: 3000 },
    );
  });

  test.each(["compact", "portable"] as const)("every flipped bit of a %s message is refused", async (profile) => {
    const world = new World();
    const how = { tenant: "acme", path: ["p"], profile };
    const sealed = await world.box.seal(bytes("plaintext"), how);
    const allowed = new Set(["malformed", "decrypt-failed", "unknown-data-key", "key-removed"]);
    await world.box.open(sealed, how);
    const bodyEnds = profile === "compact" ? sealed.length : sealed.length - recipientsLength(sealed);
    for (let bit = 0; bit < sealed.length * 8; bit += 1) {
      const changed = sealed.with(bit >> 3, (sealed[bit >> 3] ?? 0) ^ (1 << (bit & 7)));
      const warm = await codeOf(world.box.open(changed, how));
      // With the data key at hand the recipients, which are not authenticated, matter no more.
      expect(bit >> 3 < bodyEnds ? [...allowed] : [...allowed, "ok"]).toContain(warm);
      expect(allowed).toContain(await codeOf(coldOpen(world, changed, how)));
    }
  });

  test.each(["compact", "portable"] as const)("every prefix of a %s message is malformed", async (profile) => {
    const { box } = new World();
    const sealed = await box.seal(bytes("plaintext"), { tenant: "acme", profile });
    for (let length = 0; length < sealed.length; length += 1) {
      expect(await codeOf(box.open(sealed.subarray(0, length), { tenant: "acme" }))).toBe("malformed");
    }
  });

  test("another tenant, context or path opens nothing", async () => {
    const world = new World();
    await fc.assert(
      fc.asyncProperty(content, how, how, async (plaintext, mine, yours) => {
        fc.pre(JSON.stringify(sorted(mine)) !== JSON.stringify(sorted(yours)));
        const sealed = await world.box.seal(plaintext, mine);
        const code = await codeOf(world.another().open(sealed, yours));
        const lookedUp = mine.profile === "compact" && mine.tenant !== yours.tenant;
        expect(code).toBe(lookedUp ? "unknown-data-key" : "decrypt-failed");
      }),
      { numRuns: 100 },
    );
  });

  test("what was opened for one tenant is not opened from the cache for another", async () => {
    const world = new World();
    for (const profile of ["compact", "portable"] as const) {
      const sealed = await world.box.seal(bytes("a"), { tenant: "acme", profile });
      const reader = world.another();
      await reader.open(sealed, { tenant: "acme" });
      const code = await codeOf(reader.open(sealed, { tenant: "globex" }));
      expect(code).toBe(profile === "compact" ? "unknown-data-key" : "decrypt-failed");
      expect(await codeOf(reader.open(sealed, { tenant: "acme", context: { region: "eu" } }))).toBe("decrypt-failed");
    }
  });

  test("a list of 10,000 real recipients is refused quickly", async () => {
    const { box } = new World();
    const sealed = Buffer.from(await box.seal(bytes("a"), { tenant: "acme", profile: "portable" }));
    const listAt = sealed.lastIndexOf(Buffer.from("8183", "hex"));
    const recipient = sealed.subarray(listAt + 1);
    const list = Buffer.concat([Buffer.from("992710", "hex"), ...Array.from({ length: 10_000 }, () => recipient)]);
    const started = performance.now();
    expect(() => parseSealed(Buffer.concat([sealed.subarray(0, listAt), list]))).toThrow("malformed");
    expect(performance.now() - started).toBeLessThan(100);
  });

  test("10,000 recipients and lengths of gigabytes are refused without being believed", () => {
    const sealed = Buffer.alloc(64 * 1024 * 1024);
    sealed.set(Buffer.from("845826a20103045820", "hex"));
    sealed.set(Buffer.from("a1054c", "hex"), 41);
    sealed.set(Buffer.from("50", "hex"), 56);
    for (const list of ["992710", "9a00002710", "9affffffff", "9bffffffffffffffff", "5affffffff", "5b00000001ffffffff"]) {
      sealed.set(Buffer.from(list.padEnd(18, "8"), "hex"), 73);
      const before = process.memoryUsage().rss;
      const started = performance.now();
      expect(() => parseSealed(sealed)).toThrow("malformed");
      expect(performance.now() - started).toBeLessThan(100);
      expect(process.memoryUsage().rss - before).toBeLessThan(16 * 1024 * 1024);
    }
  });
});

async function coldOpen(world: World, sealed: Uint8Array, how: SealOptions): Promise<Uint8Array> {
  const reader: Envelope = world.another();
  return reader.open(sealed, how);
}

function recipientsLength(sealed: Uint8Array): number {
  return sealed.length - Buffer.from(sealed).lastIndexOf(Buffer.from("8183", "hex"));
}

function sorted({ tenant, context = {}, path }: SealOptions): unknown {
  return [tenant, Object.entries(context).sort(([a], [b]) => (a < b ? -1 : 1)), path];
}
