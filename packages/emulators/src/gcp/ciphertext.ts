import { createCipheriv, createDecipheriv, createHash, type KeyObject, randomBytes } from "node:crypto";

/** A symmetric ciphertext taken apart; nothing of it is proven until it opens. */
export interface Ciphertext {
  readonly version: number;
  readonly header: Uint8Array;
  readonly sealed: Uint8Array;
}

// "CKG" (cmkit, Google) and a version: the service's own layout is not published, and no client may rely on it.
const magic = Buffer.from([0x43, 0x4b, 0x47, 0x01]);
const keyTagBytes = 16;
const versionBytes = 4;
const headerBytes = magic.byteLength + keyTagBytes + versionBytes;
const ivBytes = 12;
const tagBytes = 16;

/** How much longer a ciphertext is than its plaintext. */
export const ciphertextOverhead: number = headerBytes + ivBytes + tagBytes;

function headerOf(keyName: string, version: number): Buffer {
  const number = Buffer.alloc(versionBytes);
  number.writeUInt32BE(version);
  return Buffer.concat([magic, createHash("sha256").update(keyName).digest().subarray(0, keyTagBytes), number]);
}

/** Encrypts with AES-256-GCM; key and version stand in the ciphertext and are authenticated with the caller's data. */
export function seal(
  keyName: string,
  version: number,
  secret: KeyObject,
  plaintext: Uint8Array,
  additionalData: Uint8Array,
): Uint8Array {
  const header = headerOf(keyName, version);
  const iv = randomBytes(ivBytes);
  const cipher = createCipheriv("aes-256-gcm", secret, iv, { authTagLength: tagBytes });
  cipher.setAAD(Buffer.concat([header, additionalData]));
  return Buffer.concat([header, iv, cipher.update(plaintext), cipher.final(), cipher.getAuthTag()]);
}

/** Takes a ciphertext apart, or gives `undefined` when it was not made under this key. */
export function parseCiphertext(keyName: string, ciphertext: Uint8Array): Ciphertext | undefined {
  if (ciphertext.byteLength < ciphertextOverhead) return undefined;
  const bytes = Buffer.from(ciphertext.buffer, ciphertext.byteOffset, ciphertext.byteLength);
  const version = bytes.readUInt32BE(headerBytes - versionBytes);
  const header = bytes.subarray(0, headerBytes);
  return header.equals(headerOf(keyName, version)) ? { version, header, sealed: bytes.subarray(headerBytes) } : undefined;
}

/** Opens a ciphertext, or gives `undefined` when the secret, the additional data or a single bit is another. */
export function open({ header, sealed }: Ciphertext, secret: KeyObject, additionalData: Uint8Array): Uint8Array | undefined {
  const decipher = createDecipheriv("aes-256-gcm", secret, sealed.subarray(0, ivBytes), { authTagLength: tagBytes });
  decipher.setAAD(Buffer.concat([header, additionalData]));
  decipher.setAuthTag(sealed.subarray(-tagBytes));
  try {
    return Buffer.concat([decipher.update(sealed.subarray(ivBytes, -tagBytes)), decipher.final()]);
  } catch {
    return undefined;
  }
}
