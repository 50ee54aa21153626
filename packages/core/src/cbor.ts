/**
 * The part of CBOR that cmkit's formats use, in the deterministic encoding of RFC 8949 §4.2.1: shortest heads, definite
 * lengths, map keys in bytewise order of their encodings. Integers are safe integers; there are no floats, tags or simple values.
 */
export type CborValue = number | string | Uint8Array | readonly CborValue[] | CborMap;
/** Map keys here are integers or text. */
export type CborMap = ReadonlyMap<number | string, CborValue>;

const utf8Decoder = new TextDecoder("utf-8", { fatal: true, ignoreBOM: true });

const major = { unsigned: 0, negative: 1, bytes: 2, text: 3, array: 4, map: 5 } as const;

/** Encodes deterministically. @throws {TypeError} for a number that is not a safe integer or a string with lone surrogates. */
export function encodeCbor(value: CborValue): Uint8Array<ArrayBuffer> {
  const bytes = new Uint8Array(sizeOf(value));
  write(value, bytes, 0);
  return bytes;
}

/** Measured first, so that there is one array and nothing to put together. */
function sizeOf(value: CborValue): number {
  if (typeof value === "number") {
    if (!Number.isSafeInteger(value)) throw new TypeError(`expected a safe integer, got ${value}`);
    return headSize(value < 0 ? -1 - value : value);
  }
  if (typeof value === "string") {
    if (!value.isWellFormed()) throw new TypeError("expected well-formed text, got a lone surrogate");
    const size = Buffer.byteLength(value);
    return headSize(size) + size;
  }
  if (value instanceof Uint8Array) return headSize(value.length) + value.length;
  let size = headSize(isMap(value) ? value.size : value.length);
  if (isMap(value)) for (const [key, item] of value) size += sizeOf(key) + sizeOf(item);
  else for (const item of value) size += sizeOf(item);
  return size;
}

/** @returns Where the next one begins. */
function write(value: CborValue, out: Uint8Array<ArrayBuffer>, offset: number): number {
  if (typeof value === "number") {
    return value < 0 ? writeHead(major.negative, -1 - value, out, offset) : writeHead(major.unsigned, value, out, offset);
  }
  if (typeof value === "string") return writeText(value, out, offset);
  if (value instanceof Uint8Array) {
    const start = writeHead(major.bytes, value.length, out, offset);
    out.set(value, start);
    return start + value.length;
  }
  if (isMap(value)) return writeMap(value, out, offset);
  let end = writeHead(major.array, value.length, out, offset);
  for (const item of value) end = write(item, out, end);
  return end;
}

function writeText(value: string, out: Uint8Array<ArrayBuffer>, offset: number): number {
  const size = Buffer.byteLength(value);
  const start = writeHead(major.text, size, out, offset);
  return start + Buffer.from(out.buffer).write(value, start);
}

function writeMap(map: CborMap, out: Uint8Array<ArrayBuffer>, offset: number): number {
  let end = writeHead(major.map, map.size, out, offset);
  for (const [key, value] of [...map].sort(([a], [b]) => compareKeys(a, b))) {
    end = write(value, out, write(key, out, end));
  }
  return end;
}

/** RFC 8949 §4.2.1: by the bytes of their encodings. A head grows with what it says, so shorter text comes first. */
function compareKeys(a: number | string, b: number | string): number {
  if (typeof a === "string" && typeof b === "string") {
    return Buffer.byteLength(a) - Buffer.byteLength(b) || Buffer.compare(Buffer.from(a), Buffer.from(b));
  }
  return Buffer.compare(encodeCbor(a), encodeCbor(b));
}

function isMap(value: CborValue): value is CborMap {
  return value instanceof Map;
}

/** The shortest head for a major type and an argument. */
export function cborHead(type: number, argument: number): Uint8Array<ArrayBuffer> {
  const head = new Uint8Array(headSize(argument));
  writeHead(type, argument, head, 0);
  return head;
}

function headSize(argument: number): number {
  return argument < 24 ? 1 : argument < 0x100 ? 2 : argument < 0x1_0000 ? 3 : argument < 0x1_0000_0000 ? 5 : 9;
}

function writeHead(type: number, argument: number, out: Uint8Array, offset: number): number {
  const size = headSize(argument) - 1;
  out[offset] = (type << 5) | (size === 0 ? argument : 24 + Math.log2(size));
  for (let i = size, rest = argument; i > 0; i -= 1, rest = Math.floor(rest / 256)) out[offset + i] = rest % 256;
  return offset + 1 + size;
}

/** How deep and how wide a decoded value may be: checked before anything is allocated for it. */
export interface CborLimits {
  readonly maxDepth: number;
  readonly maxItems: number;
}

const defaultLimits: CborLimits = { maxDepth: 4, maxItems: 16 };

/**
 * Decodes exactly one value that fills `bytes`, in the deterministic encoding only.
 *
 * @returns The value; byte strings are views into `bytes`. `undefined` when the bytes are anything else: another type, a
 * repeated or unsorted key, a longer head than needed, an indefinite length, bad UTF-8, more items than allowed, trailing bytes.
 */
export function decodeCbor(bytes: Uint8Array, limits: CborLimits = defaultLimits): CborValue | undefined {
  const reader = new CborReader(bytes, limits);
  try {
    const value = reader.value(0);
    return reader.atEnd() ? value : undefined;
  } catch (error) {
    if (error instanceof NotCbor) return undefined;
    throw error;
  }
}

class NotCbor extends Error {}

class CborReader {
  private offset = 0;
  private readonly bytes: Uint8Array;
  private readonly limits: CborLimits;

  constructor(bytes: Uint8Array, limits: CborLimits) {
    this.bytes = bytes;
    this.limits = limits;
  }

  atEnd(): boolean {
    return this.offset === this.bytes.length;
  }

  value(depth: number): CborValue {
    if (depth > this.limits.maxDepth) throw new NotCbor();
    const { type, argument } = this.head();
    switch (type) {
      case major.unsigned:
        return argument;
      case major.negative:
        if (argument === Number.MAX_SAFE_INTEGER) throw new NotCbor(); // -2^53 is not a safe integer
        return -1 - argument;
      case major.bytes:
        return this.take(argument);
      case major.text:
        return this.text(argument);
      case major.array:
        return this.items(argument, () => this.value(depth + 1));
      case major.map:
        return this.map(argument, depth);
      default:
        throw new NotCbor();
    }
  }

  private head(): { type: number; argument: number } {
    const initial = this.take(1)[0] ?? 0;
    const type = initial >> 5;
    const info = initial & 31;
    if (info < 24) return { type, argument: info };
    if (info > 27) throw new NotCbor();
    let argument = 0;
    for (const byte of this.take(2 ** (info - 24))) argument = argument * 256 + byte;
    const smallest = info === 24 ? 24 : 256 ** (2 ** (info - 25));
    if (argument < smallest || !Number.isSafeInteger(argument)) throw new NotCbor();
    return { type, argument };
  }

  private take(length: number): Uint8Array {
    if (length > this.bytes.length - this.offset) throw new NotCbor();
    const start = this.offset;
    this.offset += length;
    return this.bytes.subarray(start, this.offset);
  }

  private text(length: number): string {
    const bytes = this.take(length);
    try {
      return utf8Decoder.decode(bytes);
    } catch {
      throw new NotCbor();
    }
  }

  private items<T>(count: number, read: () => T): T[] {
    if (count > this.limits.maxItems) throw new NotCbor();
    return Array.from({ length: count }, read);
  }

  private map(count: number, depth: number): CborMap {
    let last: Uint8Array | undefined;
    const entries = this.items(count, (): [number | string, CborValue] => {
      const start = this.offset;
      const key = this.value(depth + 1);
      const encoded = this.bytes.subarray(start, this.offset);
      if (typeof key !== "number" && typeof key !== "string") throw new NotCbor();
      if (last !== undefined && Buffer.compare(last, encoded) >= 0) throw new NotCbor();
      last = encoded;
      return [key, this.value(depth + 1)];
    });
    return new Map(entries);
  }
}
