import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { decodeFieldValue, encodedType, encodeFieldValue, type FieldType, type JsonValue } from "../src/field-value.ts";
import { anyCharacter } from "./any-character.ts";
import { hex } from "./vectors/raw-cbor.ts";

const types: readonly FieldType[] = ["string", "number", "boolean", "date", "bytes", "json"];
const text = fc.oneof(
  fc.string({ unit: anyCharacter, maxLength: 80 }),
  fc.string({ unit: "grapheme" }),
  fc.string({ maxLength: 300 }),
);
const number = fc.oneof(
  fc.double({ noNaN: true, noDefaultInfinity: true }),
  fc.float({ noNaN: true, noDefaultInfinity: true }),
  fc.maxSafeInteger(),
  fc.integer({ min: -70_000, max: 70_000 }),
  fc.integer({ min: -2048, max: 2048 }).map((n) => n * 2 ** -24), // binary16 and what is next to it
  fc.tuple(fc.nat(52), fc.integer({ min: -160, max: 60 })).map(([bits, exponent]) => (2 ** bits + 1) * 2 ** (exponent - bits)),
);
const date = fc.oneof(
  fc.date({ noInvalidDate: true }),
  fc.integer({ min: -8.64e15, max: 8.64e15 }).map((ms) => new Date(ms)),
);
const key = fc.oneof(text, fc.constantFrom("__proto__", "constructor", "toString", "0", "10", "\uffff", "\u{10000}"));
const { json: anyJson } = fc.letrec<{ json: JsonValue; items: JsonValue; entries: JsonValue }>((tie) => ({
  json: fc.oneof(
    { depthSize: "small", maxDepth: 6 },
    fc.constant(null),
    fc.boolean(),
    number,
    text,
    tie("items"),
    tie("entries"),
  ),
  items: fc.array(tie("json"), { maxLength: 30 }),
  entries: fc
    .uniqueArray(fc.tuple(key, tie("json")), { maxLength: 30, selector: ([name]) => name })
    .map((entries) => Object.fromEntries(entries)),
}));
const json = anyJson.filter((value) => value !== null);

const typed: fc.Arbitrary<[FieldType, unknown]> = fc.oneof(
  fc.tuple(fc.constant("string" as const), text),
  fc.tuple(fc.constant("number" as const), number),
  fc.tuple(fc.constant("boolean" as const), fc.boolean()),
  fc.tuple(fc.constant("date" as const), date),
  fc.tuple(fc.constant("bytes" as const), fc.uint8Array({ maxLength: 300 })),
  fc.tuple(fc.constant("json" as const), json),
);
const padTo = fc.option(fc.oneof(fc.integer({ min: 1, max: 100 }), fc.integer({ min: 1, max: 65_536 })), { nil: undefined });
/** Bytes that are more often CBOR than any bytes are. */
const likelyBytes = fc
  .oneof(
    fc.uint8Array({ maxLength: 24 }),
    fc.array(fc.oneof(fc.nat(255), fc.constantFrom(0, 0x60, 0x61, 0x80, 0x81, 0x82, 0xa1, 0xa2, 0xd9, 0xf5, 0xf6, 0xf9)), {
      maxLength: 24,
    }),
    fc
      .tuple(fc.constantFrom(0xf9, 0xfa, 0xfb, 0x18, 0x19, 0x1a, 0x1b, 0x39, 0x3b), fc.uint8Array({ minLength: 8, maxLength: 8 }))
      .map((parts) => parts.flatMap((part) => (typeof part === "number" ? [part] : [...part]))),
    fc
      .tuple(
        fc.constantFrom([0xd9, 3, 0xe9, 0xa1, 1], [0xd9, 3, 0xe9, 0xa2, 1, 7, 0x22]),
        fc.array(fc.nat(255), { maxLength: 9 }),
      )
      .map((parts) => parts.flat()),
  )
  .map((bytes) => Uint8Array.from(bytes));

/** The same in everything that JSON can say, -0 included, whatever the order of keys. */
function same(a: unknown, b: unknown): boolean {
  if (typeof a !== "object" || typeof b !== "object" || a === null || b === null) return Object.is(a, b);
  if (a instanceof Date) return b instanceof Date && a.getTime() === b.getTime();
  if (a instanceof Uint8Array) return b instanceof Uint8Array && hex(a) === hex(b);
  if (Object.getPrototypeOf(a) !== Object.getPrototypeOf(b)) return false;
  const keys = Reflect.ownKeys(a);
  if (keys.length !== Reflect.ownKeys(b).length) return false;
  return keys.every((name) => same(own(a, name), own(b, name)));
}

function own(object: object, name: PropertyKey): unknown {
  return Object.getOwnPropertyDescriptor(object, name)?.value;
}

/** The same value with the keys of every object in the opposite order. */
function reversed(value: JsonValue): JsonValue {
  if (typeof value !== "object" || value === null) return value;
  if (Array.isArray(value)) return (value as JsonValue[]).map(reversed);
  return Object.fromEntries(
    Object.entries(value)
      .toReversed()
      .map(([name, item]) => [name, reversed(item as JsonValue)]),
  );
}

function encode(type: FieldType, value: unknown, padTo?: number): Uint8Array {
  return new Uint8Array(encodeFieldValue(type, value, padTo));
}

/** Without the zeros after the value: what its value is encoded to. */
function unpadded(type: FieldType, bytes: Uint8Array): string {
  return hex(encodeFieldValue(type, decodeFieldValue(type, bytes)));
}

describe("field values", () => {
  test("come back as they were, padded or not", () => {
    fc.assert(
      fc.property(typed, padTo, ([type, value], padTo) => {
        const encoded = encode(type, value, padTo);
        expect(encoded.length % (padTo ?? 1)).toBe(0);
        expect(same(decodeFieldValue(type, encoded), value)).toBe(true);
        expect(hex(encoded)).toMatch(new RegExp(`^${hex(encode(type, value))}(00)*$`));
      }),
      { numRuns: 1000 },
    );
  });

  test("have one encoding, whatever the order of keys", () => {
    fc.assert(
      fc.property(json, (value) => {
        expect(hex(encode("json", reversed(value)))).toBe(hex(encode("json", value)));
      }),
    );
  });

  test("differ where their encodings do, and only there", () => {
    fc.assert(
      fc.property(json, json, (a, b) => {
        expect(hex(encode("json", a)) === hex(encode("json", b))).toBe(same(a, b));
      }),
    );
  });

  test("are all that any bytes decode to, each from its own bytes and zeros", () => {
    let decoded = 0;
    fc.assert(
      fc.property(fc.constantFrom(...types), likelyBytes, (type, bytes) => {
        if (decodeFieldValue(type, bytes) === undefined) return;
        decoded += 1;
        expect(hex(bytes)).toMatch(new RegExp(`^${unpadded(type, bytes)}(00)*$`));
        expect(type === "json" || encodedType(bytes) === type).toBe(true);
      }),
      { numRuns: 50_000 },
    );
    expect(decoded).toBeGreaterThan(500);
  });

  test("never come out the same when one byte is changed", () => {
    fc.assert(
      fc.property(typed, fc.nat(), fc.integer({ min: 1, max: 255 }), ([type, value], position, change) => {
        const encoded = encode(type, value);
        const at = position % encoded.length;
        const changed = encoded.with(at, (encoded[at] ?? 0) ^ change);
        for (const type of types) expect(same(decodeFieldValue(type, changed), value)).toBe(false);
      }),
      { numRuns: 2000 },
    );
  });

  test("are in no prefix of their encoding", () => {
    fc.assert(
      fc.property(typed, ([type, value]) => {
        const encoded = encode(type, value);
        for (let length = 0; length < encoded.length; length += 1) {
          const prefix = encoded.subarray(0, length);
          const outcomes = new Set(types.map((type) => decodeFieldValue(type, prefix)));
          expect(outcomes).toEqual(new Set([undefined]));
        }
      }),
      { numRuns: 50 },
    );
  });

  test("are as short as their numbers allow", () => {
    fc.assert(
      fc.property(number, (value) => {
        const [initial] = encode("number", value);
        const integer = Number.isSafeInteger(value) && !Object.is(value, -0);
        expect([0xf9, 0xfa, 0xfb].includes(initial ?? 0)).toBe(!integer);
        expect(initial === 0xfb).toBe(!integer && Math.fround(value) !== value);
      }),
    );
  });
});

test("every binary16 that is no safe integer is written as one, and nothing between them is", () => {
  const halves: number[] = [];
  for (let bits = 0; bits < 0x1_0000; bits += 1) {
    const bytes = Uint8Array.of(0xf9, bits >> 8, bits & 0xff);
    const value = decodeFieldValue("number", bytes);
    if (value !== undefined && hex(encodeFieldValue("number", value)) === hex(bytes)) halves.push(value);
  }
  expect(halves).toHaveLength(countHalves());
  const between = halves.flatMap((half) => {
    const exponent = Math.max(-14, Math.floor(Math.log2(Math.abs(half))));
    return [11, 12, 23, 24, 40].map((bit) => half + (half < 0 ? -1 : 1) * 2 ** (exponent - bit)); // bit 10 is a binary16's last
  });
  expect(between.filter((value) => encodeFieldValue("number", value)[0] === 0xf9)).toEqual([]);
});

/** Those with a fraction, of both signs, and -0. Of the 1,024 from 2^e to 2^(e + 1), 2^e are integers. */
function countHalves(): number {
  let count = 1023; // below 2^-14
  for (let exponent = -14; exponent < 0; exponent += 1) count += 1024;
  for (let exponent = 0; exponent < 10; exponent += 1) count += 1024 - 2 ** exponent;
  return 2 * count + 1;
}
