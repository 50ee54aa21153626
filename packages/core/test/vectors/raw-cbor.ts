// A CBOR writer that can be told to write anything, independent of the one under test.

export type Bytes = Uint8Array<ArrayBuffer>;

export function join(...parts: readonly Uint8Array[]): Bytes {
  return new Uint8Array(Buffer.concat(parts));
}

export function hex(bytes: Uint8Array): string {
  return Buffer.from(bytes).toString("hex");
}

export function fromHex(text: string): Bytes {
  return new Uint8Array(Buffer.from(text, "hex"));
}

/** The shortest head, or one with an argument of `size` bytes. */
export function head(major: number, argument: number, size?: 0 | 1 | 2 | 4 | 8): Bytes {
  const shortest = argument < 24 ? 0 : argument < 0x100 ? 1 : argument < 0x1_0000 ? 2 : argument < 0x1_0000_0000 ? 4 : 8;
  const width = size ?? shortest;
  if (width === 0) return Uint8Array.of((major << 5) | argument);
  const bytes = Buffer.alloc(1 + width);
  bytes[0] = (major << 5) | (24 + Math.log2(width));
  const digits = argument.toString(16).padStart(2 * width, "0");
  bytes.write(digits, 1, "hex");
  return new Uint8Array(bytes);
}

export function int(value: number): Bytes {
  return value < 0 ? head(1, -1 - value) : head(0, value);
}

export function bstr(bytes: Uint8Array): Bytes {
  return join(head(2, bytes.length), bytes);
}

export function tstr(text: string): Bytes {
  const bytes = Buffer.from(text);
  return join(head(3, bytes.length), bytes);
}

export function array(...items: readonly Uint8Array[]): Bytes {
  return join(head(4, items.length), ...items);
}

/** A map of encoded pairs, in the order given. */
export function map(...pairs: readonly (readonly [Uint8Array, Uint8Array])[]): Bytes {
  return join(head(5, pairs.length), ...pairs.flat());
}

/** A map of text to text in deterministic order. */
export function textMap(entries: Readonly<Record<string, string>>): Bytes {
  const pairs = Object.entries(entries).map(([key, value]) => [tstr(key), tstr(value)] as const);
  return map(...pairs.toSorted(([a], [b]) => Buffer.compare(a, b)));
}
