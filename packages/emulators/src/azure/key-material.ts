import { createPrivateKey, createPublicKey, createSecretKey, type KeyObject } from "node:crypto";

import { newAesKey, newRsaKey, newRsaKeySync, parseAesKey, parseRsaKey } from "../secret-key.ts";

/** The key types that are emulated; `-HSM` says where a key is kept, the cryptography is the same. */
export type AzureKeyType = "RSA" | "RSA-HSM" | "oct-HSM";

/** All of them. */
export const azureKeyTypes: readonly AzureKeyType[] = ["RSA", "RSA-HSM", "oct-HSM"];

const rsaSizes: ReadonlySet<number> = new Set([2048, 3072, 4096]);

/** The size that a key gets when none is asked for, in bits. */
export function defaultKeySize(kty: AzureKeyType): number {
  return kty === "oct-HSM" ? 256 : 2048;
}

/** Whether a key of this type can have this many bits. Of the AES keys, only the longest are emulated. */
export function isKeySize(kty: AzureKeyType, bits: number): boolean {
  return kty === "oct-HSM" ? bits === 256 : rsaSizes.has(bits);
}

/** A fresh secret; RSA keys are generated off the main thread, so several are made at once. */
export async function newSecret(kty: AzureKeyType, bits: number): Promise<KeyObject> {
  return kty === "oct-HSM" ? newAesKey() : newRsaKey(bits);
}

/** The same, at once. */
export function newSecretSync(kty: AzureKeyType, bits: number): KeyObject {
  return kty === "oct-HSM" ? newAesKey() : newRsaKeySync(bits);
}

/** The size of a key, in bits. */
export function bitsOf(secret: KeyObject): number {
  return secret.type === "secret" ? (secret.symmetricKeySize ?? 0) * 8 : (secret.asymmetricKeyDetails?.modulusLength ?? 0);
}

/**
 * Reads a secret from a seed: base64 of an AES key, or a PKCS#8 PEM of an RSA key.
 *
 * @throws {TypeError} naming `path`, never the value.
 */
export function parseSecret(kty: AzureKeyType, bits: number, encoded: string, path: string): KeyObject {
  return kty === "oct-HSM" ? parseAesKey(encoded, path) : parseRsaKey(bits, encoded, path);
}

/** Reads a private JSON Web Key, as it is imported; `undefined` for one that is no key of this type. */
export function secretOfJwk(kty: AzureKeyType, jwk: Readonly<Record<string, unknown>>): KeyObject | undefined {
  try {
    const secret =
      kty === "oct-HSM"
        ? createSecretKey(Buffer.from(String(jwk["k"]), "base64url"))
        : createPrivateKey({ key: { ...jwk, kty: "RSA" }, format: "jwk" });
    return isKeySize(kty, bitsOf(secret)) ? secret : undefined;
  } catch {
    return undefined;
  }
}

/** The public numbers of a key, in base64url; symmetric keys have none. */
export function publicNumbers(secret: KeyObject): { readonly n?: string; readonly e?: string } {
  if (secret.type === "secret") return {};
  const { n, e } = createPublicKey(secret).export({ format: "jwk" });
  return { ...(n === undefined ? {} : { n }), ...(e === undefined ? {} : { e }) };
}
