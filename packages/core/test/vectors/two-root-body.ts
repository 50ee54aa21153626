import { createCipheriv } from "node:crypto";
import type { Bytes } from "./raw-cbor.ts";

// GCM is not key-committing: for any two keys one can solve for a body that both authenticate. This makes one, so that
// the vectors show what the id in the protected header is for. NIST SP 800-38D §6.3 (multiplication), §7.1 (the tag).

/** A ciphertext with its tag that decrypts, without an error, under both keys with the same IV and additional data. */
export function bodyOfTwoKeys(first: Uint8Array, second: Uint8Array, iv: Uint8Array, aad: Uint8Array): Bytes {
  const keys = [first, second].map((key) => ({ h: block(key, new Uint8Array(16)), mask: block(key, counterOf(iv)) }));
  const lengths = ((BigInt(aad.length) * 8n) << 64n) | 128n;
  // Tag(K) = mask + GHASH(aad) * H^2 + C * H^2 + lengths * H: linear in the single block C.
  const constants = keys.map(({ h, mask }) => mask ^ multiply(ghash(h, aad), multiply(h, h)) ^ multiply(lengths, h));
  const [a, b] = keys.map(({ h }) => multiply(h, h)) as [bigint, bigint];
  const [c, d] = constants as [bigint, bigint];
  const content = multiply(c ^ d, invert(a ^ b));
  return toBytes((content << 128n) | (c ^ multiply(content, a)), 32);
}

function block(key: Uint8Array, input: Uint8Array): bigint {
  const cipher = createCipheriv("aes-256-ecb", key, null).setAutoPadding(false);
  return toInteger(Buffer.concat([cipher.update(input), cipher.final()]));
}

function counterOf(iv: Uint8Array): Uint8Array {
  return Buffer.concat([iv, Uint8Array.of(0, 0, 0, 1)]);
}

function ghash(h: bigint, bytes: Uint8Array): bigint {
  let y = 0n;
  for (let at = 0; at < bytes.length; at += 16) {
    const padded = Buffer.alloc(16);
    padded.set(bytes.subarray(at, at + 16));
    y = multiply(y ^ toInteger(padded), h);
  }
  return y;
}

function multiply(x: bigint, y: bigint): bigint {
  let z = 0n;
  let v = y;
  for (let bit = 127n; bit >= 0n; bit -= 1n) {
    if ((x >> bit) & 1n) z ^= v;
    v = v & 1n ? (v >> 1n) ^ (0xe1n << 120n) : v >> 1n;
  }
  return z;
}

/** x^(2^128 - 2). */
function invert(x: bigint): bigint {
  let result = 1n << 127n; // the number one, in GCM's bit order
  let square = x;
  for (let i = 1; i < 128; i += 1) {
    square = multiply(square, square);
    result = multiply(result, square);
  }
  return result;
}

function toInteger(bytes: Uint8Array): bigint {
  return BigInt(`0x${Buffer.from(bytes).toString("hex")}`);
}

function toBytes(value: bigint, length: number): Bytes {
  return new Uint8Array(Buffer.from(value.toString(16).padStart(2 * length, "0"), "hex"));
}
