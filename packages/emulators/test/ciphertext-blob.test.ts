import { createSecretKey } from "node:crypto";

import { expect, test } from "vitest";

import { openBlob, parseBlob, sealBlob } from "../src/aws/ciphertext-blob.ts";
import { keyMaterial } from "../src/aws/key-material.ts";

const secret = createSecretKey(Buffer.alloc(32, 3));
const keyId = "11111111-2222-4333-8444-555555555555";
const names = { account: "111122223333", keyId, materialId: keyMaterial(keyId, secret).id };
const blob = sealBlob(names, secret, Buffer.from("plaintext"), { a: "1" });

function open(bytes: Uint8Array): string | undefined {
  const parsed = parseBlob(bytes);
  const opened = parsed === undefined ? undefined : openBlob(parsed, secret, { a: "1" });
  return opened === undefined ? undefined : Buffer.from(opened).toString();
}

test("a blob names its account, key and material", () => {
  expect(parseBlob(blob)).toMatchObject(names);
  expect(open(blob)).toBe("plaintext");
});

test("no bit of a blob can change, in its names neither, though the key material stays the same", () => {
  for (let bit = 0; bit < blob.byteLength * 8; bit += 1) {
    const changed = Uint8Array.from(blob, (byte, at) => (at === bit >> 3 ? byte ^ (1 << (bit & 7)) : byte));
    expect(open(changed)).toBeUndefined();
  }
});

test("no prefix of a blob opens", () => {
  for (let length = 0; length < blob.byteLength; length += 1) expect(open(blob.subarray(0, length))).toBeUndefined();
});

test("a context's pairs cannot be regrouped", () => {
  const parsed = parseBlob(sealBlob(names, secret, new Uint8Array(1), { ab: "c" }));
  expect(parsed && openBlob(parsed, secret, { a: "bc" })).toBeUndefined();
  expect(parsed && openBlob(parsed, secret, { ab: "c" })).toEqual(Buffer.alloc(1));
});

test("the same material has another id under another key", () => {
  expect(keyMaterial("mrk-0", secret).id).not.toBe(names.materialId);
});
