import { createSecretKey } from "node:crypto";

import { describe, expect, test } from "vitest";

import { openAes, parseAes, sealAes } from "../../src/oci/aes-ciphertext.ts";
import { newKeyVersionOcid } from "../../src/oci/ocid.ts";

const versionId = newKeyVersionOcid({ realm: "oc1", region: "eu-frankfurt-1", prefix: "entbf645aabf2" });
const secret = createSecretKey(new Uint8Array(32).fill(3));
const plaintext = new Uint8Array(32).fill(7);
const associatedData = { tenant: "t1" };
const sealed = sealAes(versionId, secret, plaintext, associatedData);

function open(ciphertext: Uint8Array): Uint8Array | undefined {
  const parts = parseAes(ciphertext);
  return parts === undefined ? undefined : openAes(parts, secret, associatedData);
}

describe("a ciphertext of AES", () => {
  test("opens to its plaintext, names its version and is another each time", () => {
    expect(Buffer.from(plaintext).equals(open(sealed) ?? new Uint8Array())).toBe(true);
    expect(parseAes(sealed)?.versionId).toBe(versionId);
    expect(sealAes(versionId, secret, plaintext, associatedData)).not.toEqual(sealed);
  });

  test("does not open when a bit is another", () => {
    for (let bit = 0; bit < sealed.byteLength * 8; bit += 1) {
      const flipped = Uint8Array.from(sealed);
      flipped.set([(sealed[bit >> 3] ?? 0) ^ (1 << (bit & 7))], bit >> 3);
      expect(open(flipped), `bit ${bit}`).toBeUndefined();
    }
  });

  test("does not open in part, or with more behind", () => {
    for (let length = 0; length < sealed.byteLength; length += 1) {
      expect(open(sealed.subarray(0, length)), `${length} bytes`).toBeUndefined();
    }
    expect(open(Buffer.concat([sealed, Buffer.of(0)]))).toBeUndefined();
  });

  test("keeps the pairs of its associated data apart", () => {
    const parts = parseAes(sealAes(versionId, secret, plaintext, { a: "bc", d: "" }));
    for (const data of [{ ab: "c", d: "" }, { a: "bc" }, { a: "b", c: "d" }, {}]) {
      expect(parts && openAes(parts, secret, data)).toBeUndefined();
    }
    expect(parts && openAes(parts, secret, { d: "", a: "bc" })).toBeDefined();
  });
});
