import { array, bstr, fromHex, head, hex, int, join, map, tstr } from "./raw-cbor.ts";

// §17 of the format: what is inside a field. Written from the page and RFC 8949, not from the sources.

export interface FieldValueVector {
  readonly name: string;
  readonly type: "string" | "number" | "boolean" | "date" | "bytes" | "json";
  /** JSON; for `date` milliseconds since 1970, for `bytes` hexadecimal. */
  readonly value: string;
  readonly padTo?: number;
  readonly encoded: string;
}

export type FieldValueRefusal = Pick<FieldValueVector, "name" | "type" | "encoded">;

type Encoded = Uint8Array;
const maxSafe = Number.MAX_SAFE_INTEGER;
const tag1001 = head(6, 1001);
const minus3 = int(-3);
const yes = fromHex("f5");
const no = fromHex("f4");
const none = fromHex("f6");
const zeros = (length: number): Encoded => new Uint8Array(length);
const nested = (depth: number): Encoded => join(new Uint8Array(depth - 1).fill(0x81), array());
const date = (...entries: readonly (readonly [Encoded, Encoded])[]): Encoded => join(tag1001, map(...entries));

const text: readonly string[] = [
  "",
  "a",
  "ada@example.com",
  "\u0000",
  "\ufeffa byte order mark",
  "\u00fc",
  "e\u0301",
  "\u6c34",
  "\u{10151}",
  "\uffff",
  "x".repeat(23),
  "x".repeat(24),
  "\u00fc".repeat(12),
  "x".repeat(255),
  "x".repeat(256),
];

const lastOfHeads = [0, 23, 255, 65_535, 2 ** 32 - 1]; // the next one needs a longer head
const integers: readonly number[] = [...lastOfHeads.flatMap((last) => [last, last + 1, -1 - last, -2 - last]), maxSafe, -maxSafe];

// Mostly from RFC 8949 Appendix A.
const floats: readonly (readonly [value: string, encoded: string])[] = [
  ["-0.0", "f98000"],
  ["1.5", "f93e00"],
  ["-1.5", "f9be00"],
  ["5.960464477539063e-8", "f90001"],
  ["6.097555160522461e-5", "f903ff"],
  ["0.00006103515625", "f90400"],
  ["1023.5", "f963ff"],
  ["2.9802322387695312e-8", "fa33000000"],
  ["0.000030547380447387695", "fa38002000"],
  ["1024.25", "fa44800800"],
  ["9007199254740992", "fa5a000000"],
  ["-9007199254740992", "fada000000"],
  ["3.4028234663852886e+38", "fa7f7fffff"],
  ["1.401298464324817e-45", "fa00000001"],
  ["1.1", "fb3ff199999999999a"],
  ["-4.1", "fbc010666666666666"],
  ["9007199254740994", "fb4340000000000001"],
  ["1e20", "fb4415af1d78b58c40"],
  ["1.0e+300", "fb7e37e43c8800759c"],
  ["5e-324", "fb0000000000000001"],
  ["1.7976931348623157e+308", "fb7fefffffffffffff"],
];

const dates: readonly (readonly [ms: number, encoded: Encoded])[] = [
  [0, date([int(1), int(0)])],
  [1, date([int(1), int(0)], [minus3, int(1)])],
  [-1, date([int(1), int(-1)], [minus3, int(999)])],
  [-1000, date([int(1), int(-1)])],
  [1_790_000_000_000, date([int(1), int(1_790_000_000)])],
  [1_790_000_000_123, date([int(1), int(1_790_000_000)], [minus3, int(123)])],
  [8.64e15, date([int(1), int(8.64e12)])],
  [8.64e15 - 1, date([int(1), int(8.64e12 - 1)], [minus3, int(999)])],
  [-8.64e15, date([int(1), int(-8.64e12)])],
  [-8.64e15 + 1, date([int(1), int(-8.64e12)], [minus3, int(1)])],
];

const json: readonly (readonly [name: string, value: string, encoded: Encoded])[] = [
  ["text", '"x"', tstr("x")],
  ["a number", "7", int(7)],
  ["-0", "-0.0", fromHex("f98000")],
  ["true", "true", yes],
  ["an empty array", "[]", array()],
  ["an empty object", "{}", map()],
  [
    "one of each",
    '[null, false, true, -1, 0.5, "a", [], {}]',
    array(none, no, yes, int(-1), fromHex("f93800"), tstr("a"), array(), map()),
  ],
  [
    "keys by length, then by bytes",
    '{"aa": 3, "b": 2, "": 0, "a": 1}',
    map([tstr(""), int(0)], [tstr("a"), int(1)], [tstr("b"), int(2)], [tstr("aa"), int(3)]),
  ],
  [
    "keys that UTF-16 sorts otherwise",
    '{"\\ud83d\\ude00": 2, "\\uffffa": 1, "\\u00fc\\u00fc": 0}',
    map([tstr("\u00fc\u00fc"), int(0)], [tstr("\uffffa"), int(1)], [tstr("\u{1f600}"), int(2)]),
  ],
  ["a key of 24 bytes", `{"${"k".repeat(24)}": null}`, map([tstr("k".repeat(24)), none])],
  ["__proto__", '{"__proto__": {"a": 1}}', map([tstr("__proto__"), map([tstr("a"), int(1)])])],
  ["24 items", `[${"0,".repeat(23)}0]`, join(head(4, 24), zeros(24))],
  ["64 arrays in one another", `${"[".repeat(64)}${"]".repeat(64)}`, nested(64)],
];

const padded: readonly FieldValueVector[] = (
  [
    [16, "", 15],
    [16, "x".repeat(14), 1],
    [16, "x".repeat(15), 0],
    [16, "x".repeat(16), 15],
    [300, "ada@example.com", 284],
  ] as const
).map(([padTo, value, padding]) => ({
  name: `text of ${value.length} bytes, padded to ${padTo}`,
  type: "string",
  value: JSON.stringify(value),
  padTo,
  encoded: hex(join(tstr(value), zeros(padding))),
}));

const bytes: readonly Encoded[] = [zeros(0), fromHex("00ff"), zeros(24), zeros(256)];

function values(): FieldValueVector[] {
  return [
    ...text.map((value, i) => ({
      name: `text ${i}`,
      type: "string" as const,
      value: JSON.stringify(value),
      encoded: hex(tstr(value)),
    })),
    ...integers.map((value) => ({
      name: `integer ${value}`,
      type: "number" as const,
      value: String(value),
      encoded: hex(int(value)),
    })),
    ...floats.map(([value, encoded]) => ({ name: `float ${value}`, type: "number" as const, value, encoded })),
    { name: "true", type: "boolean", value: "true", encoded: hex(yes) },
    { name: "false", type: "boolean", value: "false", encoded: hex(no) },
    ...dates.map(([ms, encoded]) => ({ name: `date ${ms}`, type: "date" as const, value: String(ms), encoded: hex(encoded) })),
    ...bytes.map((value) => ({
      name: `${value.length} bytes`,
      type: "bytes" as const,
      value: hex(value),
      encoded: hex(bstr(value)),
    })),
    ...json.map(([name, value, encoded]) => ({ name: `json: ${name}`, type: "json" as const, value, encoded: hex(encoded) })),
    ...padded,
  ];
}

const one = [int(1), int(7)] as const;
const notText = [int(1), yes, bstr(Buffer.from("x")), array(), map(), date(one), none] as const;

const refusedNumbers: readonly (readonly [name: string, encoded: string])[] = [
  ["1 in two bytes", "1801"],
  ["2^53 as an integer", "1b0020000000000000"],
  ["-2^53 as an integer", "3b001fffffffffffff"],
  ["a bignum", "c249010000000000000000"],
  ["1 as a half", "f93c00"],
  ["0 as a half", "f90000"],
  ["2^32 as a single", "fa4f800000"],
  ["2^53 - 1 as a double", "fb433fffffffffffff"],
  ["1.5 as a single", "fa3fc00000"],
  ["-0 as a single", "fa80000000"],
  ["1.5 as a double", "fb3ff8000000000000"],
  ["2^53 as a double", "fb4340000000000000"],
  ["infinity as a half", "f97c00"],
  ["-infinity as a half", "f9fc00"],
  ["infinity as a single", "fa7f800000"],
  ["infinity as a double", "fb7ff0000000000000"],
  ["NaN as a half", "f97e00"],
  ["NaN as a single", "fa7fc00000"],
  ["NaN as a double", "fb7ff8000000000000"],
  ["NaN with a payload", "fb7ff8000000000001"],
  ["half of a half", "f93e"],
];

const refusedDates: readonly (readonly [name: string, encoded: Encoded])[] = [
  ["a number", int(7)],
  ["text of RFC 3339", tstr("2026-11-22T00:00:00Z")],
  ["tag 0", join(head(6, 0), tstr("2026-11-22T00:00:00Z"))],
  ["tag 1", join(head(6, 1), int(7))],
  ["tag 1001 in a longer head", join(head(6, 1001, 4), map(one))],
  ["tag 1001 over seconds alone", join(tag1001, int(7))],
  ["an array of 1 and seconds", join(tag1001, array(int(1), int(7)))],
  ["a map in a longer head", join(tag1001, head(5, 1, 1), ...one)],
  ["no seconds", date([minus3, int(1)])],
  ["seconds as a float", date([int(1), fromHex("f93e00")])],
  ["0 milliseconds", date(one, [minus3, int(0)])],
  ["1000 milliseconds", date(one, [minus3, int(1000)])],
  ["-1 milliseconds", date(one, [minus3, int(-1)])],
  ["milliseconds before seconds", date([minus3, int(1)], one)],
  ["microseconds", date(one, [int(-6), int(1)])],
  ["seconds twice", date(one, one)],
  ["a third entry", date(one, [minus3, int(1)], [int(-6), int(1)])],
  ["after the last date", date([int(1), int(8.64e12)], [minus3, int(1)])],
  ["a second after the last date", date([int(1), int(8.64e12 + 1)])],
  ["before the first date", date([int(1), int(-8.64e12 - 1)], [minus3, int(999)])],
];

const refusedJson: readonly (readonly [name: string, encoded: Encoded])[] = [
  ["null itself", none],
  ["undefined", fromHex("f7")],
  ["undefined in an array", array(fromHex("f7"))],
  ["bytes", bstr(zeros(1))],
  ["bytes in an array", array(bstr(zeros(1)))],
  ["a date", date(one)],
  ["a date in an array", array(date(one))],
  ["another simple value", fromHex("f0")],
  ["a simple value in two bytes", fromHex("f814")],
  ["an array of indefinite length", fromHex("9f00ff")],
  ["an object of indefinite length", fromHex("bf616100ff")],
  ["unsorted keys", map([tstr("b"), int(1)], [tstr("a"), int(2)])],
  ["a longer key first", map([tstr("aa"), int(1)], [tstr("b"), int(2)])],
  ["a repeated key", map([tstr("a"), int(1)], [tstr("a"), int(2)])],
  ["a number as a key", map([int(1), int(1)])],
  ["bytes as a key", map([bstr(zeros(1)), int(1)])],
  ["a key without a value", join(head(5, 1), tstr("a"))],
  ["fewer items than the head says", join(head(4, 3), zeros(2))],
  ["more items than there could be", head(4, maxSafe)],
  ["more entries than there could be", head(5, maxSafe)],
  ["65 arrays in one another", nested(65)],
  ["a thousand arrays in one another", nested(1000)],
];

function refused(): FieldValueRefusal[] {
  return [
    { name: "nothing", type: "string", encoded: "" },
    ...notText.map((value, i) => ({ name: `not text ${i}`, type: "string" as const, encoded: hex(value) })),
    { name: "text that is not UTF-8", type: "string", encoded: "6180" },
    { name: "a surrogate in UTF-8", type: "string", encoded: "63eda080" },
    { name: "a slash in two bytes", type: "string", encoded: "62c0af" },
    { name: "text of indefinite length", type: "string", encoded: "7f6161ff" },
    { name: "text in a longer head", type: "string", encoded: "780161" },
    { name: "text shorter than its head says", type: "string", encoded: "6261" },
    { name: "two texts", type: "string", encoded: "61616162" },
    { name: "padding that is not zeros", type: "string", encoded: "6161000001" },
    { name: "zeros before the value", type: "string", encoded: "006161" },
    { name: "text as a number", type: "number", encoded: hex(tstr("1")) },
    { name: "true as a number", type: "number", encoded: hex(yes) },
    ...refusedNumbers.map(([name, encoded]) => ({ name, type: "number" as const, encoded })),
    { name: "a number as a boolean", type: "boolean", encoded: hex(int(1)) },
    { name: "null as a boolean", type: "boolean", encoded: hex(none) },
    { name: "true in two bytes", type: "boolean", encoded: "f815" },
    ...refusedDates.map(([name, encoded]) => ({ name: `date: ${name}`, type: "date" as const, encoded: hex(encoded) })),
    { name: "text as bytes", type: "bytes", encoded: hex(tstr("x")) },
    { name: "bytes in a longer head", type: "bytes", encoded: "580100" },
    { name: "bytes of indefinite length", type: "bytes", encoded: "5f4100ff" },
    { name: "4 GB of bytes", type: "bytes", encoded: "5affffffff" },
    ...refusedJson.map(([name, encoded]) => ({ name: `json: ${name}`, type: "json" as const, encoded: hex(encoded) })),
  ];
}

/** What is in field-values.json. */
export function fieldValueVectors(): {
  readonly values: readonly FieldValueVector[];
  readonly refused: readonly FieldValueRefusal[];
} {
  return { values: values(), refused: refused() };
}
