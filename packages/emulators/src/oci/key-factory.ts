import { newSecret, parseSecret } from "./key-material.ts";
import type { KeyStore } from "./key-store.ts";
import { lifecycleOf, stateAt } from "./lifecycle-state.ts";
import { newKeyVersionOcid, newVaultOcid, newVaultPrefix, placeOf, type VaultPlace } from "./ocid.ts";
import type { OciSeed, OciSeedKey, OciSeedKeyVersion, OciSeedVault } from "./seed.ts";
import { type KeyVersion, type Vault, type VaultKey, versionStateAt } from "./vault-key.ts";

function msOf(instant: string | undefined, nowMs: number): number {
  return instant === undefined ? nowMs : Date.parse(instant);
}

function samePlace(one: VaultPlace, other: VaultPlace | undefined): boolean {
  return one.realm === other?.realm && one.region === other.region && one.prefix === other.prefix;
}

function buildVault(seed: OciSeedVault, { region: common = "eu-frankfurt-1", principals }: OciSeed, nowMs: number): Vault {
  const region = seed.region ?? common;
  const place = (seed.id === undefined ? undefined : placeOf(seed.id)) ?? { realm: "oc1", region, prefix: newVaultPrefix() };
  if (seed.region !== undefined && seed.region !== place.region) {
    throw new TypeError(`vault ${seed.id}: expected the region of its OCID, got ${seed.region}`);
  }
  const tenancy = seed.tenancy ?? principals[0]?.tenancy ?? "";
  return {
    id: seed.id ?? newVaultOcid("vault", place),
    place,
    displayName: seed.displayName ?? place.prefix,
    tenancy,
    compartmentId: seed.compartmentId ?? tenancy,
    admits: new Set(seed.admits),
    createdAtMs: msOf(seed.timeCreated, nowMs),
  };
}

/** Adds the vaults of a seed to a store. */
export function addVaults(store: KeyStore, seed: OciSeed, nowMs: number): void {
  for (const vault of seed.vaults) store.addVault(buildVault(vault, seed, nowMs));
}

function vaultOf(store: KeyStore, seed: OciSeedKey): Vault {
  const { displayName, vault: name } = seed;
  const vaults = store.vaults();
  const found =
    name === undefined ? vaults.slice(0, 1) : vaults.filter((vault) => vault.id === name || vault.displayName === name);
  const [vault] = found;
  if (vault === undefined || found.length > 1) {
    throw new TypeError(`key ${displayName}: expected one vault${name === undefined ? "" : ` ${name}`}, got ${found.length}`);
  }
  return vault;
}

function placed(id: string | undefined, vault: Vault, displayName: string): string | undefined {
  if (id === undefined || samePlace(vault.place, placeOf(id))) return id;
  throw new TypeError(`key ${displayName}: expected the region and prefix of its vault in each OCID, got ${id}`);
}

function buildVersion(seed: OciSeedKeyVersion, key: VaultKey, nowMs: number): KeyVersion {
  return {
    id: placed(seed.id, key.vault, key.displayName) ?? newKeyVersionOcid(key.vault.place),
    secret:
      seed.material === undefined ? undefined : parseSecret(key.keyShape, seed.material, `key ${key.displayName}: material`),
    origin: seed.origin ?? "INTERNAL",
    createdAtMs: msOf(seed.timeCreated, key.createdAtMs),
    ...lifecycleOf(seed, nowMs),
  };
}

function versionSeeds({ displayName, versions, material }: OciSeedKey): readonly OciSeedKeyVersion[] {
  if (versions !== undefined && material !== undefined) {
    throw new TypeError(`key ${displayName}: expected versions or material, got both`);
  }
  if (versions?.length === 0) throw new TypeError(`key ${displayName}: expected at least one version, got none`);
  return versions ?? [material === undefined ? {} : { material }];
}

function build(store: KeyStore, seed: OciSeedKey, nowMs: number): VaultKey {
  const vault = vaultOf(store, seed);
  const key: VaultKey = {
    id: placed(seed.id, vault, seed.displayName) ?? newVaultOcid("key", vault.place),
    vault,
    compartmentId: seed.compartmentId ?? vault.compartmentId,
    displayName: seed.displayName,
    keyShape: seed.keyShape,
    protectionMode: seed.protectionMode ?? "HSM",
    createdAtMs: msOf(seed.timeCreated, nowMs),
    versions: [],
    denials: seed.denials ?? [],
    revision: 1,
    ...lifecycleOf(seed, nowMs),
  };
  key.versions.push(...versionSeeds(seed).map((version) => buildVersion(version, key, nowMs)));
  if (new Set(key.versions.map(({ id }) => id)).size < key.versions.length) {
    throw new TypeError(`key ${seed.displayName}: expected each version once, got one twice`);
  }
  return key;
}

/** Adds the keys of a seed to a store. What has no material gets its own, all generated at once; what is deleted gets none. */
export async function addKeys(store: KeyStore, seeds: readonly OciSeedKey[], nowMs: number): Promise<readonly VaultKey[]> {
  const keys = seeds.map((seed) => build(store, seed, nowMs));
  const lacking = keys.flatMap((key) =>
    stateAt(key, nowMs) === "DELETED"
      ? []
      : key.versions
          .filter((version) => version.secret === undefined && versionStateAt(key, version, nowMs) !== "DELETED")
          .map((version) => ({ key, version })),
  );
  await Promise.all(
    lacking.map(async ({ key, version }) => {
      version.secret = await newSecret(key.keyShape);
    }),
  );
  for (const key of keys) store.add(key);
  return keys;
}
