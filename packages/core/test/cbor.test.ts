import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { cborHead, decodeCbor, encodeCbor, type CborValue } from "../src/cbor.ts";
import { anyCharacter } from "./any-character.ts";

const hex = (text: string): Uint8Array => new Uint8Array(Buffer.from(text.replaceAll(" ", ""), "hex"));
const toHex = (bytes: Uint8Array): string => Buffer.from(bytes).toString("hex");

// RFC 8949 Appendix A, what there is of it in the subset.
const appendixA: readonly [encoded: string, value: CborValue][] = [
  ["00", 0],
  ["01", 1],
  ["0a", 10],
  ["17", 23],
  ["1818", 24],
  ["1819", 25],
  ["1864", 100],
  ["1903e8", 1000],
  ["1a000f4240", 1_000_000],
  ["1b000000e8d4a51000", 1_000_000_000_000],
  ["20", -1],
  ["29", -10],
  ["3863", -100],
  ["3903e7", -1000],
  ["40", new Uint8Array(0)],
  ["4401020304", Uint8Array.of(1, 2, 3, 4)],
  ["60", ""],
  ["6161", "a"],
  ["6449455446", "IETF"],
  ["62225c", '"\\'],
  ["62c3bc", "\u00fc"],
  ["63e6b0b4", "\u6c34"],
  ["64f0908591", "\u{10151}"],
  ["80", []],
  ["83010203", [1, 2, 3]],
  ["8301820203820405", [1, [2, 3], [4, 5]]],
  ["a0", new Map()],
  [
    "a201020304",
    new Map([
      [1, 2],
      [3, 4],
    ]),
  ],
  [
    "a26161016162820203",
    new Map<string, CborValue>([
      ["a", 1],
      ["b", [2, 3]],
    ]),
  ],
  ["826161a161626163", ["a", new Map([["b", "c"]])]],
  [
    "a56161614161626142616361436164614461656145",
    new Map([
      ["a", "A"],
      ["b", "B"],
      ["c", "C"],
      ["d", "D"],
      ["e", "E"],
    ]),
  ],
];

const wide = { maxDepth: 16, maxItems: 64 };
const leaf = fc.oneof(fc.maxSafeInteger(), fc.string({ unit: anyCharacter }), fc.uint8Array());
const key = fc.oneof(fc.maxSafeInteger(), fc.string({ unit: anyCharacter }));
const { value } = fc.letrec<{ value: CborValue; many: CborValue; map: CborValue }>((tie) => ({
  value: fc.oneof({ depthSize: "small", maxDepth: 6 }, leaf, tie("many"), tie("map")),
  many: fc.array(tie("value"), { maxLength: 8 }),
  map: fc
    .uniqueArray(fc.tuple(key, tie("value")), { maxLength: 8, selector: ([name]) => name })
    .map((entries) => new Map(entries)),
}));

describe("encoding and decoding", () => {
  test.each(appendixA)("agrees with RFC 8949 appendix A on %s", (encoded, decoded) => {
    expect(toHex(encodeCbor(decoded))).toBe(encoded);
    expect(decodeCbor(hex(encoded))).toEqual(decoded);
  });

  test("are inverse", () => {
    fc.assert(
      fc.property(value, (original) => {
        expect(sorted(decodeCbor(encodeCbor(original), wide))).toEqual(sorted(original));
      }),
    );
  });

  test("know one encoding of each value: bytes that decode encode to the same bytes", () => {
    fc.assert(
      fc.property(fc.uint8Array({ maxLength: 24 }), (bytes) => {
        const decoded = decodeCbor(bytes, wide);
        return decoded === undefined || toHex(encodeCbor(decoded)) === toHex(bytes);
      }),
      { numRuns: 20_000 },
    );
  });

  test("refuse every changed bit or decode it to another value", () => {
    fc.assert(
      fc.property(value, fc.nat(), (original, at) => {
        const bytes = encodeCbor(original);
        const bit = at % (bytes.length * 8);
        const changed = bytes.map((byte, index) => (index === bit >> 3 ? byte ^ (1 << (bit & 7)) : byte));
        const decoded = decodeCbor(changed, wide);
        return decoded === undefined || toHex(encodeCbor(decoded)) !== toHex(bytes);
      }),
    );
  });

  test("refuse every prefix", () => {
    fc.assert(
      fc.property(value, (original) => {
        const bytes = encodeCbor(original);
        for (let length = 0; length < bytes.length; length += 1)
          expect(decodeCbor(bytes.subarray(0, length), wide)).toBeUndefined();
      }),
    );
  });

  test("sort map keys by their encodings, whatever order they were put in", () => {
    const map = new Map<string | number, CborValue>([
      ["b", 1],
      ["aa", 2],
      [-1, 3],
      [100, 4],
      ["a", 5],
      [10, 6],
    ]);
    // RFC 8949 §4.2.1: 10, 100, -1, "a", "b", "aa"
    expect(toHex(encodeCbor(map))).toBe("a6 0a06 186404 2003 616105 616201 62616102".replaceAll(" ", ""));
  });

  test("take integers up to the safe ones", () => {
    for (const edge of [Number.MAX_SAFE_INTEGER, Number.MIN_SAFE_INTEGER, 2 ** 32, 2 ** 32 - 1, -(2 ** 32), 65_535, 65_536]) {
      expect(decodeCbor(encodeCbor(edge))).toBe(edge);
    }
    expect(toHex(encodeCbor(-0))).toBe("00");
  });
});

describe("encoding refuses", () => {
  test.each([1.5, Number.NaN, Infinity, 2 ** 53, -(2 ** 53)])("the number %s", (number) => {
    expect(() => encodeCbor(number)).toThrow(TypeError);
  });

  test("text with a lone surrogate", () => {
    expect(() => encodeCbor("\ud800")).toThrow(TypeError);
    expect(() => encodeCbor(new Map([["\udc00", 1]]))).toThrow(TypeError);
  });
});

describe("decoding refuses", () => {
  test.each([
    ["nothing", ""],
    ["a longer head than needed: 0 in two bytes", "1800"],
    ["23 in two bytes", "1817"],
    ["255 in three bytes", "1900ff"],
    ["65,535 in five bytes", "1a0000ffff"],
    ["2^32 - 1 in nine bytes", "1b00000000ffffffff"],
    ["-1 in two bytes", "3800"],
    ["a byte string of a longer head", "580101"],
    ["a text of a longer head", "780161"],
    ["an array of a longer head", "980101"],
    ["a map of a longer head", "b8010102"],
    ["2^53", "1b0020000000000000"],
    ["2^64 - 1", "1bffffffffffffffff"],
    ["-2^53", "3b001fffffffffffff"],
    ["-2^64", "3bffffffffffffffff"],
    ["unsorted keys", "a203040102"],
    ["unsorted text keys", "a2616201616101"],
    ["a longer key before a shorter", "a262616101616201"],
    ["a repeated key", "a201020103"],
    ["a repeated text key", "a2616101616102"],
    ["a byte string as a key", "a1416101"],
    ["an array as a key", "a1810101"],
    ["a map as a key", "a1a001"],
    ["a map with a key and no value", "a101"],
    ["indefinite bytes", "5f420102ff"],
    ["an indefinite text", "7f6161ff"],
    ["an indefinite array", "9f01ff"],
    ["an indefinite map", "bf0102ff"],
    ["a break", "ff"],
    ["the reserved heads 28 to 30", "1c"],
    ["29", "1d"],
    ["30", "1e"],
    ["a tag", "c11a514b67b0"],
    ["a bignum", "c249010000000000000000"],
    ["false", "f4"],
    ["null", "f6"],
    ["undefined", "f7"],
    ["a half float", "f93c00"],
    ["a float", "fa47c35000"],
    ["a double", "fb3ff199999999999a"],
    ["trailing bytes", "0000"],
    ["bytes beyond the end", "4401020304".slice(0, -2)],
    ["4 GB of bytes", "5affffffff"],
    ["4 GB of text", "7affffffff"],
    ["4 billion items", "9affffffff"],
    ["4 billion entries", "baffffffff"],
    ["2^63 bytes", "5b7fffffffffffffff"],
    ["a lone continuation byte", "6180"],
    ["an overlong slash", "62c0af"],
    ["a surrogate in UTF-8", "63eda080"],
    ["beyond U+10FFFF", "64f4908080"],
    ["half a character", "61c3"],
  ])("%s", (_what, encoded) => {
    expect(decodeCbor(hex(encoded))).toBeUndefined();
    expect(decodeCbor(hex(`81${encoded}`))).toBeUndefined();
  });

  test("more depth than allowed, however long it goes on", () => {
    expect(decodeCbor(hex("8181818100"))).toEqual([[[[0]]]]);
    expect(decodeCbor(hex("818181818100"))).toBeUndefined();
    expect(decodeCbor(new Uint8Array(1_000_000).fill(0x81))).toBeUndefined();
    expect(decodeCbor(new Uint8Array(1_000_000).fill(0xa1))).toBeUndefined();
  });

  test("more items than allowed", () => {
    const items = (count: number): Uint8Array => encodeCbor(Array.from({ length: count }, () => 0));
    expect(decodeCbor(items(16))).toHaveLength(16);
    expect(decodeCbor(items(17))).toBeUndefined();
    expect(decodeCbor(items(17), { maxDepth: 1, maxItems: 17 })).toHaveLength(17);
  });
});

test("text keeps its byte order mark", () => {
  expect(decodeCbor(encodeCbor("\ufeffa"))).toBe("\ufeffa");
});

test("decoded byte strings are views, so nothing is copied that may be secret", () => {
  const bytes = hex("43010203");
  const view = decodeCbor(bytes) as Uint8Array;
  expect(view.buffer).toBe(bytes.buffer);
});

test("a head has the shortest of five lengths", () => {
  expect([0, 23, 24, 255, 256, 65_535, 65_536, 2 ** 32 - 1, 2 ** 32].map((argument) => cborHead(2, argument).length)).toEqual([
    1, 1, 2, 2, 3, 3, 5, 5, 9,
  ]);
});

/** Maps without the order of their entries, -0 as 0. */
function sorted(from: CborValue | undefined): unknown {
  if (typeof from === "number") return from + 0;
  if (from instanceof Map) {
    const entries = [...from].map(([name, item]: [unknown, CborValue]): [string, unknown] => [
      `${typeof name} ${String(name)}`,
      sorted(item),
    ]);
    return entries.sort(([a], [b]) => (a < b ? -1 : 1));
  }
  return Array.isArray(from) ? from.map((item: CborValue) => sorted(item)) : from;
}
