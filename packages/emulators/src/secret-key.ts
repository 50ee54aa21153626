import {
  createPrivateKey,
  createSecretKey,
  generateKeyPair,
  generateKeyPairSync,
  type KeyObject,
  randomBytes,
} from "node:crypto";

/** A fresh AES key, of 32 bytes unless told otherwise. */
export function newAesKey(length = 32): KeyObject {
  const bytes = randomBytes(length);
  const secret = createSecretKey(bytes);
  bytes.fill(0);
  return secret;
}

/** A fresh RSA private key, generated off the main thread, so that several are made at once. */
export async function newRsaKey(modulusLength: number): Promise<KeyObject> {
  return new Promise((resolve, reject) => {
    generateKeyPair("rsa", { modulusLength }, (error, _publicKey, privateKey) => {
      if (error === null) resolve(privateKey);
      else reject(error);
    });
  });
}

/** A fresh RSA private key at once, for what must not wait: it holds up the process for as long as it takes. */
export function newRsaKeySync(modulusLength: number): KeyObject {
  return generateKeyPairSync("rsa", { modulusLength }).privateKey;
}

/**
 * Reads an AES key, of 32 bytes unless told otherwise, from base64.
 *
 * @throws {TypeError} naming `path`, never the value.
 */
export function parseAesKey(encoded: string, path: string, length = 32): KeyObject {
  const bytes = Buffer.from(encoded, "base64");
  if (bytes.byteLength !== length || bytes.toString("base64") !== encoded) {
    throw new TypeError(`${path}: expected base64 of ${length} bytes, got another string`);
  }
  return createSecretKey(bytes);
}

/**
 * Reads an RSA private key of this length from a PKCS#8 PEM.
 *
 * @throws {TypeError} naming `path`, never the value.
 */
export function parseRsaKey(modulusLength: number, encoded: string, path: string): KeyObject {
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

/** The inverse of {@link parseAesKey} and {@link parseRsaKey}. */
export function formatKey(secret: KeyObject): string {
  return secret.type === "secret" ? secret.export().toString("base64") : secret.export({ type: "pkcs8", format: "pem" });
}
