import { createHash, type KeyObject } from "node:crypto";

import { type KeyShape, newSecretSync } from "./key-material.ts";
import { type Lifecycle, type LifecycleState, stateAt } from "./lifecycle-state.ts";
import { newKeyVersionOcid, type VaultPlace } from "./ocid.ts";
import type { OciDenial } from "./permission.ts";
import type { StateRefusal } from "./quirks.ts";
import { refusals } from "./service-refusal.ts";

/** A vault. */
export interface Vault {
  readonly id: string;
  readonly place: VaultPlace;
  readonly displayName: string;
  readonly tenancy: string;
  readonly compartmentId: string;
  readonly admits: ReadonlySet<string>;
  readonly createdAtMs: number;
}

/** A version of a key; without its secret once it is deleted. */
export interface KeyVersion extends Lifecycle {
  readonly id: string;
  secret: KeyObject | undefined;
  readonly origin: "INTERNAL" | "EXTERNAL";
  readonly createdAtMs: number;
}

/** A key, with what changes about it. */
export interface VaultKey extends Lifecycle {
  readonly id: string;
  readonly vault: Vault;
  readonly compartmentId: string;
  displayName: string;
  readonly keyShape: KeyShape;
  readonly protectionMode: "HSM" | "SOFTWARE";
  readonly createdAtMs: number;
  /** Oldest first; the last one is current. */
  readonly versions: KeyVersion[];
  denials: readonly OciDenial[];
  /** Grows with every change; the ETag follows from it. */
  revision: number;
}

/** The ETag of a key and its versions. */
export function etagOf({ id, revision }: VaultKey): string {
  return createHash("sha256").update(`${id} ${revision}`).digest("hex").slice(0, 40);
}

/** The version that encrypts. */
export function currentVersion(key: VaultKey): KeyVersion {
  const version = key.versions.at(-1);
  if (version === undefined) throw new TypeError(`expected a version of ${key.id}, got none`);
  return version;
}

/** The state of a version; its key's state is apart from it, until the key is deleted. */
export function versionStateAt(key: VaultKey, version: KeyVersion, nowMs: number): LifecycleState {
  return stateAt(key, nowMs) === "DELETED" ? "DELETED" : stateAt(version, nowMs);
}

/** Destroys the material of what has been deleted by now. */
export function destroyDeleted(key: VaultKey, nowMs: number): void {
  for (const version of key.versions) {
    if (versionStateAt(key, version, nowMs) === "DELETED") version.secret = undefined;
  }
}

/** Refuses a key that is not in a state to be used. */
export function assertEnabled(key: VaultKey, nowMs: number, as?: StateRefusal): void {
  const state = stateAt(key, nowMs);
  if (state !== "ENABLED") throw refusals.state(key.id, state, as);
}

/** The secret of a version, when that is in a state to be used. */
export function usableSecret(key: VaultKey, version: KeyVersion, nowMs: number, as?: StateRefusal): KeyObject {
  const state = versionStateAt(key, version, nowMs);
  if (state !== "ENABLED" || version.secret === undefined) throw refusals.state(version.id, state, as);
  return version.secret;
}

/** `EnableKey` and `DisableKey`, done at once: there is no `ENABLING` or `DISABLING` in between. */
export function setEnabled(key: VaultKey, enabled: boolean, nowMs: number): void {
  const state = stateAt(key, nowMs);
  if (state === "PENDING_DELETION" || state === "DELETED") throw refusals.state(key.id, state);
  key.settled = enabled ? "ENABLED" : "DISABLED";
  key.revision += 1;
}

const dayMs = 86_400_000;

/** `ScheduleKeyDeletion` and `ScheduleKeyVersionDeletion`; without an instant, in 30 days. */
export function scheduleDeletion(
  key: VaultKey,
  target: VaultKey | KeyVersion,
  nowMs: number,
  deletionAtMs: number = nowMs + 30 * dayMs,
): void {
  const state = stateAt(target, nowMs);
  if (state === "PENDING_DELETION" || state === "DELETED") throw refusals.state(target.id, state);
  target.deletionAtMs = deletionAtMs;
  key.revision += 1;
}

/** `CancelKeyDeletion` and `CancelKeyVersionDeletion`: the state from before the deletion was scheduled comes back. */
export function cancelDeletion(key: VaultKey, target: VaultKey | KeyVersion, nowMs: number): void {
  const state = stateAt(target, nowMs);
  if (state !== "PENDING_DELETION") throw refusals.state(target.id, state);
  target.deletionAtMs = undefined;
  key.revision += 1;
}

/** Gives a key a new current version; the old ones stay usable. */
export function rotate(key: VaultKey, nowMs: number, secret?: KeyObject): KeyVersion {
  assertEnabled(key, nowMs);
  const version: KeyVersion = {
    id: newKeyVersionOcid(key.vault.place),
    secret: secret ?? newSecretSync(key.keyShape),
    origin: "INTERNAL",
    createdAtMs: nowMs,
    settled: "ENABLED",
    deletionAtMs: undefined,
  };
  key.versions.push(version);
  key.revision += 1;
  return version;
}
