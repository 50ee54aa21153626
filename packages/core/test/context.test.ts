import { isDeepStrictEqual } from "node:util";
import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { decodeCbor } from "../src/cbor.ts";
import { bindContext, isContext, type Context } from "../src/context.ts";

const hex = (bytes: Uint8Array): string => Buffer.from(bytes).toString("hex");
const bind = (value: unknown) => bindContext(value as Context);

describe("the canonical form", () => {
  // Frozen: wraps that exist are bound to these bytes.
  test.each<[Context, canonical: string, hash: string]>([
    [{ tenant: "acme" }, "a16674656e616e746461636d65", "100a98328cb196cba7de0f629f3f62b7ec0d5d3e58d44c1cb40c2dead51a3fb1"],
    [
      { tenant: "acme", purpose: "notes" },
      "a26674656e616e746461636d6567707572706f7365656e6f746573",
      "108ed5ed06c28c2cec485c298c88297b4c1dd723814cad50f472906672d2f3e4",
    ],
    [
      { purpose: "notes", tenant: "acme" },
      "a26674656e616e746461636d6567707572706f7365656e6f746573",
      "108ed5ed06c28c2cec485c298c88297b4c1dd723814cad50f472906672d2f3e4",
    ],
    [
      { tenant: "é", a: "e\u0301", "b.c_d-9": "😀" },
      "a361616365cc816674656e616e7462c3a967622e635f642d3964f09f9880",
      "f979a8df635b213fa512711d4cddc48170c00897c82094eae680bdf0d8c7fbf4",
    ],
  ])("of %j is frozen", (context, canonical, hash) => {
    const bound = bindContext(context);
    expect([hex(bound.canonical), hex(bound.hash)]).toEqual([canonical, hash]);
  });

  test("does not depend on the order of entries", () => {
    fc.assert(
      fc.property(contexts, (context) => {
        const reversed = Object.fromEntries(Object.entries(context).toReversed());
        expect(bind(reversed).key).toBe(bind(context).key);
      }),
    );
  });

  test("differs for different contexts", () => {
    fc.assert(
      fc.property(contexts, contexts, (one, other) => {
        expect(bind(one).key === bind(other).key).toBe(isDeepStrictEqual(one, other));
      }),
    );
  });

  test("holds all entries and nothing else", () => {
    fc.assert(
      fc.property(contexts, (context) => {
        const limits = { maxDepth: 1, maxItems: 8 };
        expect(Object.fromEntries(decodeCbor(bind(context).canonical, limits) as Map<string, string>)).toEqual(context);
      }),
    );
  });
});

describe("a bound context", () => {
  test("is a copy that nobody can change", () => {
    const given = { tenant: "acme" };
    const { entries } = bindContext(given);
    given.tenant = "other";
    expect(entries.tenant).toBe("acme");
    expect(Object.isFrozen(entries)).toBe(true);
  });

  test("reads a getter once", () => {
    let reads = 0;
    const tricky = {
      get tenant() {
        reads += 1;
        return reads === 1 ? "acme" : "other";
      },
    };
    expect(bindContext(tricky as Context).entries.tenant).toBe("acme");
    expect(reads).toBe(1);
  });

  test("takes keys that objects inherit, as entries", () => {
    expect(bindContext({ tenant: "acme", constructor: "x", valueof: "y" }).entries["constructor"]).toBe("x");
    expect(bindContext(Object.assign(Object.create(null), { tenant: "acme" }) as Context).entries.tenant).toBe("acme");
  });
});

describe("a context is refused with", () => {
  const many = Object.fromEntries(Array.from({ length: 10_000 }, (_, index) => [`k${index}`, "v"]));
  test.each<[string, unknown]>([
    ["nothing", undefined],
    ["null", null],
    ["a text", "acme"],
    ["an array", [["tenant", "acme"]]],
    ["a Map", new Map([["tenant", "acme"]])],
    ["no tenant", {}],
    ["an inherited tenant", Object.create({ tenant: "acme" })],
    ["a symbol", { tenant: "acme", [Symbol("s")]: "x" }],
    ["a hidden entry", Object.defineProperty({ tenant: "acme" }, "Hidden", { value: "x" })],
    ["10,000 entries", { tenant: "acme", ...many }],
    ["nine entries", { tenant: "v", a: "v", b: "v", c: "v", d: "v", e: "v", f: "v", g: "v", h: "v" }],
    ["__proto__", JSON.parse('{"tenant":"acme","__proto__":"x"}')],
    ["an empty key", { tenant: "acme", "": "x" }],
    ["a key with a capital", { tenant: "acme", Key: "x" }],
    ["a key that begins with a digit", { tenant: "acme", "1k": "x" }],
    ["a key with a line end", { tenant: "acme", "k\n": "x" }],
    ["a key beyond ASCII", { tenant: "acme", ключ: "x" }],
    ["a key of 65 characters", { tenant: "acme", ["k".repeat(65)]: "x" }],
    ["the prefix aws", { tenant: "acme", aws: "x" }],
    ["the prefix aws-", { tenant: "acme", "aws-crypto-public-key": "x" }],
    ["an empty value", { tenant: "" }],
    ["a number", { tenant: 1 }],
    ["a bigint", { tenant: 1n }],
    ["a boolean", { tenant: true }],
    ["a String object", { tenant: Object("acme") }],
    ["an undefined value", { tenant: "acme", a: undefined }],
    ["a null value", { tenant: "acme", a: null }],
    ["257 characters", { tenant: "v".repeat(257) }],
    ["a lone high surrogate", { tenant: "a\ud83d" }],
    ["a lone low surrogate", { tenant: "\ude00a" }],
    ["a NUL", { tenant: "a\0" }],
    ["a tab", { tenant: "a\tb" }],
    ["a DEL", { tenant: "a\u007f" }],
    ["a C1 control", { tenant: "a\u0085" }],
    ["2,049 bytes", { tenant: "語".repeat(256), a: "語".repeat(256), b: "語".repeat(256) }],
  ])("%s", (_what, value) => {
    expect(() => bind(value)).toThrow(TypeError);
    expect(isContext(value)).toBe(false);
  });

  test("a message that names the key and never the value", () => {
    expect(() => bind({ tenant: "acme", note: "s3cret\n" })).toThrow(/context entry note$/);
    expect(() => bind({ tenant: "s3cret\ud800" })).toThrow(/^(?!.*s3cret)/);
  });
});

test("the limits themselves are allowed", () => {
  expect(isContext({ tenant: "v".repeat(256), ["k".repeat(64)]: "v" })).toBe(true);
  expect(isContext({ tenant: "v", a: "v", b: "v", c: "v", d: "v", e: "v", f: "v", g: "v" })).toBe(true);
  expect(isContext({ tenant: "v", a: " ", "b.c_d-9": "é", aw: "s" })).toBe(true);
});

test("what was bound binds to the same again, and nothing else does", () => {
  const bound = bind({ tenant: "acme", note: "one" });
  expect(bind(bound.entries)).toBe(bound);
  expect(bind({ ...bound.entries })).not.toBe(bound);
  expect(bind({ ...bound.entries, note: "two" }).key).not.toBe(bound.key);
  expect(bind(Object.create(bound.entries, { tenant: { value: "acme" } })).entries).toEqual({ tenant: "acme" });
  expect(() => Object.assign(bound.entries, { tenant: "evil" })).toThrow(TypeError);
});

test("a getter that throws makes it no context", () => {
  const hostile = {
    get tenant(): string {
      throw new Error("no");
    },
  };
  expect(isContext(hostile)).toBe(false);
});

const keys = fc.stringMatching(/^[a-z][a-z0-9_.-]{0,15}$/).filter((key) => !key.startsWith("aws"));
const values = fc.string({ unit: "grapheme", minLength: 1, maxLength: 20 }).filter((text) => isContext({ tenant: text }));
const contexts: fc.Arbitrary<Context> = fc
  .record({ tenant: values, rest: fc.dictionary(keys, values, { maxKeys: 6, noNullPrototype: true }) })
  .map(({ tenant, rest }) => ({ ...rest, tenant }));
