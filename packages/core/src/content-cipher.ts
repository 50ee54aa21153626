import { cborHead } from "./cbor.ts";
import type { WrappedKey } from "./cmk.ts";
import type { BoundContext } from "./context.ts";
import type { DataKey } from "./data-key.ts";
import { drawIv, ivBytes } from "./iv-pool.ts";
import { KmsError } from "./kms-error.ts";
import { encodePath, type Path } from "./path.ts";
import {
  bstrHeadByte,
  bstrHeadSize,
  encodeProtected,
  encodeRecipients,
  maxPlaintextBytes,
  sealedPrefix,
  tagBytes,
  type Profile,
  type SealedMessage,
} from "./sealed-message.ts";
import { nodeCrypto } from "./node-crypto.ts";

/** Seals messages under one data key. What is the same for all of them was made once. */
export interface ContentSealer {
  seal(plaintext: Uint8Array, path: Path): Uint8Array;
}

/** Opens messages under one data key. */
export interface ContentOpener {
  /** @throws {KmsError} `decrypt-failed`: another key, context or path, or any change. */
  open(message: SealedMessage, path: Path): Uint8Array;
}

const gcm = "aes-256-gcm";
const gcmOptions = { authTagLength: tagBytes }; // without it Node takes tags of 4 bytes

/** @param origin For the portable profile: the origin tag. @param wraps For the portable profile: the recipients. */
export function contentSealer(
  { id, contentKey }: DataKey,
  context: BoundContext,
  profile: Profile,
  origin: Uint8Array | null,
  wraps: readonly WrappedKey[],
): ContentSealer {
  const protectedHeader = encodeProtected(id, profile === "portable" ? origin : null);
  const aad = contentAad(profile, protectedHeader, context);
  const prefix = sealedPrefix(profile, protectedHeader);
  const suffix = profile === "portable" ? encodeRecipients(wraps) : new Uint8Array(0);
  return {
    seal(plaintext, path) {
      const additional = aad(path);
      const iv = drawIv();
      const cipher = nodeCrypto().createCipheriv(gcm, contentKey, iv, gcmOptions).setAAD(additional);
      const length = plaintext.length + tagBytes;
      const headSize = bstrHeadSize(length);
      const headAt = prefix.length + ivBytes;
      const contentAt = headAt + headSize;
      const sealed = new Uint8Array(contentAt + length + suffix.length);
      sealed.set(prefix);
      sealed.set(iv, prefix.length);
      iv.fill(0);
      for (let i = 0; i < headSize; i += 1) sealed[headAt + i] = bstrHeadByte(length, headSize, i);
      sealed.set(cipher.update(plaintext), contentAt);
      cipher.final();
      sealed.set(cipher.getAuthTag(), contentAt + plaintext.length);
      if (suffix.length > 0) sealed.set(suffix, contentAt + length);
      return sealed;
    },
  };
}

export function contentOpener({ id, contentKey }: DataKey, context: BoundContext): ContentOpener {
  const compactAad = contentAad("compact", encodeProtected(id, null), context);
  return {
    open({ profile, protectedHeader, iv, ciphertext }, path) {
      const aad = profile === "compact" ? compactAad : contentAad(profile, protectedHeader, context);
      const end = ciphertext.length - tagBytes;
      const decipher = nodeCrypto()
        .createDecipheriv(gcm, contentKey, iv, gcmOptions)
        .setAAD(aad(path))
        .setAuthTag(ciphertext.subarray(end));
      const plaintext = decipher.update(ciphertext.subarray(0, end));
      try {
        decipher.final();
      } catch {
        plaintext.fill(0);
        throw new KmsError("decrypt-failed");
      }
      return new Uint8Array(plaintext.buffer, plaintext.byteOffset, plaintext.byteLength);
    },
  };
}

/** @throws {TypeError | RangeError} for what cannot be sealed. */
export function checkPlaintext(plaintext: Uint8Array): void {
  if (!(plaintext instanceof Uint8Array)) throw new TypeError("expected the plaintext as a Uint8Array");
  if (plaintext.length > maxPlaintextBytes)
    throw new RangeError(`expected at most ${maxPlaintextBytes} bytes, got ${plaintext.length}`);
}

const structureNames: Record<Profile, Buffer> = {
  compact: Buffer.concat([Uint8Array.of(0x83, 0x68), Buffer.from("Encrypt0")]),
  portable: Buffer.concat([Uint8Array.of(0x83, 0x67), Buffer.from("Encrypt")]),
};
const externalStart = Buffer.concat([Uint8Array.of(0x83, 0x67), Buffer.from("cmkit/1")]);

/**
 * Enc_structure (RFC 9052 §5.3): [name, protected, external_aad], with external_aad = ["cmkit/1", context, path] as a byte
 * string. Only the path and the length that it changes differ from message to message.
 */
function contentAad(profile: Profile, protectedHeader: Uint8Array, { canonical }: BoundContext): (path: Path) => Uint8Array {
  const start = Buffer.concat([structureNames[profile], cborHead(2, protectedHeader.length), protectedHeader]);
  const external = Buffer.concat([externalStart, canonical]);
  const templates: (Buffer | undefined)[] = [];
  return (path) => {
    const items = encodePath(path);
    const length = external.length + items.length;
    const headSize = bstrHeadSize(length);
    const template = (templates[headSize] ??= Buffer.concat([start, new Uint8Array(headSize), external]));
    const aad = Buffer.allocUnsafe(template.length + items.length);
    aad.set(template);
    for (let i = 0; i < headSize; i += 1) aad[start.length + i] = bstrHeadByte(length, headSize, i);
    aad.set(items, template.length);
    return aad;
  };
}
