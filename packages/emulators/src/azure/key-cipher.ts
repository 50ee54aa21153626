import {
  constants,
  createCipheriv,
  createDecipheriv,
  createPublicKey,
  privateDecrypt,
  publicEncrypt,
  randomBytes,
} from "node:crypto";

import { refusals } from "./errors.ts";
import { bitsOf } from "./key-material.ts";
import type { KeyVersion } from "./vault-key.ts";

/** What goes into an operation, and what comes out of it; `iv`, `tag` and `aad` belong to AES-GCM. */
export interface CipherText {
  readonly value: Uint8Array;
  readonly iv?: Uint8Array;
  readonly tag?: Uint8Array;
  readonly aad?: Uint8Array;
}

interface Cipher {
  seal(version: KeyVersion, input: CipherText): CipherText;
  open(version: KeyVersion, input: CipherText): CipherText;
}

// NIST SP 800-38D §8.2: 96 bits of IV; the tag is never cut.
const gcmIvBytes = 12;
const gcmTagBytes = 16;
// RFC 3394 §2.2.3.1
const wrapIv = Buffer.alloc(8, 0xa6);

function rsaOaep(oaepHash: string, hashBytes: number): Cipher {
  const padding = constants.RSA_PKCS1_OAEP_PADDING;
  return {
    seal({ secret }, { value }) {
      if (value.byteLength > bitsOf(secret) / 8 - 2 * hashBytes - 2) throw refusals.parameter(); // RFC 8017 §7.1.1
      return { value: publicEncrypt({ key: createPublicKey(secret), padding, oaepHash }, value) };
    },
    open: ({ secret }, { value }) => ({ value: privateDecrypt({ key: secret, padding, oaepHash }, value) }),
  };
}

const gcm: Cipher = {
  seal({ secret }, { value, iv: given, aad }) {
    // The service makes the IV itself: one that a caller chose could be used twice.
    if (given !== undefined) throw refusals.parameter();
    const iv = randomBytes(gcmIvBytes);
    const cipher = createCipheriv("aes-256-gcm", secret, iv, { authTagLength: gcmTagBytes });
    if (aad !== undefined) cipher.setAAD(aad);
    const sealed = Buffer.concat([cipher.update(value), cipher.final()]);
    return { value: sealed, iv, tag: cipher.getAuthTag(), ...(aad === undefined ? {} : { aad }) };
  },
  open({ secret }, { value, iv, tag, aad }) {
    if (iv?.byteLength !== gcmIvBytes || tag?.byteLength !== gcmTagBytes) throw refusals.parameter();
    const decipher = createDecipheriv("aes-256-gcm", secret, iv, { authTagLength: gcmTagBytes });
    if (aad !== undefined) decipher.setAAD(aad);
    decipher.setAuthTag(tag);
    return { value: Buffer.concat([decipher.update(value), decipher.final()]) };
  },
};

const keyWrap: Cipher = {
  seal({ secret }, { value }) {
    const cipher = createCipheriv("id-aes256-wrap", secret, wrapIv);
    return { value: Buffer.concat([cipher.update(value), cipher.final()]) };
  },
  open({ secret }, { value }) {
    const decipher = createDecipheriv("id-aes256-wrap", secret, wrapIv);
    return { value: Buffer.concat([decipher.update(value), decipher.final()]) };
  },
};

const rsa: Readonly<Record<string, Cipher>> = { "RSA-OAEP": rsaOaep("sha1", 20), "RSA-OAEP-256": rsaOaep("sha256", 32) };

function cipherOf({ kty }: KeyVersion, algorithm: string, wraps: boolean): Cipher {
  const symmetric: Readonly<Record<string, Cipher>> = wraps ? { A256KW: keyWrap } : { A256GCM: gcm };
  const known = kty === "oct-HSM" ? symmetric : rsa;
  const cipher = Object.hasOwn(known, algorithm) ? known[algorithm] : undefined;
  // [unverified] The service says BadParameter; its words are not published.
  if (cipher === undefined) throw refusals.parameter(`The algorithm ${algorithm} is not supported by a key of type ${kty}.`);
  return cipher;
}

/** Encrypts, or with `wraps` wraps, under a version of a key. */
export function seal(version: KeyVersion, algorithm: string, wraps: boolean, input: CipherText): CipherText {
  const cipher = cipherOf(version, algorithm, wraps);
  try {
    return cipher.seal(version, input);
  } catch {
    throw refusals.parameter();
  }
}

/** The inverse of {@link seal}; whatever is wrong with a ciphertext is the same refusal. */
export function open(version: KeyVersion, algorithm: string, wraps: boolean, input: CipherText): CipherText {
  const cipher = cipherOf(version, algorithm, wraps);
  try {
    return cipher.open(version, input);
  } catch {
    throw refusals.parameter();
  }
}
