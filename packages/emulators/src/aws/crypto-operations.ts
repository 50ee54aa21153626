import { createPublicKey, randomBytes } from "node:crypto";

import { authorisedKey, type KmsCall, type Operation, resolveKey, usableKey } from "./call.ts";
import { refusals } from "./errors.ts";
import {
  contextOf,
  flagOf,
  optionalChoice,
  optionalInteger,
  optionalText,
  refuseUnemulated,
  requiredBytes,
  requiredText,
} from "./input.ts";
import {
  algorithmsOf,
  assertAlgorithm,
  assertContext,
  encryptionAlgorithms,
  type EncryptionAlgorithm,
  encryptUnder,
} from "./key-cipher.ts";
import { assertUsable, currentMaterial } from "./kms-key.ts";
import { type Opened, openCiphertext } from "./open-ciphertext.ts";

// Plaintext, 1 to 4096 bytes (Encrypt, API reference).
const maxPlaintextBytes = 4096;

function base64(bytes: Uint8Array): string {
  return Buffer.from(bytes).toString("base64");
}

// Grants and enclaves are not emulated: a call that relies on one must not pass for another reason.
function refuseGrantsAndRecipients({ input }: KmsCall): void {
  refuseUnemulated(input, ["GrantTokens", "Recipient"]);
}

function unlessDryRun(call: KmsCall, answer: object): object {
  if (flagOf(call.input, "DryRun")) throw refusals.dryRun();
  return answer;
}

function algorithmOf(call: KmsCall, name: string): EncryptionAlgorithm {
  return optionalChoice(call.input, name, encryptionAlgorithms) ?? "SYMMETRIC_DEFAULT";
}

function materialOf(opened: Opened, name: string): object {
  return opened.materialId === undefined ? {} : { [name]: opened.materialId };
}

const decrypt: Operation = (call) => {
  refuseGrantsAndRecipients(call);
  const algorithm = algorithmOf(call, "EncryptionAlgorithm");
  const context = contextOf(call.input, "EncryptionContext");
  const opened = openCiphertext(call, { keyId: optionalText(call.input, "KeyId"), algorithm, context, action: "kms:Decrypt" });
  return unlessDryRun(call, {
    KeyId: opened.key.arn,
    Plaintext: base64(opened.plaintext),
    EncryptionAlgorithm: algorithm,
    ...materialOf(opened, "KeyMaterialId"),
  });
};

const encrypt: Operation = (call) => {
  refuseGrantsAndRecipients(call);
  const algorithm = algorithmOf(call, "EncryptionAlgorithm");
  const context = contextOf(call.input, "EncryptionContext");
  const plaintext = requiredBytes(call.input, "Plaintext", maxPlaintextBytes);
  assertContext(algorithm, context);
  const key = usableKey(call, requiredText(call.input, "KeyId"), { context, algorithm });
  assertAlgorithm(key, algorithm);
  const ciphertext = encryptUnder(key, algorithm, plaintext, context);
  return unlessDryRun(call, { CiphertextBlob: base64(ciphertext), KeyId: key.arn, EncryptionAlgorithm: algorithm });
};

const reEncrypt: Operation = (call) => {
  refuseGrantsAndRecipients(call);
  const sourceAlgorithm = algorithmOf(call, "SourceEncryptionAlgorithm");
  const algorithm = algorithmOf(call, "DestinationEncryptionAlgorithm");
  const context = contextOf(call.input, "DestinationEncryptionContext");
  assertContext(algorithm, context);
  const source = openCiphertext(call, {
    keyId: optionalText(call.input, "SourceKeyId"),
    algorithm: sourceAlgorithm,
    context: contextOf(call.input, "SourceEncryptionContext"),
    action: "kms:ReEncryptFrom",
  });
  const key = usableKey(call, requiredText(call.input, "DestinationKeyId"), { action: "kms:ReEncryptTo", context, algorithm });
  assertAlgorithm(key, algorithm);
  const ciphertext = encryptUnder(key, algorithm, source.plaintext, context);
  source.plaintext.fill(0);
  return unlessDryRun(call, {
    CiphertextBlob: base64(ciphertext),
    SourceKeyId: source.key.arn,
    KeyId: key.arn,
    SourceEncryptionAlgorithm: sourceAlgorithm,
    DestinationEncryptionAlgorithm: algorithm,
    ...materialOf(source, "SourceKeyMaterialId"),
    ...(key.keySpec === "SYMMETRIC_DEFAULT" ? { DestinationKeyMaterialId: currentMaterial(key).id } : {}),
  });
};

const dataKeyBytes = { AES_128: 16, AES_256: 32 } as const;

const generateDataKey: Operation = (call) => {
  refuseGrantsAndRecipients(call);
  const spec = optionalChoice(call.input, "KeySpec", ["AES_256", "AES_128"]);
  const length = optionalInteger(call.input, "NumberOfBytes", 1, 1024);
  if ((spec === undefined) === (length === undefined))
    throw refusals.validation("Please specify either number of bytes or key spec.");
  const context = contextOf(call.input, "EncryptionContext");
  const key = usableKey(call, requiredText(call.input, "KeyId"), { context, algorithm: "SYMMETRIC_DEFAULT" });
  if (key.keySpec !== "SYMMETRIC_DEFAULT")
    throw refusals.keyUsage(`${key.arn} key spec ${key.keySpec} is not valid for ${call.operation}.`);
  const plaintext = randomBytes(spec === undefined ? (length ?? 0) : dataKeyBytes[spec]);
  const answer = {
    CiphertextBlob: base64(encryptUnder(key, "SYMMETRIC_DEFAULT", plaintext, context)),
    ...(call.operation === "GenerateDataKey" ? { Plaintext: base64(plaintext) } : {}),
    KeyId: key.arn,
    KeyMaterialId: currentMaterial(key).id,
  };
  plaintext.fill(0);
  return unlessDryRun(call, answer);
};

const getPublicKey: Operation = (call) => {
  refuseGrantsAndRecipients(call);
  const key = authorisedKey(call, resolveKey(call, requiredText(call.input, "KeyId")));
  if (key.keySpec === "SYMMETRIC_DEFAULT") throw refusals.unsupported("You cannot call GetPublicKey on a symmetric CMK.");
  assertUsable(key, call.nowMs);
  return {
    KeyId: key.arn,
    PublicKey: createPublicKey(currentMaterial(key).secret).export({ type: "spki", format: "der" }).toString("base64"),
    CustomerMasterKeySpec: key.keySpec,
    KeySpec: key.keySpec,
    KeyUsage: "ENCRYPT_DECRYPT",
    EncryptionAlgorithms: algorithmsOf(key.keySpec),
  };
};

/** The operations that use key material. */
export const cryptoOperations: Readonly<Record<string, Operation>> = {
  Encrypt: encrypt,
  Decrypt: decrypt,
  ReEncrypt: reEncrypt,
  GenerateDataKey: generateDataKey,
  GenerateDataKeyWithoutPlaintext: generateDataKey,
  GetPublicKey: getPublicKey,
};
