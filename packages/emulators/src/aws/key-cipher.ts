import { constants, createPublicKey, privateDecrypt, publicEncrypt } from "node:crypto";

import { type CiphertextBlob, type EncryptionContext, openBlob, sealBlob } from "./ciphertext-blob.ts";
import { refusals } from "./errors.ts";
import { type AwsKeySpec, rsaBits } from "./key-material.ts";
import { currentMaterial, type KmsKey } from "./kms-key.ts";

/** The encryption algorithms of the model. */
export type EncryptionAlgorithm = "SYMMETRIC_DEFAULT" | "RSAES_OAEP_SHA_1" | "RSAES_OAEP_SHA_256" | "SM2PKE";

/** All of them, in the order in which the service lists them. */
export const encryptionAlgorithms: readonly EncryptionAlgorithm[] = [
  "RSAES_OAEP_SHA_1",
  "SYMMETRIC_DEFAULT",
  "SM2PKE",
  "RSAES_OAEP_SHA_256",
];

const oaepHashes: Readonly<Record<string, { readonly name: string; readonly bytes: number }>> = {
  RSAES_OAEP_SHA_1: { name: "sha1", bytes: 20 },
  RSAES_OAEP_SHA_256: { name: "sha256", bytes: 32 },
};

/** The algorithms a key spec supports. */
export function algorithmsOf(spec: AwsKeySpec): readonly EncryptionAlgorithm[] {
  return spec === "SYMMETRIC_DEFAULT" ? ["SYMMETRIC_DEFAULT"] : ["RSAES_OAEP_SHA_1", "RSAES_OAEP_SHA_256"];
}

/** Refuses an algorithm that the key's spec does not have. */
export function assertAlgorithm(key: KmsKey, algorithm: EncryptionAlgorithm): void {
  if (!algorithmsOf(key.keySpec).includes(algorithm)) {
    throw refusals.keyUsage(`Algorithm ${algorithm} is incompatible with key spec ${key.keySpec}.`);
  }
}

/** Refuses an encryption context with an asymmetric algorithm, which cannot bind one. */
export function assertContext(algorithm: EncryptionAlgorithm, context: EncryptionContext): void {
  if (algorithm !== "SYMMETRIC_DEFAULT" && Object.keys(context).length > 0) {
    throw refusals.validation("EncryptionContext is not supported when encrypting/decrypting with asymmetric CMKs.");
  }
}

/** Encrypts under the key's current material: a blob that names key and material, or bare RSA-OAEP. */
export function encryptUnder(
  key: KmsKey,
  algorithm: EncryptionAlgorithm,
  plaintext: Uint8Array,
  context: EncryptionContext,
): Uint8Array {
  const material = currentMaterial(key);
  const hash = oaepHashes[algorithm];
  const bits = rsaBits(key.keySpec);
  if (hash === undefined || bits === undefined) {
    return sealBlob({ account: key.account, keyId: key.keyId, materialId: material.id }, material.secret, plaintext, context);
  }
  const maxBytes = bits / 8 - 2 * hash.bytes - 2; // RFC 8017 §7.1.1
  if (plaintext.byteLength > maxBytes) {
    throw refusals.validation(
      `Algorithm ${algorithm} and key spec ${key.keySpec} cannot encrypt data larger than ${maxBytes} bytes.`,
    );
  }
  return publicEncrypt(
    { key: createPublicKey(material.secret), padding: constants.RSA_PKCS1_OAEP_PADDING, oaepHash: hash.name },
    plaintext,
  );
}

/** What a symmetric ciphertext opened to, and the material that opened it. */
export interface OpenedBlob {
  readonly plaintext: Uint8Array;
  readonly materialId: string;
}

/** Opens a blob with the material it names, also when the key was rotated since. */
export function decryptBlob(key: KmsKey, blob: CiphertextBlob, context: EncryptionContext): OpenedBlob {
  const material = key.materials.find(({ id }) => id === blob.materialId);
  const plaintext = material === undefined ? undefined : openBlob(blob, material.secret, context);
  if (plaintext === undefined) throw refusals.ciphertext();
  return { plaintext, materialId: blob.materialId };
}

/** Opens RSA-OAEP; every failure is the same refusal. */
export function decryptRsa(key: KmsKey, algorithm: EncryptionAlgorithm, ciphertext: Uint8Array): Uint8Array {
  const hash = oaepHashes[algorithm];
  if (hash === undefined) throw refusals.keyUsage(`Algorithm ${algorithm} is incompatible with key spec ${key.keySpec}.`);
  try {
    return privateDecrypt(
      { key: currentMaterial(key).secret, padding: constants.RSA_PKCS1_OAEP_PADDING, oaepHash: hash.name },
      ciphertext,
    );
  } catch {
    throw refusals.ciphertext();
  }
}
