import type { KeyObject } from "node:crypto";
import type { PublicKey } from "./cmk.ts";
import { nodeCrypto } from "./node-crypto.ts";

/** A public key that passed the checks, ready to wrap with. */
export interface RsaPublicKey extends PublicKey {
  readonly keyObject: KeyObject;
}

/**
 * Reads DER SubjectPublicKeyInfo.
 *
 * @returns `undefined` unless it is an RSA key with exponent 65537, encoded as OpenSSL would encode it again: a public
 * key has one spelling, so that its fingerprint can be pinned.
 */
export function readRsaPublicKey(spki: Uint8Array, keyVersion: string | null): RsaPublicKey | undefined {
  const keyObject = importSpki(spki);
  const details = keyObject?.asymmetricKeyDetails;
  if (keyObject?.asymmetricKeyType !== "rsa" || details?.publicExponent !== 65_537n) return undefined;
  if (!keyObject.export({ format: "der", type: "spki" }).equals(spki)) return undefined;
  const spkiSha256 = new Uint8Array(nodeCrypto().createHash("sha256").update(spki).digest());
  return { keyObject, spki: new Uint8Array(spki), spkiSha256, keyVersion, bits: details.modulusLength ?? 0 };
}

/** RSA-OAEP with SHA-256 for both the hash and MGF1, and no label (RFC 8017 §7.1). */
export function rsaOaepEncrypt(key: RsaPublicKey, payload: Uint8Array): Uint8Array {
  const options = { key: key.keyObject, padding: nodeCrypto().constants.RSA_PKCS1_OAEP_PADDING, oaepHash: "sha256" };
  return new Uint8Array(nodeCrypto().publicEncrypt(options, payload));
}

function importSpki(spki: Uint8Array): KeyObject | undefined {
  try {
    return nodeCrypto().createPublicKey({ key: Buffer.from(spki), format: "der", type: "spki" });
  } catch {
    return undefined;
  }
}
