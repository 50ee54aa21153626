import { authorisedKey, managedKey, type Operation, resolveKey } from "./call.ts";
import { refusals, ServiceRefusal } from "./errors.ts";
import { optionalChoice, optionalInteger, refuseUnemulated, requiredText } from "./input.ts";
import type { KeyMaterial } from "./key-material.ts";
import { assertUsable, type KmsKey, rotate, stateOf } from "./kms-key.ts";

const dayMs = 86_400_000;

function assertAutomatic(key: KmsKey): void {
  if (key.keySpec !== "SYMMETRIC_DEFAULT" || key.origin !== "AWS_KMS") {
    throw refusals.unsupported(`${key.arn} does not support automatic rotation.`);
  }
}

const rotateKeyOnDemand: Operation = (call) => {
  const key = managedKey(call, requiredText(call.input, "KeyId"));
  const [primary] = call.store.related(key);
  if (primary !== key) throw refusals.unsupported(`${key.arn} is a replica and is rotated with its primary key.`);
  if (key.origin === "EXTERNAL" && key.keySpec === "SYMMETRIC_DEFAULT") {
    assertUsable(key, call.nowMs);
    throw new ServiceRefusal("KMSInvalidStateException", `No available key material pending rotation for the key: ${key.arn}.`);
  }
  rotate(key, call.nowMs);
  return { KeyId: key.keyId };
};

const enableKeyRotation: Operation = (call) => {
  const key = managedKey(call, requiredText(call.input, "KeyId"));
  const days = optionalInteger(call.input, "RotationPeriodInDays", 90, 2560) ?? 365;
  assertAutomatic(key);
  assertUsable(key, call.nowMs);
  key.rotationPeriodInDays = days;
  return {};
};

const disableKeyRotation: Operation = (call) => {
  const key = managedKey(call, requiredText(call.input, "KeyId"));
  assertAutomatic(key);
  assertUsable(key, call.nowMs);
  key.rotationPeriodInDays = undefined;
  return {};
};

const getKeyRotationStatus: Operation = (call) => {
  const key = authorisedKey(call, resolveKey(call, requiredText(call.input, "KeyId"), false));
  const awsManaged = key.keyManager === "AWS";
  const period = awsManaged ? 365 : key.rotationPeriodInDays;
  // While a deletion is pending, the service says false and remembers the setting.
  if (period === undefined || stateOf(key, call.nowMs) === "PendingDeletion")
    return { KeyRotationEnabled: false, KeyId: key.keyId };
  const lastMs = key.materials.at(-1)?.rotatedAtMs ?? key.createdAtMs;
  return {
    KeyRotationEnabled: true,
    KeyId: key.keyId,
    RotationPeriodInDays: period,
    ...(awsManaged ? {} : { NextRotationDate: (lastMs + period * dayMs) / 1000 }),
  };
};

function importEntry(key: KmsKey, nowMs: number): object {
  if (key.origin !== "EXTERNAL") return {};
  return {
    ImportState: stateOf(key, nowMs) === "PendingImport" ? "PENDING_IMPORT" : "IMPORTED",
    ExpirationModel: key.validToMs === undefined ? "KEY_MATERIAL_DOES_NOT_EXPIRE" : "KEY_MATERIAL_EXPIRES",
    ...(key.validToMs === undefined ? {} : { ValidTo: key.validToMs / 1000 }),
  };
}

function rotationEntry(key: KmsKey, material: KeyMaterial, nowMs: number): object {
  return {
    KeyId: key.keyId,
    KeyMaterialId: material.id,
    ...importEntry(key, nowMs),
    KeyMaterialState: material === key.materials.at(-1) ? "CURRENT" : "NON_CURRENT",
    ...(material.rotatedAtMs === undefined ? {} : { RotationDate: material.rotatedAtMs / 1000 }),
    ...(material.rotationType === undefined ? {} : { RotationType: material.rotationType }),
  };
}

const listKeyRotations: Operation = (call) => {
  refuseUnemulated(call.input, ["Marker"]);
  const key = managedKey(call, requiredText(call.input, "KeyId"));
  const include = optionalChoice(call.input, "IncludeKeyMaterial", ["ALL_KEY_MATERIAL", "ROTATIONS_ONLY"]);
  optionalInteger(call.input, "Limit", 1, 1000);
  if (key.keySpec !== "SYMMETRIC_DEFAULT") throw refusals.unsupported(`${key.arn} is asymmetric and has no rotations.`);
  const all = include === "ALL_KEY_MATERIAL";
  const rotations = key.materials
    .filter(({ rotatedAtMs }) => all || rotatedAtMs !== undefined)
    .map((material) => rotationEntry(key, material, call.nowMs));
  return { Rotations: rotations, Truncated: false };
};

/** The operations on rotation. Automatic rotation is a setting only: material changes on demand. */
export const rotationOperations: Readonly<Record<string, Operation>> = {
  RotateKeyOnDemand: rotateKeyOnDemand,
  EnableKeyRotation: enableKeyRotation,
  DisableKeyRotation: disableKeyRotation,
  GetKeyRotationStatus: getKeyRotationStatus,
  ListKeyRotations: listKeyRotations,
};
