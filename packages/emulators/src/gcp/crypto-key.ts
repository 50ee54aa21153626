import type { KeyObject } from "node:crypto";

import { newAesKey, newRsaKey, newRsaKeySync } from "../secret-key.ts";
import { type GcpAlgorithm, type GcpPurpose, traitsOf } from "./algorithm.ts";
import type { Denial } from "./denial.ts";
import { versionName } from "./resource-name.ts";
import { refusals } from "./rpc-error.ts";

/** The states of a version: google.cloud.kms.v1.CryptoKeyVersion.CryptoKeyVersionState. */
export const versionStates = [
  "ENABLED",
  "DISABLED",
  "DESTROY_SCHEDULED",
  "DESTROYED",
  "PENDING_GENERATION",
  "GENERATION_FAILED",
  "PENDING_IMPORT",
  "IMPORT_FAILED",
] as const;

/** One of them. */
export type VersionState = (typeof versionStates)[number];

/** Where the service keeps a key. */
export type ProtectionLevel = "SOFTWARE" | "HSM";

/** One version of a key. */
export interface KeyVersion {
  readonly id: number;
  readonly name: string;
  readonly algorithm: GcpAlgorithm;
  readonly protectionLevel: ProtectionLevel;
  readonly createdAtMs: number;
  state: VersionState;
  /** Missing where the state says that there is none. */
  secret: KeyObject | undefined;
  /** When a scheduled destruction will happen. */
  destroyAtMs: number | undefined;
  destroyedAtMs: number | undefined;
}

/** A key with its versions, and what changes about it. */
export interface CryptoKey {
  readonly name: string;
  readonly purpose: GcpPurpose;
  readonly createdAtMs: number;
  readonly importOnly: boolean;
  readonly destroyScheduledMs: number;
  /** In the order of their ids. */
  readonly versions: KeyVersion[];
  /** What new versions are. */
  algorithm: GcpAlgorithm;
  protectionLevel: ProtectionLevel;
  labels: Readonly<Record<string, string>>;
  /** Of a symmetric key only; missing where it has none yet. */
  primary: KeyVersion | undefined;
  rotationPeriodMs: number | undefined;
  nextRotationAtMs: number | undefined;
  denials: readonly Denial[];
}

/** A fresh secret for an algorithm. */
export async function newSecret(algorithm: GcpAlgorithm): Promise<KeyObject> {
  const { rsaBits } = traitsOf(algorithm);
  return rsaBits === undefined ? newAesKey() : newRsaKey(rsaBits);
}

/** Adds an enabled version, after the template of its key. */
export function addVersion(key: CryptoKey, secret: KeyObject, nowMs: number): KeyVersion {
  const id = (key.versions.at(-1)?.id ?? 0) + 1;
  const version: KeyVersion = {
    id,
    name: versionName(key.name, id),
    algorithm: key.algorithm,
    protectionLevel: key.protectionLevel,
    createdAtMs: nowMs,
    state: "ENABLED",
    secret,
    destroyAtMs: undefined,
    destroyedAtMs: undefined,
  };
  key.versions.push(version);
  return version;
}

/** A new version at once, which new wraps use: of a symmetric key the primary one, of others the latest. */
export function rotate(key: CryptoKey, nowMs: number): KeyVersion {
  const { rsaBits } = traitsOf(key.algorithm);
  const version = addVersion(key, rsaBits === undefined ? newAesKey() : newRsaKeySync(rsaBits), nowMs);
  if (key.purpose === "ENCRYPT_DECRYPT") key.primary = version;
  return version;
}

const dayMs = 86_400_000;

/** What is wrong with a key's rotation schedule: CryptoKey.rotation_period and .next_rotation_time. */
export function scheduleMistake({ purpose, rotationPeriodMs, nextRotationAtMs }: CryptoKey): string | undefined {
  if (rotationPeriodMs === undefined && nextRotationAtMs === undefined) return undefined;
  if (purpose !== "ENCRYPT_DECRYPT") return `Keys with the purpose ${purpose} do not rotate automatically.`;
  if (rotationPeriodMs === undefined || (rotationPeriodMs >= dayMs && nextRotationAtMs !== undefined)) return undefined;
  return "The rotation_period must be at least 24 hours, and come with a next_rotation_time.";
}

/** Does what was due: destructions that were scheduled, and rotations. */
export function settle(key: CryptoKey, nowMs: number): void {
  for (const version of key.versions) {
    if (version.state !== "DESTROY_SCHEDULED" || version.destroyAtMs === undefined || version.destroyAtMs > nowMs) continue;
    version.state = "DESTROYED";
    version.destroyedAtMs = version.destroyAtMs;
    version.destroyAtMs = undefined;
    version.secret = undefined;
  }
  const { rotationPeriodMs } = key;
  while (key.nextRotationAtMs !== undefined && key.nextRotationAtMs <= nowMs) {
    rotate(key, key.nextRotationAtMs);
    key.nextRotationAtMs = rotationPeriodMs === undefined ? undefined : key.nextRotationAtMs + rotationPeriodMs;
  }
}

/** The secret of a version that can be used for cryptography. */
export function usableSecret(version: KeyVersion): KeyObject {
  if (version.state !== "ENABLED" || version.secret === undefined) throw refusals.notEnabled(version.name, version.state);
  return version.secret;
}

/** `UpdateCryptoKeyVersion`: between enabled and disabled, from nowhere else. */
export function setEnabled(version: KeyVersion, enabled: boolean): void {
  if (version.state !== "ENABLED" && version.state !== "DISABLED") {
    throw refusals.precondition(
      `${version.name} cannot be enabled or disabled, current state is: ${version.state}.`,
      `KEY_${version.state}`,
      version.name,
    );
  }
  version.state = enabled ? "ENABLED" : "DISABLED";
}

/** `DestroyCryptoKeyVersion`. */
export function scheduleDestruction(version: KeyVersion, afterMs: number, nowMs: number): void {
  if (version.state === "DESTROY_SCHEDULED" || version.state === "DESTROYED") {
    throw refusals.precondition(
      `${version.name} cannot be destroyed, current state is: ${version.state}.`,
      `KEY_${version.state}`,
      version.name,
    );
  }
  version.state = "DESTROY_SCHEDULED";
  version.destroyAtMs = nowMs + afterMs;
}

/** `RestoreCryptoKeyVersion`: it comes back disabled. */
export function restore(version: KeyVersion): void {
  if (version.state !== "DESTROY_SCHEDULED") {
    throw refusals.precondition(
      `${version.name} is not scheduled for destruction, current state is: ${version.state}.`,
      `KEY_${version.state}`,
      version.name,
    );
  }
  version.state = "DISABLED";
  version.destroyAtMs = undefined;
}
