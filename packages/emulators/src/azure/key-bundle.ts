import { publicNumbers } from "./key-material.ts";
import { urlOf } from "./vault.ts";
import { currentVersion, type Deletion, type KeyVersion, type VaultKey } from "./vault-key.ts";
import { recoveryLevelOf } from "./vault.ts";

function seconds(ms: number): number {
  return Math.floor(ms / 1000);
}

function attributes({ vault }: VaultKey, version: KeyVersion): object {
  const { notBeforeMs, expiresAtMs } = version;
  return {
    enabled: version.enabled,
    ...(notBeforeMs === undefined ? {} : { nbf: seconds(notBeforeMs) }),
    ...(expiresAtMs === undefined ? {} : { exp: seconds(expiresAtMs) }),
    created: seconds(version.createdAtMs),
    updated: seconds(version.updatedAtMs),
    recoveryLevel: recoveryLevelOf(vault),
    recoverableDays: vault.softDeleteDays,
    ...(vault.type === "managedhsm" ? { exportable: false } : {}),
  };
}

/** The full name of a version. */
export function versionIdOf(key: VaultKey, { version }: KeyVersion): string {
  return `${key.id}/${version}`;
}

/** A key as `GetKey` answers it. */
export function keyBundle(key: VaultKey, version: KeyVersion): object {
  const { kty, keyOps, secret, tags } = version;
  return {
    key: { kid: versionIdOf(key, version), kty, key_ops: keyOps, ...publicNumbers(secret) },
    attributes: attributes(key, version),
    ...(tags === undefined ? {} : { tags }),
  };
}

function deletionMembers(key: VaultKey, deletion: Deletion): object {
  return {
    recoveryId: `${urlOf(key.vault)}/deletedkeys/${key.name}`,
    deletedDate: seconds(deletion.atMs),
    scheduledPurgeDate: seconds(deletion.purgeAtMs),
  };
}

/** A deleted key as `GetDeletedKey` answers it. */
export function deletedKeyBundle(key: VaultKey, deletion: Deletion): object {
  return { ...deletionMembers(key, deletion), ...keyBundle(key, currentVersion(key)) };
}

/** A key, or with `versioned` a version of one, as lists show it. */
export function keyItem(key: VaultKey, version: KeyVersion, versioned: boolean): object {
  const { tags } = version;
  return {
    kid: versioned ? versionIdOf(key, version) : key.id,
    attributes: attributes(key, version),
    ...(tags === undefined ? {} : { tags }),
  };
}

/** A deleted key as lists show it. */
export function deletedKeyItem(key: VaultKey, deletion: Deletion): object {
  return { ...deletionMembers(key, deletion), ...keyItem(key, currentVersion(key), false) };
}
