import { formatKey } from "../secret-key.ts";
import type { Lifecycle, LifecycleState } from "./lifecycle-state.ts";
import type { OciSeedKey, OciSeedKeyVersion, OciSeedVault } from "./seed.ts";
import type { KeyVersion, Vault, VaultKey } from "./vault-key.ts";

function isoOf(ms: number): string {
  return new Date(ms).toISOString();
}

function lifecycleSeed({ settled, deletionAtMs }: Lifecycle): { lifecycleState: LifecycleState; timeOfDeletion?: string } {
  return { lifecycleState: settled, ...(deletionAtMs === undefined ? {} : { timeOfDeletion: isoOf(deletionAtMs) }) };
}

function versionSeed(version: KeyVersion): OciSeedKeyVersion {
  const { id, secret, origin, createdAtMs } = version;
  return {
    id,
    ...(secret === undefined ? {} : { material: formatKey(secret) }),
    origin,
    timeCreated: isoOf(createdAtMs),
    ...lifecycleSeed(version),
  };
}

/** The seed that brings a vault back. */
export function snapshotVault({ id, displayName, tenancy, compartmentId, admits, createdAtMs }: Vault): OciSeedVault {
  return { id, displayName, tenancy, compartmentId, admits: [...admits], timeCreated: isoOf(createdAtMs) };
}

/** The seed that brings a key back as it is now, material included. */
export function snapshotKey(key: VaultKey): OciSeedKey {
  const { id, vault, compartmentId, displayName, keyShape, protectionMode, createdAtMs, denials, versions } = key;
  return {
    id,
    vault: vault.id,
    compartmentId,
    displayName,
    keyShape,
    protectionMode,
    timeCreated: isoOf(createdAtMs),
    ...lifecycleSeed(key),
    ...(denials.length === 0 ? {} : { denials }),
    versions: versions.map(versionSeed),
  };
}
