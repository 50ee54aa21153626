import { authorisedKey, type KeyUse, type KmsCall, usableKey } from "./call.ts";
import { type CiphertextBlob, type EncryptionContext, parseBlob } from "./ciphertext-blob.ts";
import { refusals, ServiceRefusal } from "./errors.ts";
import { flagOf, optionalBytes, requiredBytes } from "./input.ts";
import { keyArn } from "./key-arn.ts";
import { assertAlgorithm, assertContext, decryptBlob, decryptRsa, type EncryptionAlgorithm } from "./key-cipher.ts";
import { assertUsable, type KmsKey } from "./kms-key.ts";

// Lengths of the model (Decrypt, API reference).
const maxCiphertextBytes = 6144;

function ignoresCiphertext(call: KmsCall): boolean {
  const modifiers = call.input["DryRunModifiers"] ?? [];
  if (!Array.isArray(modifiers) || modifiers.some((modifier) => modifier !== "IGNORE_CIPHERTEXT")) {
    throw refusals.validation("DryRunModifiers must satisfy enum value set: [IGNORE_CIPHERTEXT]");
  }
  if (modifiers.length > 0 && !flagOf(call.input, "DryRun"))
    throw refusals.validation("DryRunModifiers can only be used with DryRun.");
  return modifiers.length > 0;
}

/** What a ciphertext opened to; `materialId` for symmetric keys. */
export interface Opened {
  readonly key: KmsKey;
  readonly plaintext: Uint8Array;
  readonly materialId?: string;
}

/** How a ciphertext is to be opened. */
export interface OpenRequest {
  readonly keyId: string | undefined;
  readonly algorithm: EncryptionAlgorithm;
  readonly context: EncryptionContext;
  readonly action: string;
}

// The key a blob names; who may not use it does not learn whether it exists.
function keyOfBlob(call: KmsCall, blob: CiphertextBlob, use: KeyUse & { readonly action: string }): KmsKey {
  try {
    return authorisedKey(call, keyArn(call.region, blob.account, blob.keyId), use);
  } catch (error) {
    if (!(error instanceof ServiceRefusal)) throw error;
    throw refusals.deniedElsewhere(call.principal.arn, use.action, "the resource associated with this ciphertext");
  }
}

/**
 * Opens the `CiphertextBlob` of a call with the key it names, or that the caller names. In a dry run that ignores the
 * ciphertext, the plaintext is empty.
 *
 * @throws {ServiceRefusal} as Decrypt and ReEncrypt do.
 */
export function openCiphertext(call: KmsCall, request: OpenRequest): Opened {
  const { keyId, algorithm, context, action } = request;
  assertContext(algorithm, context);
  const ignore = ignoresCiphertext(call);
  const ciphertext = ignore
    ? optionalBytes(call.input, "CiphertextBlob", maxCiphertextBytes)
    : requiredBytes(call.input, "CiphertextBlob", maxCiphertextBytes);
  const use = { action, context, algorithm };
  if (keyId === undefined && (ignore || algorithm !== "SYMMETRIC_DEFAULT")) throw refusals.validation("KeyId must not be null");
  const named = keyId === undefined ? undefined : usableKey(call, keyId, use);
  if (named !== undefined && (ignore || algorithm !== "SYMMETRIC_DEFAULT")) assertAlgorithm(named, algorithm);
  if (named !== undefined && ignore) return { key: named, plaintext: new Uint8Array() };
  if (named !== undefined && algorithm !== "SYMMETRIC_DEFAULT") {
    return { key: named, plaintext: decryptRsa(named, algorithm, ciphertext ?? new Uint8Array()) };
  }
  const blob = parseBlob(ciphertext ?? new Uint8Array());
  if (blob === undefined) throw refusals.ciphertext();
  if (named !== undefined && (named.keyId !== blob.keyId || named.account !== blob.account)) throw refusals.incorrectKey();
  const key = named ?? keyOfBlob(call, blob, use);
  assertUsable(key, call.nowMs);
  return { key, ...decryptBlob(key, blob, context) };
}
