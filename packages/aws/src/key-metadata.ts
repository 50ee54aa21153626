import { KmsError, type DriverDescription, type KeyKind, type KeyState } from "@cmkit/core";
import { badAnswer, dateIn, keyVersionIn, requestIdIn, textIn } from "./answer.ts";
import { isKeyBeside, type KmsArn } from "./arn.ts";
import type { AwsAnswer } from "./aws-client.ts";
import { quotaOf } from "./quota.ts";

const specs: ReadonlyMap<string, { readonly kind: KeyKind; readonly bits: number }> = new Map([
  ["SYMMETRIC_DEFAULT", { kind: "symmetric", bits: 256 }],
  ["RSA_2048", { kind: "rsa", bits: 2048 }],
  ["RSA_3072", { kind: "rsa", bits: 3072 }],
  ["RSA_4096", { kind: "rsa", bits: 4096 }],
]);

// A state that is not here is `unavailable`: a key is used only in a state that is known to be good.
const states: ReadonlyMap<string, KeyState> = new Map([
  ["Enabled", "enabled"],
  ["Disabled", "disabled"],
  ["PendingDeletion", "pending-deletion"],
  ["PendingReplicaDeletion", "pending-deletion"],
  ["PendingImport", "pending-import"],
  ["Creating", "unavailable"],
  ["Updating", "unavailable"],
  ["Unavailable", "unavailable"],
]);

const origins: ReadonlyMap<string, Pick<DriverDescription, "origin" | "protection">> = new Map([
  ["AWS_KMS", { origin: "kms", protection: "hsm" }],
  ["EXTERNAL", { origin: "imported", protection: "hsm" }],
  ["AWS_CLOUDHSM", { origin: "external", protection: "hsm" }],
  ["EXTERNAL_KEY_STORE", { origin: "external", protection: "external" }],
]);

interface KeyMetadata {
  readonly Arn?: unknown;
  readonly KeyManager?: unknown;
  readonly KeyUsage?: unknown;
  readonly KeySpec?: unknown;
  readonly KeyState?: unknown;
  readonly Origin?: unknown;
  readonly ValidTo?: unknown;
  readonly DeletionDate?: unknown;
  readonly CurrentKeyMaterialId?: unknown;
  readonly MultiRegion?: unknown;
  readonly CustomKeyStoreId?: unknown;
}

/**
 * Reads the answer to DescribeKey.
 *
 * @throws {KmsError} `unsupported`: a key that AWS manages. `wrong-key-type`: one that is not for encryption, or not RSA or
 * AES. `bad-answer`: fields are missing, or an alias leads out of its account.
 */
export function readDescription(answer: AwsAnswer, asked: KmsArn, emulated: boolean): DriverDescription {
  const key: KeyMetadata = answer.KeyMetadata instanceof Object ? answer.KeyMetadata : badAnswer("it has no KeyMetadata");
  const resource = textIn(key.Arn, "Arn");
  if (!isKeyBeside(resource, asked)) badAnswer("it names no key of the account and region that were asked");
  if (textIn(key.KeyManager, "KeyManager") !== "CUSTOMER") {
    throw new KmsError("unsupported", {
      provider: "aws",
      detail: "the key is managed by AWS; use one that the customer manages",
    });
  }
  const { kind, bits } = usableSpec(key.KeyUsage, key.KeySpec);
  const expiresAt = dateIn(key.ValidTo, "ValidTo");
  const deletionAt = dateIn(key.DeletionDate, "DeletionDate");
  return {
    resource,
    kind,
    bits,
    state: states.get(textIn(key.KeyState, "KeyState")) ?? "unavailable",
    keyVersion: kind === "symmetric" ? keyVersionIn(key.CurrentKeyMaterialId) : null,
    ...(origins.get(String(key.Origin)) ?? { origin: "unknown", protection: "unknown" }),
    // Only symmetric keys rotate, and whether one does takes another request (AWS KMS Developer Guide, "Rotate AWS KMS keys").
    ...(kind === "rsa" && { rotationDays: null }),
    ...(expiresAt && { expiresAt }),
    ...(deletionAt && { deletionAt }),
    ...(typeof key.MultiRegion === "boolean" && { multiRegion: key.MultiRegion }),
    quota: quotaOf(asked, kind, key.CustomKeyStoreId),
    emulated,
    requestId: requestIdIn(answer.$metadata),
  };
}

/** @throws {KmsError} `wrong-key-type`: not for encryption, or of another kind than RSA and AES. */
export function usableSpec(usage: unknown, spec: unknown): { readonly kind: KeyKind; readonly bits: number } {
  if (textIn(usage, "KeyUsage") !== "ENCRYPT_DECRYPT") return wrongKeyType("expected the key usage ENCRYPT_DECRYPT");
  const known = specs.get(textIn(spec, "KeySpec"));
  return known ?? wrongKeyType(`expected one of the key specs ${[...specs.keys()].join(", ")}`);
}

function wrongKeyType(detail: string): never {
  throw new KmsError("wrong-key-type", { provider: "aws", detail });
}
