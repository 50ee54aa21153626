import { halfOf } from "./field-value-float.ts";
import { maxPlaintextBytes } from "./sealed-message.ts";

// Field values are written one after another into one buffer that is kept: most are a few bytes, and twenty of them make a row.
const keptBytes = 4096;
const shortText = 64; // up to here a loop is faster than two calls into the engine

export const major = { unsigned: 0, negative: 1, bytes: 2, text: 3, array: 4, map: 5, tag: 6, simple: 7 } as const;
/** Initial bytes of major type 7. RFC 8949 §3.3 */
export const simple = { false: 0xf4, true: 0xf5, null: 0xf6, half: 0xf9, single: 0xfa, double: 0xfb } as const;

/** Told from what a proxy throws. */
export class ValueTooLarge extends RangeError {}

let scratch: Buffer = Buffer.alloc(0);
let at = 0;
/** How far the scratch may hold plaintext. */
let used = 0;
let values = 0;

/** Begins a value. @returns Its number, for {@link endValue}. */
export function beginValue(): number {
  at = 0;
  return (values += 1);
}

/**
 * Ends the value that {@link beginValue} began, with zeros up to a multiple of `padTo`.
 *
 * @returns A view that is valid until the next value begins.
 * @throws {TypeError} where another value began meanwhile: a proxy can run anything while it is read.
 */
export function endValue(number: number, padTo: number): Uint8Array {
  if (number !== values) throw new TypeError("expected a value that encodes no other while it is read");
  const padding = (padTo - (at % padTo)) % padTo;
  if (padding > 0) {
    reserve(padding);
    scratch.fill(0, at, at + padding);
    at += padding;
  }
  return scratch.subarray(0, at);
}

/** Overwrites what the values left in the scratch. Their views are no longer valid. */
export function wipeFieldScratch(): void {
  values += 1;
  scratch.fill(0, 0, used);
  used = 0;
  if (scratch.length > keptBytes) scratch = Buffer.alloc(0);
}

/** Makes room for so many more bytes. */
function reserve(size: number): void {
  const end = at + size;
  if (end > scratch.length) grow(end);
  if (end > used) used = end;
}

function grow(size: number): void {
  if (size > maxPlaintextBytes) throw new ValueTooLarge(`expected a value of at most ${maxPlaintextBytes} bytes once encoded`);
  const larger = Buffer.alloc(Math.min(maxPlaintextBytes, Math.max(keptBytes, size, 2 * scratch.length)));
  scratch.copy(larger, 0, 0, at);
  scratch.fill(0, 0, used);
  scratch = larger;
}

/** The shortest head for a major type and an argument up to 2^53 - 1. */
export function writeHead(type: number, argument: number): void {
  reserve(9);
  const first = type << 5;
  if (argument < 24) {
    scratch[at++] = first | argument;
  } else if (argument < 0x100) {
    scratch[at++] = first | 24;
    scratch[at++] = argument;
  } else if (argument < 0x1_0000) {
    scratch[at++] = first | 25;
    at = scratch.writeUInt16BE(argument, at);
  } else if (argument < 0x1_0000_0000) {
    scratch[at++] = first | 26;
    at = scratch.writeUInt32BE(argument, at);
  } else {
    scratch[at++] = first | 27;
    at = scratch.writeUInt32BE(Math.floor(argument / 0x1_0000_0000), at);
    at = scratch.writeUInt32BE(argument % 0x1_0000_0000, at);
  }
}

function writeInteger(value: number): void {
  if (value < 0) writeHead(major.negative, -1 - value);
  else writeHead(major.unsigned, value);
}

/** A finite number: an integer where it is a safe one and not -0, else the shortest float that keeps it. */
export function writeNumber(value: number): void {
  if (Number.isSafeInteger(value) && !Object.is(value, -0)) writeInteger(value);
  else writeFloat(value);
}

function writeFloat(value: number): void {
  reserve(9);
  if (Math.fround(value) !== value) {
    scratch[at++] = simple.double;
    at = scratch.writeDoubleBE(value, at);
    return;
  }
  scratch.writeFloatBE(value, at + 1);
  const half = halfOf(scratch.readUInt32BE(at + 1));
  if (half === undefined) {
    scratch[at] = simple.single;
    at += 5;
  } else {
    scratch[at] = simple.half;
    at = scratch.writeUInt16BE(half, at + 1);
  }
}

/** One of the initial bytes {@link simple}. */
export function writeSimple(initial: number): void {
  reserve(1);
  scratch[at++] = initial;
}

export function writeBytes(bytes: Uint8Array): void {
  writeHead(major.bytes, bytes.length);
  reserve(bytes.length);
  scratch.set(bytes, at);
  at += bytes.length;
}

/** @returns False, with nothing written, for text with lone surrogates. */
export function writeText(text: string): boolean {
  if (text.length <= shortText && writeAscii(text)) return true;
  if (!text.isWellFormed()) return false;
  const size = Buffer.byteLength(text);
  writeHead(major.text, size);
  reserve(size);
  at += scratch.write(text, at);
  return true;
}

/** The usual case without a call into the engine. @returns False where the text is not ASCII. */
function writeAscii(text: string): boolean {
  const { length } = text;
  reserve(2 + length);
  let to = at;
  if (length < 24) {
    scratch[to++] = (major.text << 5) | length;
  } else {
    scratch[to++] = (major.text << 5) | 24;
    scratch[to++] = length;
  }
  for (let i = 0; i < length; i += 1) {
    const code = text.charCodeAt(i);
    if (code > 0x7f) return false;
    scratch[to++] = code;
  }
  at = to;
  return true;
}
