import type { KeyObject } from "node:crypto";

import { newAesKey, newRsaKey, newRsaKeySync, parseAesKey, parseRsaKey } from "../secret-key.ts";

/** The algorithm and size of a key; `length` is in bytes, as the service has it. */
export interface KeyShape {
  readonly algorithm: "AES" | "RSA";
  readonly length: number;
}

// The supported lengths (KeyShape, API reference).
const lengths: Readonly<Record<KeyShape["algorithm"], readonly number[]>> = { AES: [16, 24, 32], RSA: [256, 384, 512] };

/** Whether there are keys of this algorithm and length. */
export function isKeyShape({ algorithm, length }: { readonly algorithm: string; readonly length: number }): boolean {
  return Object.entries(lengths).some(([name, known]) => name === algorithm && known.includes(length));
}

/** A fresh secret; RSA keys are generated off the main thread, so several are made at once. */
export async function newSecret({ algorithm, length }: KeyShape): Promise<KeyObject> {
  return algorithm === "AES" ? newAesKey(length) : newRsaKey(length * 8);
}

/** A fresh secret, made at once. */
export function newSecretSync({ algorithm, length }: KeyShape): KeyObject {
  return algorithm === "AES" ? newAesKey(length) : newRsaKeySync(length * 8);
}

/**
 * Reads a secret from a seed: base64 of an AES key, or a PKCS#8 PEM of an RSA key.
 *
 * @throws {TypeError} naming `path`, never the value.
 */
export function parseSecret({ algorithm, length }: KeyShape, encoded: string, path: string): KeyObject {
  return algorithm === "AES" ? parseAesKey(encoded, path, length) : parseRsaKey(length * 8, encoded, path);
}
