import {
  createPrivateKey,
  createSecretKey,
  generateKeyPair,
  generateKeyPairSync,
  type KeyObject,
  randomBytes,
} from "node:crypto";

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

function newSymmetricSecret(length: number): KeyObject {
  const bytes = randomBytes(length);
  const secret = createSecretKey(bytes);
  bytes.fill(0);
  return secret;
}

/** A fresh secret; RSA keys are generated off the main thread, so several are made at once. */
export function newSecret({ algorithm, length }: KeyShape): Promise<KeyObject> {
  if (algorithm === "AES") return Promise.resolve(newSymmetricSecret(length));
  return new Promise((resolve, reject) => {
    generateKeyPair("rsa", { modulusLength: length * 8 }, (error, _publicKey, privateKey) => {
      if (error === null) resolve(privateKey);
      else reject(error);
    });
  });
}

/** A fresh secret, made at once. */
export function newSecretSync({ algorithm, length }: KeyShape): KeyObject {
  if (algorithm === "AES") return newSymmetricSecret(length);
  return generateKeyPairSync("rsa", { modulusLength: length * 8 }).privateKey;
}

function parseSymmetric(length: number, encoded: string, path: string): KeyObject {
  const bytes = Buffer.from(encoded, "base64");
  if (bytes.byteLength !== length || bytes.toString("base64") !== encoded) {
    throw new TypeError(`${path}: expected base64 of ${length} bytes, got another string`);
  }
  return createSecretKey(bytes);
}

/**
 * Reads a secret from a seed: base64 of an AES key, or a PKCS#8 PEM of an RSA key.
 *
 * @throws {TypeError} naming `path`, never the value.
 */
export function parseSecret({ algorithm, length }: KeyShape, encoded: string, path: string): KeyObject {
  if (algorithm === "AES") return parseSymmetric(length, encoded, path);
  let key: KeyObject;
  try {
    key = createPrivateKey(encoded);
  } catch {
    throw new TypeError(`${path}: expected a PKCS#8 PEM of an RSA key, got another string`);
  }
  const got = key.asymmetricKeyDetails?.modulusLength ?? 0;
  if (key.asymmetricKeyType !== "rsa" || got !== length * 8) {
    const type = key.asymmetricKeyType ?? "no key type";
    throw new TypeError(`${path}: expected an RSA key of ${length * 8} bits, got ${type} of ${got} bits`);
  }
  return key;
}

/** The inverse of {@link parseSecret}. */
export function formatSecret(secret: KeyObject): string {
  return secret.type === "secret" ? secret.export().toString("base64") : secret.export({ type: "pkcs8", format: "pem" });
}
