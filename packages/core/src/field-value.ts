import { writeJson } from "./field-value-json.ts";
import { isBytes, nameOf, timeOf } from "./field-value-kinds.ts";
import { FieldValueReader } from "./field-value-reader.ts";
import * as writer from "./field-value-writer.ts";

const { major, simple } = writer;

export type FieldType = "string" | "number" | "boolean" | "date" | "bytes" | "json";
/** What JSON can say. The order of an object's keys is not kept. */
export type JsonValue = string | number | boolean | null | readonly JsonValue[] | { readonly [key: string]: JsonValue };

/** What a field of each type holds. */
export interface FieldValues {
  /** Without lone surrogates. */
  string: string;
  /** Finite; -0 stays -0. */
  number: number;
  boolean: boolean;
  date: Date;
  bytes: Uint8Array;
  /** Not null itself. */
  json: JsonValue;
}

const maxPadTo = 65_536;
const extendedTime = 1001; // tag, RFC 9581 §3

/**
 * The content of a field's message: one value in deterministic CBOR, then zeros up to a multiple of `padTo`.
 *
 * @param padTo 1 to 65,536.
 * @returns A view that is valid until the next call or {@link wipeFieldScratch}.
 * @throws {TypeError | RangeError} for what is not a value of that type. Says expected and got, never the value.
 * @see docs/envelope-format.md §17
 */
export function encodeFieldValue(type: FieldType, value: unknown, padTo = 1): Uint8Array {
  if (!Number.isInteger(padTo) || padTo < 1 || padTo > maxPadTo)
    throw new RangeError(`expected padTo as an integer from 1 to ${maxPadTo}`);
  const number = writer.beginValue();
  write(type, value);
  return writer.endValue(number, padTo);
}

function write(type: FieldType, value: unknown): void {
  switch (type) {
    case "string":
      if (typeof value !== "string") throw new TypeError(`expected text, got ${nameOf(value)}`);
      if (!writer.writeText(value)) throw new TypeError("expected well-formed text, got a lone surrogate");
      return;
    case "number":
      if (typeof value !== "number") throw new TypeError(`expected a number, got ${nameOf(value)}`);
      if (!Number.isFinite(value)) throw new TypeError("expected a finite number, got another one");
      return writer.writeNumber(value);
    case "boolean":
      if (typeof value !== "boolean") throw new TypeError(`expected a boolean, got ${nameOf(value)}`);
      return writer.writeSimple(value ? simple.true : simple.false);
    case "date":
      return writeDate(value);
    case "bytes":
      if (!isBytes(value)) throw new TypeError(`expected bytes as a Uint8Array, got ${nameOf(value)}`);
      return writer.writeBytes(value);
    case "json":
      return writeJson(value);
    default:
      throw new TypeError("expected one of the types string, number, boolean, date, bytes and json");
  }
}

/** RFC 9581: seconds, rounded down (key 1), and milliseconds from there on (key -3). */
function writeDate(value: unknown): void {
  const time = timeOf(value);
  if (time === undefined) throw new TypeError(`expected a Date, got ${nameOf(value)}`);
  if (Number.isNaN(time)) throw new TypeError("expected a valid Date, got an invalid one");
  const seconds = Math.floor(time / 1000);
  const milliseconds = time - seconds * 1000;
  writer.writeHead(major.tag, extendedTime);
  writer.writeHead(major.map, milliseconds === 0 ? 1 : 2);
  writer.writeNumber(1);
  writer.writeNumber(seconds);
  if (milliseconds === 0) return;
  writer.writeNumber(-3);
  writer.writeNumber(milliseconds);
}

/**
 * Reads what {@link encodeFieldValue} wrote, and nothing else.
 *
 * @param bytes Any bytes. A `Buffer` is read faster than a plain `Uint8Array`.
 * @returns The value; bytes are a copy. `undefined` for bytes that are not the encoding of a value of that type.
 */
export function decodeFieldValue<T extends FieldType>(type: T, bytes: Uint8Array): FieldValues[T] | undefined {
  const kind = kindOf(bytes[0]);
  if (kind !== type && !(type === "json" && (kind === "string" || kind === "number" || kind === "boolean"))) return undefined;
  const reader = new FieldValueReader(bytes);
  const value = kind === "date" ? reader.date() : kind === "bytes" ? reader.byteString() : reader.json();
  return reader.atPadding() ? (value as FieldValues[T] | undefined) : undefined;
}

/** The type of the value that the bytes are, `undefined` where they are none. For error messages. */
export function encodedType(bytes: Uint8Array): FieldType | undefined {
  const kind = kindOf(bytes[0]);
  return kind !== undefined && decodeFieldValue(kind, bytes) !== undefined ? kind : undefined;
}

const kinds: readonly FieldType[] = ["number", "number", "bytes", "string", "json", "json", "date"]; // by major type

/** The type of a value that begins with this byte. */
function kindOf(initial: number = simple.null): FieldType | undefined {
  if (initial === simple.false || initial === simple.true) return "boolean";
  if (initial >= simple.half && initial <= simple.double) return "number";
  return kinds[initial >> 5];
}

/** Overwrites what the values encoded so far left in memory; their views are no longer valid. To be called after each row. */
export const wipeFieldScratch: () => void = writer.wipeFieldScratch;
