import { constants, createPublicKey, privateDecrypt } from "node:crypto";

import { traitsOf } from "./algorithm.ts";
import { keyNamed, type KmsCall, type NamedVersion, type Operation, versionNamed } from "./call.ts";
import { ciphertextOverhead, open, parseCiphertext, seal } from "./ciphertext.ts";
import { crc32c } from "./crc32c.ts";
import { type CryptoKey, type ProtectionLevel, usableSecret } from "./crypto-key.ts";
import { checkedBytes, textOf } from "./input.ts";
import { refusals } from "./rpc-error.ts";

// EncryptRequest.plaintext and .additional_authenticated_data (google/cloud/kms/v1/service.proto).
const maxBytes = 65_536;
const maxHsmBytes = 8192;

function assertPurpose(key: CryptoKey, name: string, ...purposes: readonly CryptoKey["purpose"][]): void {
  if (!purposes.includes(key.purpose)) throw refusals.purpose(name, key.purpose);
}

function assertHsmLimit(level: ProtectionLevel, ...parts: readonly Uint8Array[]): void {
  const length = parts.reduce((sum, { byteLength }) => sum + byteLength, 0);
  if (level === "HSM" && length > maxHsmBytes) {
    throw refusals.invalid(
      `With protection level HSM, plaintext and additional authenticated data are at most ${maxHsmBytes} bytes together.`,
    );
  }
}

function withChecksum(name: string, bytes: Uint8Array): object {
  return { [name]: Buffer.from(bytes).toString("base64"), [`${name}Crc32c`]: String(crc32c(bytes)) };
}

// The JSON form of a message leaves out what is false.
function flags(values: Readonly<Record<string, boolean>>): object {
  return Object.fromEntries(Object.entries(values).filter(([, value]) => value));
}

/** A version by its own name, or the primary one of a key by the key's. */
function encryptingVersion(call: KmsCall, name: string): NamedVersion {
  if (name.includes("/cryptoKeyVersions/")) {
    const named = versionNamed(call, name);
    assertPurpose(named.key, name, "ENCRYPT_DECRYPT");
    return named;
  }
  const key = keyNamed(call, name);
  assertPurpose(key, name, "ENCRYPT_DECRYPT");
  if (key.primary === undefined) {
    throw refusals.precondition(`${name} does not have a primary version.`, "NO_PRIMARY_VERSION", name);
  }
  return { key, version: key.primary };
}

const encrypt: Operation = (call) => {
  const { input } = call;
  const { key, version } = encryptingVersion(call, textOf(input, "name"));
  const plaintext = checkedBytes(input, "plaintext", maxBytes);
  const additionalData = checkedBytes(input, "additionalAuthenticatedData", maxBytes);
  const secret = usableSecret(version);
  assertHsmLimit(version.protectionLevel, plaintext.bytes, additionalData.bytes);
  return {
    name: version.name,
    ...withChecksum("ciphertext", seal(key.name, version.id, secret, plaintext.bytes, additionalData.bytes)),
    ...flags({
      verifiedPlaintextCrc32c: plaintext.verified,
      verifiedAdditionalAuthenticatedDataCrc32c: additionalData.verified,
    }),
    protectionLevel: version.protectionLevel,
  };
};

const decrypt: Operation = (call) => {
  const { input } = call;
  const name = textOf(input, "name");
  const key = keyNamed(call, name);
  assertPurpose(key, name, "ENCRYPT_DECRYPT");
  const { bytes } = checkedBytes(input, "ciphertext", maxBytes + ciphertextOverhead);
  const additionalData = checkedBytes(input, "additionalAuthenticatedData", maxBytes).bytes;
  const ciphertext = parseCiphertext(key.name, bytes);
  const version = key.versions.find(({ id }) => id === ciphertext?.version);
  if (ciphertext === undefined || version === undefined) {
    throw refusals.invalid("Decryption failed: verify that 'name' refers to the correct CryptoKey.");
  }
  const plaintext = open(ciphertext, usableSecret(version), additionalData);
  if (plaintext === undefined) throw refusals.invalid("Decryption failed: the ciphertext is invalid.");
  return {
    ...withChecksum("plaintext", plaintext),
    ...flags({ usedPrimary: version === key.primary }),
    protectionLevel: version.protectionLevel,
  };
};

const asymmetricDecrypt: Operation = (call) => {
  const name = textOf(call.input, "name");
  const { key, version } = versionNamed(call, name);
  assertPurpose(key, name, "ASYMMETRIC_DECRYPT");
  const ciphertext = checkedBytes(call.input, "ciphertext", maxBytes);
  const secret = usableSecret(version);
  const { oaepHash = "sha256" } = traitsOf(version.algorithm);
  let plaintext: Uint8Array;
  try {
    plaintext = privateDecrypt({ key: secret, padding: constants.RSA_PKCS1_OAEP_PADDING, oaepHash }, ciphertext.bytes);
  } catch {
    throw refusals.invalid("Decryption failed.");
  }
  return {
    ...withChecksum("plaintext", plaintext),
    ...flags({ verifiedCiphertextCrc32c: ciphertext.verified }),
    protectionLevel: version.protectionLevel,
  };
};

const getPublicKey: Operation = (call) => {
  const name = textOf(call.input, "name");
  const { key, version } = versionNamed(call, name);
  assertPurpose(key, name, "ASYMMETRIC_DECRYPT", "ASYMMETRIC_SIGN");
  const publicKey = createPublicKey(usableSecret(version));
  const common = { algorithm: version.algorithm, name: version.name, protectionLevel: version.protectionLevel };
  const format = textOf(call.input, "publicKeyFormat");
  if (format === "PEM" || format === "DER") {
    const data = Buffer.from(publicKey.export({ type: "spki", format: format === "PEM" ? "pem" : "der" }));
    const checked = { data: data.toString("base64"), crc32cChecksum: String(crc32c(data)) };
    return { ...common, publicKeyFormat: format, publicKey: checked };
  }
  const pem = publicKey.export({ type: "spki", format: "pem" });
  return { pem, ...common, pemCrc32c: String(crc32c(Buffer.from(pem))) };
};

/** The operations that use key material. */
export const cryptoOperations: Readonly<Record<"Encrypt" | "Decrypt" | "AsymmetricDecrypt" | "GetPublicKey", Operation>> = {
  Encrypt: encrypt,
  Decrypt: decrypt,
  AsymmetricDecrypt: asymmetricDecrypt,
  GetPublicKey: getPublicKey,
};
