import { newAesKey } from "../secret-key.ts";
import { refusals, ServiceRefusal } from "./errors.ts";
import { keyArn } from "./key-arn.ts";
import { type AwsKeySpec, type KeyMaterial, keyMaterial } from "./key-material.ts";
import type { Denial, KeyPolicy } from "./policy.ts";

/** The key states that are emulated. */
export type KeyState = "Enabled" | "Disabled" | "PendingDeletion" | "PendingImport";

/** A KMS key, with what changes about it. */
export interface KmsKey {
  readonly arn: string;
  readonly keyId: string;
  readonly region: string;
  readonly account: string;
  readonly keySpec: AwsKeySpec;
  readonly origin: "AWS_KMS" | "EXTERNAL";
  readonly keyManager: "CUSTOMER" | "AWS";
  readonly multiRegion: boolean;
  readonly description: string;
  readonly createdAtMs: number;
  /** Oldest first, the last one encrypts; one array for all replicas of a multi-Region key. Empty: pending import. */
  readonly materials: KeyMaterial[];
  readonly validToMs: number | undefined;
  denials: readonly Denial[];
  policy: KeyPolicy;
  enabled: boolean;
  deletionAtMs: number | undefined;
  rotationPeriodInDays: number | undefined;
}

/** A key from its parts; the ARN follows from them. */
export function kmsKey(parts: Omit<KmsKey, "arn">): KmsKey {
  return { ...parts, arn: keyArn(parts.region, parts.account, parts.keyId) };
}

/** The state of a key at an instant: imported material expires and returns the key to `PendingImport`. */
export function stateOf(key: KmsKey, nowMs: number): KeyState {
  if (key.deletionAtMs !== undefined) return "PendingDeletion";
  if (key.materials.length === 0 || (key.validToMs !== undefined && key.validToMs <= nowMs)) return "PendingImport";
  return key.enabled ? "Enabled" : "Disabled";
}

/** Refuses a key that cannot be used for cryptography, as the service names each state. */
export function assertUsable(key: KmsKey, nowMs: number): void {
  const state = stateOf(key, nowMs);
  if (state === "Disabled") throw refusals.disabled(key.arn);
  assertNotPending(key, state);
}

function assertNotPending(key: KmsKey, state: KeyState): void {
  if (state === "PendingDeletion") throw refusals.state(key.arn, "pending deletion");
  if (state === "PendingImport") throw refusals.state(key.arn, "pending import");
}

/** The material that encrypts. */
export function currentMaterial(key: KmsKey): KeyMaterial {
  const material = key.materials.at(-1);
  if (material === undefined) throw refusals.state(key.arn, "pending import");
  return material;
}

/** `EnableKey` and `DisableKey`. */
export function setEnabled(key: KmsKey, enabled: boolean, nowMs: number): void {
  assertNotPending(key, stateOf(key, nowMs));
  key.enabled = enabled;
}

const dayMs = 86_400_000;

/** `ScheduleKeyDeletion`; `days` from 7 to 30. */
export function scheduleDeletion(key: KmsKey, days: number, nowMs: number): number {
  if (key.deletionAtMs !== undefined) throw refusals.state(key.arn, "pending deletion");
  key.deletionAtMs = nowMs + days * dayMs;
  return key.deletionAtMs;
}

/** `CancelKeyDeletion`: the key comes back disabled. */
export function cancelDeletion(key: KmsKey): void {
  if (key.deletionAtMs === undefined) throw refusals.state(key.arn, "not pending deletion");
  key.deletionAtMs = undefined;
  key.enabled = false;
}

// Quota on on-demand rotations of one key (RotateKeyOnDemand, API reference).
const maxOnDemandRotations = 25;

/** Gives a symmetric key new material; everything encrypted before still opens. */
export function rotate(key: KmsKey, nowMs: number): KeyMaterial {
  if (key.keySpec !== "SYMMETRIC_DEFAULT") throw refusals.unsupported(`${key.arn} is asymmetric and cannot be rotated.`);
  assertUsable(key, nowMs);
  if (key.materials.filter(({ rotationType }) => rotationType === "ON_DEMAND").length >= maxOnDemandRotations) {
    throw new ServiceRefusal(
      "LimitExceededException",
      `${key.arn} has reached its limit of ${maxOnDemandRotations} on-demand rotations.`,
    );
  }
  const material: KeyMaterial = {
    ...keyMaterial(key.keyId, newAesKey()),
    rotatedAtMs: nowMs,
    rotationType: "ON_DEMAND",
  };
  key.materials.push(material);
  return material;
}
