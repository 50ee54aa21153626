import { createHmac, type KeyObject } from "node:crypto";

import { newAesKey, newRsaKey, parseAesKey, parseRsaKey } from "../secret-key.ts";

/** The key specs that are emulated. */
export type AwsKeySpec = "RSA_2048" | "RSA_3072" | "RSA_4096" | "SYMMETRIC_DEFAULT";

/** All of them. */
export const awsKeySpecs: readonly AwsKeySpec[] = ["RSA_2048", "RSA_3072", "RSA_4096", "SYMMETRIC_DEFAULT"];

/** One key material of a KMS key; symmetric keys gain one with each rotation. */
export interface KeyMaterial {
  /** 64 hex digits, the same for the same material under the same key id, so that a restart finds it again. */
  readonly id: string;
  readonly secret: KeyObject;
  readonly rotatedAtMs?: number;
  readonly rotationType?: "AUTOMATIC" | "ON_DEMAND";
}

/** The modulus length of an RSA key spec, in bits; `undefined` for the symmetric one. */
export function rsaBits(spec: AwsKeySpec): number | undefined {
  return spec === "SYMMETRIC_DEFAULT" ? undefined : Number(spec.slice("RSA_".length));
}

/** Wraps a secret with the id that follows from it. */
export function keyMaterial(keyId: string, secret: KeyObject): KeyMaterial {
  const exported = secret.type === "secret" ? secret.export() : secret.export({ type: "pkcs8", format: "der" });
  return { id: createHmac("sha256", exported).update(`key material of ${keyId}`).digest("hex"), secret };
}

/** A fresh secret; RSA keys are generated off the main thread, so several are made at once. */
export async function newSecret(spec: AwsKeySpec): Promise<KeyObject> {
  const modulusLength = rsaBits(spec);
  return modulusLength === undefined ? newAesKey() : newRsaKey(modulusLength);
}

/**
 * Reads a secret from a seed: base64 of an AES-256 key, or a PKCS#8 PEM of an RSA key.
 *
 * @throws {TypeError} naming `path`, never the value.
 */
export function parseSecret(spec: AwsKeySpec, encoded: string, path: string): KeyObject {
  const modulusLength = rsaBits(spec);
  return modulusLength === undefined ? parseAesKey(encoded, path) : parseRsaKey(modulusLength, encoded, path);
}
