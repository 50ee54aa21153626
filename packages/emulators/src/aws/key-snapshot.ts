import { formatKey } from "../secret-key.ts";
import type { KeyMaterial } from "./key-material.ts";
import type { KeyStore } from "./key-store.ts";
import { type KmsKey, stateOf } from "./kms-key.ts";
import type { AwsSeedKey, AwsSeedMaterial } from "./seed.ts";

function isoOf(ms: number): string {
  return new Date(ms).toISOString();
}

function materialSeed({ secret, rotatedAtMs, rotationType }: KeyMaterial): AwsSeedMaterial {
  return {
    material: formatKey(secret),
    ...(rotatedAtMs === undefined ? {} : { rotatedAt: isoOf(rotatedAtMs) }),
    ...(rotationType === undefined ? {} : { rotationType }),
  };
}

/** The seed that brings a key back as it is now, material included. */
export function snapshotKey(store: KeyStore, key: KmsKey, nowMs: number): AwsSeedKey {
  const aliases = store.aliasesOf(key.arn).map(({ name }) => name);
  const state = stateOf(key, nowMs);
  const pendingImport = key.materials.length === 0;
  return {
    ...(aliases.length === 0 ? {} : { aliases }),
    region: key.region,
    account: key.account,
    keyId: key.keyId,
    keySpec: key.keySpec,
    ...(key.description === "" ? {} : { description: key.description }),
    createdAt: isoOf(key.createdAtMs),
    origin: key.origin,
    multiRegion: key.multiRegion,
    keyManager: key.keyManager,
    // Expired material is kept with its date, which says by itself that the key is pending import.
    keyState: state === "PendingImport" && !pendingImport ? (key.enabled ? "Enabled" : "Disabled") : state,
    ...(key.deletionAtMs === undefined ? {} : { deletionDate: isoOf(key.deletionAtMs) }),
    ...(key.validToMs === undefined ? {} : { validTo: isoOf(key.validToMs) }),
    ...(key.rotationPeriodInDays === undefined ? {} : { rotationPeriodInDays: key.rotationPeriodInDays }),
    policy: key.policy.document,
    ...(key.denials.length === 0 ? {} : { denials: key.denials }),
    // An empty list is not the same as none: without a list, material would be generated.
    materials: key.materials.map(materialSeed),
  };
}
