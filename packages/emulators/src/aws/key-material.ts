import { createHmac, createPrivateKey, createSecretKey, generateKeyPair, type KeyObject, randomBytes } from "node:crypto";
import { promisify } from "node:util";

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

const generateRsa = promisify(generateKeyPair);

/** The modulus length of an RSA key spec, in bits; `undefined` for the symmetric one. */
export function rsaBits(spec: AwsKeySpec): number | undefined {
  return spec === "SYMMETRIC_DEFAULT" ? undefined : Number(spec.slice("RSA_".length));
}

/** Wraps a secret with the id that follows from it. */
export function keyMaterial(keyId: string, secret: KeyObject): KeyMaterial {
  const exported = secret.type === "secret" ? secret.export() : secret.export({ type: "pkcs8", format: "der" });
  return { id: createHmac("sha256", exported).update(`key material of ${keyId}`).digest("hex"), secret };
}

/** A fresh AES-256 key. */
export function newSymmetricSecret(): KeyObject {
  const bytes = randomBytes(32);
  const secret = createSecretKey(bytes);
  bytes.fill(0);
  return secret;
}

/** A fresh secret; RSA keys are generated off the main thread, so several are made at once. */
export async function newSecret(spec: AwsKeySpec): Promise<KeyObject> {
  const modulusLength = rsaBits(spec);
  return modulusLength === undefined ? newSymmetricSecret() : (await generateRsa("rsa", { modulusLength })).privateKey;
}

/**
 * Reads a secret from a seed: base64 of an AES-256 key, or a PKCS#8 PEM of an RSA key.
 *
 * @throws {TypeError} naming `path`, never the value.
 */
export function parseSecret(spec: AwsKeySpec, encoded: string, path: string): KeyObject {
  const modulusLength = rsaBits(spec);
  if (modulusLength === undefined) {
    const bytes = Buffer.from(encoded, "base64");
    if (bytes.byteLength !== 32 || bytes.toString("base64") !== encoded) {
      throw new TypeError(`${path}: expected base64 of 32 bytes, got another string`);
    }
    return createSecretKey(bytes);
  }
  let key: KeyObject;
  try {
    key = createPrivateKey(encoded);
  } catch {
    throw new TypeError(`${path}: expected a PKCS#8 PEM of an RSA key, got another string`);
  }
  const got = key.asymmetricKeyDetails?.modulusLength;
  if (key.asymmetricKeyType !== "rsa" || got !== modulusLength) {
    throw new TypeError(
      `${path}: expected an RSA key of ${modulusLength} bits, got ${key.asymmetricKeyType ?? "no key type"} of ${got ?? 0} bits`,
    );
  }
  return key;
}

/** The inverse of {@link parseSecret}. */
export function formatSecret(secret: KeyObject): string {
  return secret.type === "secret" ? secret.export().toString("base64") : secret.export({ type: "pkcs8", format: "pem" });
}
