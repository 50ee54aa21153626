import { bstrHeadByte, bstrHeadSize } from "./sealed-message.ts";

/** Where a message belongs: for a field table, column and row id. Authenticated, not stored. At most 16 texts, 2,048 bytes together. */
export type Path = readonly string[];

const maxItems = 16;
const maxBytes = 2048;
const textMajor = 0x60 - 0x40; // from a byte string's head to a text string's

let scratch: Buffer | undefined;

/**
 * A path as a CBOR array of texts, in a buffer that is valid until the next call.
 * @throws {TypeError | RangeError} for what is not a path.
 */
export function encodePath(path: Path): Uint8Array {
  if (!Array.isArray(path)) throw new TypeError("expected a path: an array of strings");
  if (path.length > maxItems) throw new RangeError(`expected a path of at most ${maxItems} items, got ${path.length}`);
  scratch ??= Buffer.alloc(1 + maxBytes);
  scratch[0] = 0x80 + path.length; // at most 16: a head of one byte
  let at = 1;
  for (const item of path as readonly unknown[]) {
    if (typeof item !== "string") throw new TypeError(`expected strings in a path, got ${typeof item}`);
    at = writeAscii(scratch, at, item) ?? writeText(scratch, at, item);
  }
  return scratch.subarray(0, at);
}

/** The usual case without a call into the engine. @returns undefined where the text is not short ASCII. */
function writeAscii(target: Buffer, at: number, text: string): number | undefined {
  const { length } = text;
  if (length >= 24 || at + 1 + length > target.length) return undefined;
  target[at] = 0x60 + length;
  for (let i = 0; i < length; i += 1) {
    const code = text.charCodeAt(i);
    if (code > 0x7f) return undefined;
    target[at + 1 + i] = code;
  }
  return at + 1 + length;
}

function writeText(target: Buffer, at: number, text: string): number {
  if (!text.isWellFormed()) throw new TypeError("expected well-formed text in a path");
  const length = Buffer.byteLength(text);
  const headSize = bstrHeadSize(length);
  const end = at + headSize + length;
  if (end > target.length) throw new RangeError(`expected a path of at most ${maxBytes} bytes`);
  for (let i = 0; i < headSize; i += 1) target[at + i] = bstrHeadByte(length, headSize, i) + (i === 0 ? textMajor : 0);
  target.write(text, at + headSize);
  return end;
}
