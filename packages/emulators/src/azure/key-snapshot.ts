import { formatKey } from "../secret-key.ts";
import { bitsOf } from "./key-material.ts";
import type { AzureSeedKey, AzureSeedVersion } from "./seed.ts";
import { currentVersion, type KeyVersion, type VaultKey } from "./vault-key.ts";

function isoOf(ms: number): string {
  return new Date(ms).toISOString();
}

function versionSeed(version: KeyVersion): AzureSeedVersion {
  const { notBeforeMs, expiresAtMs, tags } = version;
  return {
    version: version.version,
    material: formatKey(version.secret),
    kty: version.kty,
    keySize: bitsOf(version.secret),
    enabled: version.enabled,
    ...(notBeforeMs === undefined ? {} : { notBefore: isoOf(notBeforeMs) }),
    ...(expiresAtMs === undefined ? {} : { expires: isoOf(expiresAtMs) }),
    keyOps: version.keyOps,
    ...(tags === undefined ? {} : { tags }),
    createdAt: isoOf(version.createdAtMs),
    updatedAt: isoOf(version.updatedAtMs),
  };
}

/** The seed that brings a key back as it is now, material included. */
export function snapshotKey(key: VaultKey): AzureSeedKey {
  const { deletion, denials } = key;
  return {
    vault: key.vault.name,
    name: key.name,
    kty: currentVersion(key).kty,
    versions: key.versions.map(versionSeed),
    ...(deletion === undefined ? {} : { deletedAt: isoOf(deletion.atMs), purgeAt: isoOf(deletion.purgeAtMs) }),
    ...(denials.length === 0 ? {} : { denials }),
  };
}
