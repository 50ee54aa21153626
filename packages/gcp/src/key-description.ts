import { KmsError, type DriverDescription, type KeyKind, type KeyState } from "@cmkit/core";
import { dateIn, fieldsIn, nameIn, secondsIn, textIn, versionIn, type Fields } from "./answer.ts";
import type { CryptoKeyName } from "./crypto-key-name.ts";
import { quotaOf } from "./quota.ts";

const algorithms: ReadonlyMap<string, { readonly kind: KeyKind; readonly bits: number }> = new Map([
  ["GOOGLE_SYMMETRIC_ENCRYPTION", { kind: "symmetric", bits: 256 }],
  ["EXTERNAL_SYMMETRIC_ENCRYPTION", { kind: "symmetric", bits: 256 }],
  ["RSA_DECRYPT_OAEP_2048_SHA256", { kind: "rsa", bits: 2048 }],
  ["RSA_DECRYPT_OAEP_3072_SHA256", { kind: "rsa", bits: 3072 }],
  ["RSA_DECRYPT_OAEP_4096_SHA256", { kind: "rsa", bits: 4096 }],
]);

// A state that is not here is `unavailable`: a version is used only in a state that is known to be good.
const states: ReadonlyMap<string, KeyState> = new Map([
  ["ENABLED", "enabled"],
  ["DISABLED", "disabled"],
  ["DESTROY_SCHEDULED", "pending-deletion"],
  ["DESTROYED", "destroyed"],
  // Destroyed for Cloud KMS; what is pending or has failed is the external key manager's part.
  ["PENDING_EXTERNAL_DESTRUCTION", "destroyed"],
  ["EXTERNAL_DESTRUCTION_FAILED", "destroyed"],
  ["PENDING_IMPORT", "pending-import"],
  // These two have no material, and never will.
  ["IMPORT_FAILED", "pending-import"],
  ["GENERATION_FAILED", "pending-import"],
  ["PENDING_GENERATION", "unavailable"],
]);

const protections: ReadonlyMap<string, DriverDescription["protection"]> = new Map([
  ["SOFTWARE", "software"],
  ["HSM", "hsm"],
  ["HSM_SINGLE_TENANT", "hsm"],
  ["EXTERNAL", "external"],
  ["EXTERNAL_VPC", "external"],
]);

const dayInSeconds = 86_400;

/** What GetCryptoKey says of a key, as far as it goes without a version. */
export interface ReadKey {
  readonly kind: KeyKind;
  readonly rotationDays: number | null;
  /** The version that Encrypt uses; undefined for RSA keys. */
  readonly primary: Fields | undefined;
  readonly importOnly: boolean;
}

/** Reads the answer to GetCryptoKey. @throws {KmsError} `wrong-key-type`: a key for another purpose. `bad-answer` */
export function readKey(answer: unknown, asked: CryptoKeyName): ReadKey {
  const key = fieldsIn(answer);
  nameIn(key["name"], asked);
  const seconds = secondsIn(key["rotationPeriod"]);
  const importOnly = key["importOnly"] === true;
  const purpose = textIn(key["purpose"], "purpose");
  if (purpose === "ASYMMETRIC_DECRYPT") return { kind: "rsa", rotationDays: null, primary: undefined, importOnly };
  if (purpose !== "ENCRYPT_DECRYPT") return wrongKeyType("a key with the purpose ENCRYPT_DECRYPT or ASYMMETRIC_DECRYPT", purpose);
  const primary = key["primary"] instanceof Object ? fieldsIn(key["primary"]) : undefined;
  return { kind: "symmetric", rotationDays: seconds === undefined ? null : seconds / dayInSeconds, primary, importOnly };
}

/**
 * Reads a CryptoKeyVersion: the answer to GetCryptoKeyVersion, a key's primary, or one of a list.
 *
 * @throws {KmsError} `wrong-key-type`: an algorithm that is not supported. `bad-answer`: fields are missing, or another key's.
 */
export function readVersion(answer: unknown, asked: CryptoKeyName, emulated: boolean): DriverDescription {
  const version = fieldsIn(answer);
  const keyVersion = versionIn(version["name"], asked);
  const { kind, bits } = usableAlgorithm(version["algorithm"]);
  const state = states.get(String(version["state"])) ?? "unavailable";
  const protection = protections.get(String(version["protectionLevel"])) ?? "unknown";
  const imported = typeof version["importJob"] === "string" && version["importJob"] !== "";
  const deletionAt = state === "pending-deletion" ? dateIn(version["destroyTime"]) : undefined;
  return {
    resource: asked.resource,
    kind,
    bits,
    state,
    keyVersion,
    protection,
    origin: protection === "external" ? "external" : imported ? "imported" : protection === "unknown" ? "unknown" : "kms",
    ...(kind === "rsa" ? { rotationDays: null } : {}),
    ...(deletionAt && { deletionAt }),
    quota: quotaOf(asked, kind, protection),
    emulated,
  };
}

/** @throws {KmsError} `wrong-key-type`: an algorithm that is not supported; the detail names it. */
export function usableAlgorithm(algorithm: unknown): { readonly kind: KeyKind; readonly bits: number } {
  const name = String(algorithm);
  return algorithms.get(name) ?? wrongKeyType(`one of the algorithms ${[...algorithms.keys()].join(", ")}`, name);
}

function wrongKeyType(expected: string, got: string): never {
  const named = /^[A-Z][A-Z0-9_]{0,63}$/.test(got) ? got : "one that is not known";
  throw new KmsError("wrong-key-type", { provider: "gcp", detail: `expected ${expected}, got ${named}` });
}
