import { maxDepth } from "./field-value-json.ts";
import { fromHalf, halfOf } from "./field-value-float.ts";
import { major, simple } from "./field-value-writer.ts";
import type { JsonValue } from "./field-value.ts";

const utf8Decoder = new TextDecoder("utf-8", { fatal: true, ignoreBOM: true });
const shortText = 64; // up to here looking for ASCII first is faster
const maxDateMs = 8.64e15; // ECMA-262 §21.4.1.1
const extendedTime = [0xd9, 0x03, 0xe9] as const; // tag 1001, RFC 9581 §3
const milliseconds = 0x22; // the key -3, RFC 9581 §3

/** Reads values in the one spelling that the writer gives them. Each method returns undefined for anything else. */
export class FieldValueReader {
  private offset = 0;
  private readonly bytes: Buffer;

  constructor(bytes: Uint8Array) {
    this.bytes = bytes instanceof Buffer ? bytes : Buffer.from(bytes.buffer, bytes.byteOffset, bytes.length);
  }

  /** Whether zeros are all that follows: padding, or nothing. */
  atPadding(): boolean {
    for (let i = this.offset; i < this.bytes.length; i += 1) if (this.bytes[i] !== 0) return false;
    return true;
  }

  /** A JSON value, `null` included. */
  json(depth = 0): JsonValue | undefined {
    const type = (this.bytes[this.offset] ?? 0xff) >> 5;
    if (type <= major.negative) return this.integer();
    if (type === major.text) return this.text();
    if (type === major.simple) return this.simple();
    if (depth === maxDepth) return undefined;
    if (type === major.array) return this.array(depth);
    return type === major.map ? this.object(depth) : undefined;
  }

  /** A new array, not a view. */
  byteString(): Uint8Array | undefined {
    if ((this.bytes[this.offset] ?? 0) >> 5 !== major.bytes) return undefined;
    const end = this.contentEnd();
    return end === undefined ? undefined : new Uint8Array(this.bytes.subarray(this.offset, (this.offset = end)));
  }

  date(): Date | undefined {
    for (const byte of extendedTime) if (this.bytes[this.offset++] !== byte) return undefined;
    const entries = this.bytes[this.offset++];
    if ((entries !== 0xa1 && entries !== 0xa2) || this.bytes[this.offset++] !== 1) return undefined;
    const seconds = this.integer();
    if (seconds === undefined) return undefined;
    let ms = 0;
    if (entries === 0xa2) {
      if (this.bytes[this.offset++] !== milliseconds) return undefined;
      ms = this.integer() ?? 0;
      if (ms < 1 || ms > 999) return undefined;
    }
    const time = seconds * 1000 + ms;
    return Math.abs(time) <= maxDateMs ? new Date(time) : undefined;
  }

  private integer(): number | undefined {
    const type = (this.bytes[this.offset] ?? 0xff) >> 5;
    if (type > major.negative) return undefined;
    const argument = this.argument();
    if (argument === undefined || type === major.unsigned) return argument;
    return argument === Number.MAX_SAFE_INTEGER ? undefined : -1 - argument; // -2^53 is not a safe integer
  }

  /** The argument of a head that is the shortest one for it, at most 2^53 - 1. */
  private argument(): number | undefined {
    const info = (this.bytes[this.offset++] ?? 0xff) & 31;
    if (info < 24) return info;
    const size = 2 ** (info - 24);
    if (size > 8 || size > this.bytes.length - this.offset) return undefined;
    const argument =
      size === 8
        ? this.bytes.readUInt32BE(this.offset) * 2 ** 32 + this.bytes.readUInt32BE(this.offset + 4)
        : this.bytes.readUIntBE(this.offset, size);
    this.offset += size;
    const smallest = size === 1 ? 24 : 256 ** (size / 2);
    return argument >= smallest && argument <= Number.MAX_SAFE_INTEGER ? argument : undefined;
  }

  /** Where the bytes of a text or byte string end that begin after this head. */
  private contentEnd(): number | undefined {
    const length = this.argument();
    return length === undefined || length > this.bytes.length - this.offset ? undefined : this.offset + length;
  }

  private text(): string | undefined {
    const end = this.contentEnd();
    if (end === undefined) return undefined;
    const start = this.offset;
    this.offset = end;
    if (end - start <= shortText && this.isAscii(start, end)) return this.bytes.toString("latin1", start, end);
    try {
      return utf8Decoder.decode(this.bytes.subarray(start, end));
    } catch {
      return undefined;
    }
  }

  private isAscii(start: number, end: number): boolean {
    for (let i = start; i < end; i += 1) if ((this.bytes[i] ?? 0) > 0x7f) return false;
    return true;
  }

  private simple(): number | boolean | null | undefined {
    const initial = this.bytes[this.offset++];
    if (initial === simple.true) return true;
    if (initial === simple.false) return false;
    if (initial === simple.null) return null;
    const value = this.float(initial);
    // NaN and infinities are no values, and what can be an integer must be one; -0 cannot
    return Number.isFinite(value) && (!Number.isSafeInteger(value) || Object.is(value, -0)) ? value : undefined;
  }

  /** A float that has no shorter spelling. */
  private float(initial: number | undefined): number | undefined {
    const { bytes, offset } = this;
    const size = initial === simple.half ? 2 : initial === simple.single ? 4 : initial === simple.double ? 8 : Infinity;
    if (size > bytes.length - offset) return undefined;
    this.offset += size;
    if (size === 2) return fromHalf(bytes.readUInt16BE(offset));
    if (size === 4) return halfOf(bytes.readUInt32BE(offset)) === undefined ? bytes.readFloatBE(offset) : undefined;
    const value = bytes.readDoubleBE(offset);
    return Math.fround(value) === value ? undefined : value;
  }

  private array(depth: number): JsonValue[] | undefined {
    const count = this.argument();
    if (count === undefined || count > this.bytes.length - this.offset) return undefined;
    const items: JsonValue[] = [];
    for (let i = 0; i < count; i += 1) {
      const item = this.json(depth + 1);
      if (item === undefined) return undefined;
      items.push(item);
    }
    return items;
  }

  private object(depth: number): JsonValue | undefined {
    const count = this.argument();
    if (count === undefined || 2 * count > this.bytes.length - this.offset) return undefined;
    const entries: [string, JsonValue][] = [];
    for (let i = 0, last = -1; i < count; i += 1) {
      const start = this.offset;
      const key = (this.bytes[start] ?? 0) >> 5 === major.text ? this.text() : undefined;
      if (key === undefined || (last >= 0 && !this.isBefore(last, start))) return undefined;
      last = start;
      const value = this.json(depth + 1);
      if (value === undefined) return undefined;
      entries.push([key, value]);
    }
    return Object.fromEntries(entries); // defines properties, so that `__proto__` is one like any other
  }

  /** Whether the encoded key at `a` sorts before that at `b`. Neither can be a prefix of the other. */
  private isBefore(a: number, b: number): boolean {
    const { bytes, offset: end } = this;
    for (let i = 0; b + i < end; i += 1) if (bytes[a + i] !== bytes[b + i]) return (bytes[a + i] ?? 0) < (bytes[b + i] ?? 0);
    return false;
  }
}
