import { createCipheriv, createDecipheriv, type KeyObject, randomBytes } from "node:crypto";

/** An encryption context: the caller's pairs, bound to the ciphertext and not kept in it. */
export type EncryptionContext = Readonly<Record<string, string>>;

/** A blob taken apart; nothing of it is proven until it opens. */
export interface CiphertextBlob {
  readonly account: string;
  readonly keyId: string;
  readonly materialId: string;
  readonly header: Uint8Array;
  readonly sealed: Uint8Array;
}

// "CKE" (cmkit emulator) and a version: the service's own layout is not published, and no client may rely on it.
const magic = Buffer.from([0x43, 0x4b, 0x45, 0x01]);
const accountBytes = 12;
const materialIdBytes = 32;
const ivBytes = 12;
const tagBytes = 16;
const keyIdLengthAt = magic.byteLength + accountBytes;

function lengthPrefixed(value: string): Uint8Array {
  const bytes = Buffer.from(value, "utf8");
  const length = Buffer.alloc(4);
  length.writeUInt32BE(bytes.byteLength);
  return Buffer.concat([length, bytes]);
}

// Pairs have no order, so they are sorted; lengths keep ("a", "bc") and ("ab", "c") apart.
function additionalData(header: Uint8Array, context: EncryptionContext): Uint8Array {
  const pairs = Object.entries(context)
    .map(([name, value]) => Buffer.concat([lengthPrefixed(name), lengthPrefixed(value)]))
    .sort((one, other) => Buffer.compare(one, other));
  return Buffer.concat([header, ...pairs]);
}

/** Encrypts with AES-256-GCM; the names of key and material stand in the blob and are authenticated with the context. */
export function sealBlob(
  names: { readonly account: string; readonly keyId: string; readonly materialId: string },
  secret: KeyObject,
  plaintext: Uint8Array,
  context: EncryptionContext,
): Uint8Array {
  const keyId = Buffer.from(names.keyId, "ascii");
  const header = Buffer.concat([
    magic,
    Buffer.from(names.account, "ascii"),
    Buffer.of(keyId.byteLength),
    keyId,
    Buffer.from(names.materialId, "hex"),
  ]);
  const iv = randomBytes(ivBytes);
  const cipher = createCipheriv("aes-256-gcm", secret, iv, { authTagLength: tagBytes });
  cipher.setAAD(additionalData(header, context));
  return Buffer.concat([header, iv, cipher.update(plaintext), cipher.final(), cipher.getAuthTag()]);
}

/** Takes a blob apart, or gives `undefined` when it is not one of this emulator. */
export function parseBlob(blob: Uint8Array): CiphertextBlob | undefined {
  const bytes = Buffer.from(blob.buffer, blob.byteOffset, blob.byteLength);
  const keyIdLength = bytes[keyIdLengthAt];
  if (keyIdLength === undefined || !bytes.subarray(0, magic.byteLength).equals(magic)) return undefined;
  const materialAt = keyIdLengthAt + 1 + keyIdLength;
  const sealedAt = materialAt + materialIdBytes;
  if (bytes.byteLength < sealedAt + ivBytes + tagBytes) return undefined;
  return {
    account: bytes.subarray(magic.byteLength, keyIdLengthAt).toString("latin1"),
    keyId: bytes.subarray(keyIdLengthAt + 1, materialAt).toString("latin1"),
    materialId: bytes.subarray(materialAt, sealedAt).toString("hex"),
    header: bytes.subarray(0, sealedAt),
    sealed: bytes.subarray(sealedAt),
  };
}

/** Opens a blob, or gives `undefined` when key, context or a single bit is another. */
export function openBlob(blob: CiphertextBlob, secret: KeyObject, context: EncryptionContext): Uint8Array | undefined {
  const tagAt = blob.sealed.byteLength - tagBytes;
  const decipher = createDecipheriv("aes-256-gcm", secret, blob.sealed.subarray(0, ivBytes), { authTagLength: tagBytes });
  decipher.setAAD(additionalData(blob.header, context));
  decipher.setAuthTag(blob.sealed.subarray(tagAt));
  const opened = decipher.update(blob.sealed.subarray(ivBytes, tagAt));
  try {
    decipher.final();
    return opened;
  } catch {
    opened.fill(0);
    return undefined;
  }
}
