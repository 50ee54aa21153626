import { describe, expect, test } from "vitest";
import {
  decodeFieldValue,
  encodedType,
  encodeFieldValue,
  wipeFieldScratch,
  type FieldType,
  type FieldValues,
} from "../src/field-value.ts";
import { maxPlaintextBytes } from "../src/sealed-message.ts";
import type { FieldValueRefusal, FieldValueVector } from "./vectors/field-values.ts";
import { fromHex, hex } from "./vectors/raw-cbor.ts";
import { vectorText } from "./vectors/read-vectors.ts";

const { values, refused } = JSON.parse(vectorText("field-values.json")) as {
  values: FieldValueVector[];
  refused: FieldValueRefusal[];
};
const types: readonly FieldType[] = ["string", "number", "boolean", "date", "bytes", "json"];

function valueOf({ type, value }: FieldValueVector): FieldValues[FieldType] {
  if (type === "bytes") return fromHex(value);
  const parsed = JSON.parse(value) as FieldValues["json"];
  return type === "date" ? new Date(parsed as number) : parsed;
}

describe("the frozen vectors", () => {
  test.each(values)("encode and decode: $name", (vector) => {
    const { type, encoded, padTo } = vector;
    const value = valueOf(vector);
    expect(hex(encodeFieldValue(type, value, padTo))).toBe(encoded);
    for (const bytes of [fromHex(encoded), Buffer.from(encoded, "hex")]) {
      expect(Object.is(decodeFieldValue(type, bytes), value) || typeof value === "object").toBe(true);
      expect(decodeFieldValue(type, bytes)).toStrictEqual(value);
    }
  });

  test.each(values)("are of one type, or of one and json: $name", ({ type, encoded }) => {
    const bytes = fromHex(encoded);
    const kind = encodedType(bytes);
    const readable = types.filter((type) => decodeFieldValue(type, bytes) !== undefined);
    expect(type === "json" || type === kind).toBe(true);
    expect(readable).toEqual(types.filter((type) => type === kind || (type === "json" && kind !== "date" && kind !== "bytes")));
  });

  test.each(values)("decode the same with more padding, and not at all with other bytes after them: $name", (vector) => {
    const { type, encoded } = vector;
    expect(decodeFieldValue(type, fromHex(`${encoded}000000`))).toStrictEqual(valueOf(vector));
    expect(decodeFieldValue(type, fromHex(`${encoded}000100`))).toBeUndefined();
    expect(decodeFieldValue(type, fromHex(`${encoded}f6`))).toBeUndefined();
  });

  test.each(refused)("refuse as $type: $name", ({ type, encoded }) => {
    expect(decodeFieldValue(type, fromHex(encoded))).toBeUndefined();
    expect(decodeFieldValue(type, Buffer.from(encoded, "hex"))).toBeUndefined();
  });
});

describe("encoding refuses", () => {
  test.each<[FieldType, string, unknown, string]>([
    ["string", "undefined", undefined, "expected text, got undefined"],
    ["string", "null", null, "expected text, got null"],
    ["string", "a number", 1, "expected text, got a number"],
    ["string", "a String object", Object("a"), "expected text, got an instance of a class"],
    ["string", "an array", ["a"], "expected text, got an array"],
    ["string", "an object", {}, "expected text, got an object"],
    ["string", "a Date", new Date(0), "expected text, got a Date"],
    ["string", "bytes", Buffer.from("a"), "expected text, got bytes"],
    ["string", "a function", () => "a", "expected text, got a function"],
    ["string", "a lone surrogate", "a\ud800", "expected well-formed text, got a lone surrogate"],
    ["string", "one in long text", `${"a".repeat(100)}\udc00`, "expected well-formed text, got a lone surrogate"],
    ["number", "text", "1", "expected a number, got text"],
    ["number", "a bigint", 1n, "expected a number, got a bigint"],
    ["number", "NaN", Number.NaN, "expected a finite number, got another one"],
    ["number", "infinity", Infinity, "expected a finite number, got another one"],
    ["number", "-infinity", -Infinity, "expected a finite number, got another one"],
    ["boolean", "a number", 1, "expected a boolean, got a number"],
    ["boolean", "text", "true", "expected a boolean, got text"],
    ["date", "an invalid one", new Date(Number.NaN), "expected a valid Date, got an invalid one"],
    ["date", "a number", 0, "expected a Date, got a number"],
    ["date", "text", "2026-11-22", "expected a Date, got text"],
    ["date", "what only looks like one", Object.create(Date.prototype), "expected a Date, got an instance of a class"],
    ["date", "a proxy of one", new Proxy(new Date(0), {}), "expected a Date, got an instance of a class"],
    ["bytes", "text", "00", "expected bytes as a Uint8Array, got text"],
    ["bytes", "an array", [0], "expected bytes as a Uint8Array, got an array"],
    ["bytes", "other views", new Uint16Array(1), "expected bytes as a Uint8Array, got an instance of a class"],
    ["bytes", "a buffer", new ArrayBuffer(1), "expected bytes as a Uint8Array, got an instance of a class"],
    [
      "bytes",
      "what only looks like them",
      Object.create(Uint8Array.prototype),
      "expected bytes as a Uint8Array, got an instance of a class",
    ],
    ["text" as "string", "an unknown type", "a", "expected one of the types string, number, boolean, date, bytes and json"],
  ])("as %s: %s", (type, _what, value, message) => {
    expect(() => encodeFieldValue(type, value)).toThrow(new TypeError(message));
  });

  test.each([0, -1, 1.5, 65_537, Number.NaN, Infinity, "16" as unknown as number])("padTo %s", (padTo) => {
    expect(() => encodeFieldValue("string", "a", padTo)).toThrow(new RangeError("expected padTo as an integer from 1 to 65536"));
  });

  test("what is more than a message can hold, before it takes memory", () => {
    const message = `expected a value of at most ${maxPlaintextBytes} bytes once encoded`;
    expect(() => encodeFieldValue("bytes", new Uint8Array(maxPlaintextBytes))).toThrow(new RangeError(message));
    expect(() => encodeFieldValue("string", "\u6c34".repeat(maxPlaintextBytes / 3))).toThrow(new RangeError(message));
    const few = "x".repeat(maxPlaintextBytes - 5); // a head of 5 bytes
    expect(encodeFieldValue("string", few)).toHaveLength(maxPlaintextBytes);
    expect(() => encodeFieldValue("string", few.slice(1), 65_535)).toThrow(new RangeError(message));
    let doubling: unknown = "x".repeat(1_000_000);
    for (let i = 0; i < 60; i += 1) doubling = [doubling, doubling];
    expect(() => encodeFieldValue("json", doubling)).toThrow(new RangeError(message));
  });
});

describe("padding", () => {
  test.each([
    [1, 7],
    [6, 12],
    [7, 7],
    [8, 8],
    [64, 64],
    [65_536, 65_536],
  ])("to a multiple of %i makes 7 bytes %i", (padTo, length) => {
    expect(encodeFieldValue("string", "secret", padTo)).toHaveLength(length);
  });

  test("is zeros, whatever was encoded before", () => {
    encodeFieldValue("bytes", new Uint8Array(200).fill(255));
    expect(hex(encodeFieldValue("boolean", true, 200))).toBe(`f5${"00".repeat(199)}`);
  });

  test("hides the length: values of all lengths below it come out equally long", () => {
    const lengths = Array.from({ length: 62 }, (_, i) => encodeFieldValue("string", "x".repeat(i), 64).length);
    expect(new Set(lengths)).toEqual(new Set([64]));
  });
});

describe("values", () => {
  test.each([0, 1, 23, 24, 63, 64, 65, 255, 256, 4093, 4096, 65_535, 65_536, 200_000])("keep text of %i characters", (length) => {
    for (const text of ["x".repeat(length), `${"x".repeat(length)}\u00fc`, "\u{1f600}".repeat(length / 4)]) {
      const encoded = encodeFieldValue("string", text);
      expect(decodeFieldValue("string", encoded) === text).toBe(true);
      expect(decodeFieldValue("string", new Uint8Array(encoded)) === text).toBe(true);
    }
  });

  test("of bytes are taken from any view and come back as a copy, plain", () => {
    const around = Uint8Array.of(9, 1, 2, 3, 9);
    for (const view of [around.subarray(1, 4), Buffer.from(around.buffer, 1, 3)]) {
      const encoded = Buffer.from(encodeFieldValue("bytes", view));
      const decoded = decodeFieldValue("bytes", encoded);
      expect(decoded).toStrictEqual(Uint8Array.of(1, 2, 3));
      encoded.fill(0);
      expect(decoded).toStrictEqual(Uint8Array.of(1, 2, 3));
      expect(decoded?.constructor).toBe(Uint8Array);
      expect(decoded?.buffer.byteLength).toBe(3);
    }
  });

  test("of dates are what the Date holds, whatever its methods say", () => {
    class Never extends Date {
      override getTime(): number {
        return Number.NaN;
      }
      override valueOf(): number {
        return Number.NaN;
      }
    }
    const encoded = encodeFieldValue("date", new Never(5));
    expect(decodeFieldValue("date", encoded)).toStrictEqual(new Date(5));
  });

  test("that are no values at all have no type", () => {
    for (const encoded of ["", "f6", "f7", "00ff", "6180", "d903e9", "ff"]) expect(encodedType(fromHex(encoded))).toBeUndefined();
  });
});

describe("the scratch", () => {
  test("is overwritten as far as it was used, a larger one too", () => {
    for (const text of ["secret", "secret".repeat(10_000)]) {
      const long = encodeFieldValue("string", text);
      const short = encodeFieldValue("number", 1.5);
      expect(long.some((byte) => byte !== 0)).toBe(true);
      wipeFieldScratch();
      expect([...long, ...short].every((byte) => byte === 0)).toBe(true);
    }
  });

  test("is overwritten where a larger one takes its place", () => {
    wipeFieldScratch();
    const short = encodeFieldValue("string", "secret");
    encodeFieldValue("string", "x".repeat(10_000));
    expect(short.every((byte) => byte === 0)).toBe(true);
  });

  test("is overwritten after a value that was refused half-way", () => {
    const view = encodeFieldValue("string", "another secret");
    expect(() => encodeFieldValue("json", ["the third secret", undefined])).toThrow(TypeError);
    expect(Buffer.from(view).includes("third")).toBe(true);
    wipeFieldScratch();
    expect(view.every((byte) => byte === 0)).toBe(true);
    expect(hex(encodeFieldValue("json", ["a"]))).toBe("816161");
  });
});
