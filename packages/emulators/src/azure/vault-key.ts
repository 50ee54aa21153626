import { type KeyObject, randomBytes } from "node:crypto";

import type { Denial } from "./authorization.ts";
import { refusals } from "./errors.ts";
import { type AzureKeyType, bitsOf, newSecretSync } from "./key-material.ts";
import { urlOf, type Vault } from "./vault.ts";

/** One version of a key: its own material, and its own attributes. */
export interface KeyVersion {
  /** 32 hex digits. */
  readonly version: string;
  readonly kty: AzureKeyType;
  readonly secret: KeyObject;
  readonly createdAtMs: number;
  updatedAtMs: number;
  enabled: boolean;
  notBeforeMs: number | undefined;
  expiresAtMs: number | undefined;
  keyOps: readonly string[];
  tags: Readonly<Record<string, string>> | undefined;
}

/** When a key was deleted, and when it is purged by itself. */
export interface Deletion {
  readonly atMs: number;
  readonly purgeAtMs: number;
}

/** A key: a name in a vault with versions behind it. */
export interface VaultKey {
  readonly vault: Vault;
  readonly name: string;
  /** The full name, without a version. */
  readonly id: string;
  /** Oldest first; the last one is current. */
  readonly versions: KeyVersion[];
  denials: readonly Denial[];
  deletion: Deletion | undefined;
}

/** What a version starts with; what is left out takes the service's default. */
export interface VersionParts {
  readonly kty: AzureKeyType;
  readonly secret: KeyObject;
  readonly version?: string | undefined;
  readonly createdAtMs?: number | undefined;
  readonly updatedAtMs?: number | undefined;
  readonly enabled?: boolean | undefined;
  readonly notBeforeMs?: number | undefined;
  readonly expiresAtMs?: number | undefined;
  readonly keyOps?: readonly string[] | undefined;
  readonly tags?: Readonly<Record<string, string>> | undefined;
}

const rsaOperations = ["encrypt", "decrypt", "sign", "verify", "wrapKey", "unwrapKey"];
const symmetricOperations = ["encrypt", "decrypt", "wrapKey", "unwrapKey"];

/** Everything that a key of this type can do. */
export function operationsOf(kty: AzureKeyType): readonly string[] {
  return kty === "oct-HSM" ? symmetricOperations : rsaOperations;
}

/** The full name of a key, without a version. */
export function keyIdOf(vault: Vault, name: string): string {
  return `${urlOf(vault)}/keys/${name}`;
}

/** A version, with the service's defaults for what is not given. */
export function keyVersion(parts: VersionParts, nowMs: number): KeyVersion {
  return {
    version: parts.version ?? randomBytes(16).toString("hex"),
    kty: parts.kty,
    secret: parts.secret,
    createdAtMs: parts.createdAtMs ?? nowMs,
    updatedAtMs: parts.updatedAtMs ?? parts.createdAtMs ?? nowMs,
    enabled: parts.enabled ?? true,
    notBeforeMs: parts.notBeforeMs,
    expiresAtMs: parts.expiresAtMs,
    keyOps: parts.keyOps ?? operationsOf(parts.kty),
    tags: parts.tags,
  };
}

/** The version that new wraps are made under when a call names none. */
export function currentVersion(key: VaultKey): KeyVersion {
  const version = key.versions.at(-1);
  if (version === undefined) throw refusals.notFound(key.name);
  return version;
}

/**
 * The version that a call names, or the current one.
 *
 * @throws {ServiceRefusal} 404 when there is no such version.
 */
export function findVersion(key: VaultKey, version: string | undefined): KeyVersion {
  if (version === undefined) return currentVersion(key);
  const found = key.versions.find((candidate) => candidate.version === version);
  if (found === undefined) throw refusals.notFound(`${key.name}/${version}`);
  return found;
}

/** Adds a version of the same type and size with fresh material, which becomes the current one. */
export function rotate(key: VaultKey, nowMs: number): KeyVersion {
  const { kty, secret, keyOps, tags } = currentVersion(key);
  const next = keyVersion({ kty, secret: newSecretSync(kty, bitsOf(secret)), keyOps, tags }, nowMs);
  key.versions.push(next);
  return next;
}

/** Enables or disables every version. */
export function setEnabled(key: VaultKey, enabled: boolean, nowMs: number): void {
  for (const version of key.versions.filter((candidate) => candidate.enabled !== enabled)) {
    version.enabled = enabled;
    version.updatedAtMs = nowMs;
  }
}

/** Whether a key was deleted so lately that the service does not find it anywhere. */
export function isBeingDeleted({ deletion, vault }: VaultKey, nowMs: number): boolean {
  return deletion !== undefined && nowMs < deletion.atMs + vault.deletionTakesMs;
}

const dayMs = 86_400_000;

/** Deletes a key softly: it can be recovered until it is purged, after the vault's own number of days when none is given. */
export function deleteKey(key: VaultKey, nowMs: number, days: number = key.vault.softDeleteDays): Deletion {
  key.deletion = { atMs: nowMs, purgeAtMs: nowMs + days * dayMs };
  return key.deletion;
}
