import { createSecretKey } from "node:crypto";

import fc from "fast-check";
import { expect, test } from "vitest";

import { ciphertextOverhead, open, parseCiphertext, seal } from "../../src/gcp/ciphertext.ts";

const secret = createSecretKey(Buffer.alloc(32, 3));
const name = "projects/p-12345/locations/us/keyRings/r/cryptoKeys/k";
const bytes = fc.uint8Array({ maxLength: 100 });

function opened(ciphertext: Uint8Array, additionalData: Uint8Array, keyName = name): Uint8Array | undefined {
  const parsed = parseCiphertext(keyName, ciphertext);
  return parsed === undefined ? undefined : open(parsed, secret, additionalData);
}

test("a ciphertext opens to its plaintext, and names its version", () => {
  fc.assert(
    fc.property(bytes, bytes, fc.integer({ min: 1, max: 0xffffffff }), (plaintext, additionalData, version) => {
      const ciphertext = seal(name, version, secret, plaintext, additionalData);
      expect(ciphertext).toHaveLength(plaintext.byteLength + ciphertextOverhead);
      expect(parseCiphertext(name, ciphertext)?.version).toBe(version);
      expect(Buffer.from(plaintext).equals(opened(ciphertext, additionalData) ?? Buffer.from("refused"))).toBe(true);
    }),
  );
});

const additionalData = Buffer.from("context");
const ciphertext = seal(name, 7, secret, Buffer.from("plaintext"), additionalData);

test("no bit of a ciphertext can change, in its names neither, though the secret stays the same", () => {
  for (let bit = 0; bit < ciphertext.byteLength * 8; bit += 1) {
    const changed = Uint8Array.from(ciphertext, (byte, index) => (index === bit >> 3 ? byte ^ (1 << (bit & 7)) : byte));
    expect(opened(changed, additionalData)).toBeUndefined();
  }
});

test("no part of a ciphertext opens, nor the whole under another key's name or other additional data", () => {
  for (let length = 0; length < ciphertext.byteLength; length += 1) {
    expect(opened(ciphertext.subarray(0, length), additionalData)).toBeUndefined();
  }
  expect(opened(ciphertext, additionalData, `${name}2`)).toBeUndefined();
  expect(opened(ciphertext, Buffer.concat([additionalData, Buffer.of(0)]))).toBeUndefined();
});

test("any bytes are a ciphertext of a version or none, and open to nothing", () => {
  fc.assert(fc.property(fc.uint8Array({ maxLength: 200 }), (any) => opened(any, additionalData) === undefined));
});
