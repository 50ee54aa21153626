import { createCipheriv, createDecipheriv, type KeyObject, randomBytes } from "node:crypto";

/** The caller's pairs, bound to a ciphertext and not kept in it. */
export type AssociatedData = Readonly<Record<string, string>>;

/** A ciphertext taken apart; nothing of it is proven until it opens. */
export interface AesCiphertext {
  readonly versionId: string;
  readonly header: Uint8Array;
  readonly sealed: Uint8Array;
}

// "CKO" (cmkit emulator, OCI) and a version: the service's own layout is not published, and no client may rely on it.
const magic = Buffer.from([0x43, 0x4b, 0x4f, 0x01]);
const ivBytes = 12;
const tagBytes = 16;

// Pairs have no order, so they are sorted; JSON keeps ("a", "bc") and ("ab", "c") apart.
function boundData(header: Uint8Array, associatedData: AssociatedData): Uint8Array {
  const pairs = Object.entries(associatedData).sort(([one], [other]) => (one < other ? -1 : Number(one > other)));
  return Buffer.concat([header, Buffer.from(JSON.stringify(pairs), "utf8")]);
}

function gcmOf(secret: KeyObject): "aes-128-gcm" | "aes-192-gcm" | "aes-256-gcm" {
  if (secret.symmetricKeySize === 16) return "aes-128-gcm";
  return secret.symmetricKeySize === 24 ? "aes-192-gcm" : "aes-256-gcm";
}

/** Encrypts with AES-GCM; the key version's name stands in the ciphertext and is authenticated with the associated data. */
export function sealAes(versionId: string, secret: KeyObject, plaintext: Uint8Array, associatedData: AssociatedData): Uint8Array {
  const name = Buffer.from(versionId, "ascii");
  const header = Buffer.concat([magic, Buffer.of(name.byteLength), name]);
  const iv = randomBytes(ivBytes);
  const cipher = createCipheriv(gcmOf(secret), secret, iv, { authTagLength: tagBytes });
  cipher.setAAD(boundData(header, associatedData));
  return Buffer.concat([header, iv, cipher.update(plaintext), cipher.final(), cipher.getAuthTag()]);
}

/** Takes a ciphertext apart, or gives `undefined` when it is not one of this emulator. */
export function parseAes(ciphertext: Uint8Array): AesCiphertext | undefined {
  const bytes = Buffer.from(ciphertext.buffer, ciphertext.byteOffset, ciphertext.byteLength);
  const nameLength = bytes[magic.byteLength];
  if (nameLength === undefined || !bytes.subarray(0, magic.byteLength).equals(magic)) return undefined;
  const sealedAt = magic.byteLength + 1 + nameLength;
  if (bytes.byteLength < sealedAt + ivBytes + tagBytes) return undefined;
  return {
    versionId: bytes.subarray(magic.byteLength + 1, sealedAt).toString("latin1"),
    header: bytes.subarray(0, sealedAt),
    sealed: bytes.subarray(sealedAt),
  };
}

/** Opens a ciphertext, or gives `undefined` when key, associated data or a single bit is another. */
export function openAes(
  { header, sealed }: AesCiphertext,
  secret: KeyObject,
  associatedData: AssociatedData,
): Uint8Array | undefined {
  const tagAt = sealed.byteLength - tagBytes;
  const decipher = createDecipheriv(gcmOf(secret), secret, sealed.subarray(0, ivBytes), { authTagLength: tagBytes });
  decipher.setAAD(boundData(header, associatedData));
  decipher.setAuthTag(sealed.subarray(tagAt));
  try {
    return Buffer.concat([decipher.update(sealed.subarray(ivBytes, tagAt)), decipher.final()]);
  } catch {
    return undefined;
  }
}
