import { constants, createPublicKey, type KeyObject, privateDecrypt, publicEncrypt } from "node:crypto";

const hashes = { RSA_OAEP_SHA_1: { name: "sha1", bytes: 20 }, RSA_OAEP_SHA_256: { name: "sha256", bytes: 32 } } as const;

/** The RSA algorithms of the service. */
export type RsaAlgorithm = keyof typeof hashes;

/** The longest plaintext under a key of this length, in bytes (RFC 8017 §7.1.1). */
export function maxOaepBytes(algorithm: RsaAlgorithm, keyBytes: number): number {
  return keyBytes - 2 * hashes[algorithm].bytes - 2;
}

/** Encrypts with the public half of a private key. */
export function sealOaep(algorithm: RsaAlgorithm, secret: KeyObject, plaintext: Uint8Array): Uint8Array {
  const { name: oaepHash } = hashes[algorithm];
  return publicEncrypt({ key: createPublicKey(secret), padding: constants.RSA_PKCS1_OAEP_PADDING, oaepHash }, plaintext);
}

/** Decrypts, or gives `undefined` for whatever is wrong. */
export function openOaep(algorithm: RsaAlgorithm, secret: KeyObject, ciphertext: Uint8Array): Uint8Array | undefined {
  const { name: oaepHash } = hashes[algorithm];
  try {
    return privateDecrypt({ key: secret, padding: constants.RSA_PKCS1_OAEP_PADDING, oaepHash }, ciphertext);
  } catch {
    return undefined;
  }
}
