/** The parts of a wrap under an oct-HSM key. */
export interface GcmWrap {
  readonly iv: Uint8Array;
  readonly ciphertext: Uint8Array;
  readonly tag: Uint8Array;
}

/** A256GCM over a 32-byte key (NIST SP 800-38D): a 96-bit iv, which the HSM draws, and a 128-bit tag. */
export const ivBytes = 12;
export const ciphertextBytes = 32;
export const tagBytes = 16;

/** iv ‖ ciphertext ‖ tag, 60 bytes. Frozen: docs/adapters/azure.md. */
export function joinWrap({ iv, ciphertext, tag }: GcmWrap): Uint8Array {
  const bytes = new Uint8Array(ivBytes + ciphertextBytes + tagBytes);
  bytes.set(iv);
  bytes.set(ciphertext, ivBytes);
  bytes.set(tag, ivBytes + ciphertextBytes);
  return bytes;
}

/** @returns `undefined` unless it is exactly 60 bytes. */
export function splitWrap(bytes: Uint8Array): GcmWrap | undefined {
  if (bytes.length !== ivBytes + ciphertextBytes + tagBytes) return undefined;
  const behindIv = ivBytes + ciphertextBytes;
  return { iv: bytes.slice(0, ivBytes), ciphertext: bytes.slice(ivBytes, behindIv), tag: bytes.slice(behindIv) };
}
