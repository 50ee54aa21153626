import type { KeyStore } from "./key-store.ts";
import { defaultKeySize, isKeySize, newSecret, parseSecret } from "./key-material.ts";
import type { AzureSeedKey, AzureSeedVersion } from "./seed.ts";
import { hostOf, type Vault } from "./vault.ts";
import { keyIdOf, type KeyVersion, keyVersion, operationsOf, type VaultKey } from "./vault-key.ts";

const dayMs = 86_400_000;

function msOf(instant: string | undefined): number | undefined {
  return instant === undefined ? undefined : Date.parse(instant);
}

async function versionOf(vault: Vault, key: AzureSeedKey, seed: AzureSeedVersion, nowMs: number): Promise<KeyVersion> {
  const where = `key ${key.name}`;
  const kty = seed.kty ?? key.kty;
  const keySize = seed.keySize ?? key.keySize ?? defaultKeySize(kty);
  if (kty === (vault.type === "vault" ? "oct-HSM" : "RSA")) {
    throw new TypeError(`${where}: expected a type of key that a ${vault.type} holds, got ${kty}`);
  }
  if (!isKeySize(kty, keySize)) throw new TypeError(`${where}: expected a size that ${kty} keys have, got ${keySize}`);
  const unknown = seed.keyOps?.find((operation) => !operationsOf(kty).includes(operation));
  if (unknown !== undefined) throw new TypeError(`${where}: expected operations of ${kty} keys, got ${unknown}`);
  const secret =
    seed.material === undefined ? await newSecret(kty, keySize) : parseSecret(kty, keySize, seed.material, `${where}: material`);
  return keyVersion(
    {
      kty,
      secret,
      version: seed.version,
      enabled: seed.enabled,
      keyOps: seed.keyOps,
      tags: seed.tags,
      createdAtMs: msOf(seed.createdAt),
      updatedAtMs: msOf(seed.updatedAt),
      notBeforeMs: msOf(seed.notBefore),
      expiresAtMs: msOf(seed.expires),
    },
    nowMs,
  );
}

async function keyOf(store: KeyStore, seed: AzureSeedKey, nowMs: number): Promise<VaultKey> {
  const vault = store.vaults.find(({ name }) => name.toLowerCase() === seed.vault.toLowerCase());
  if (vault === undefined) throw new TypeError(`key ${seed.name}: expected a vault of the seed, got ${seed.vault}`);
  const given = seed.versions ?? [{}];
  if (given.length === 0) throw new TypeError(`key ${seed.name}: expected at least one version, got none`);
  const versions = await Promise.all(given.map((version) => versionOf(vault, seed, version, nowMs)));
  if (new Set(versions.map(({ version }) => version)).size < versions.length) {
    throw new TypeError(`key ${seed.name}: expected each version once, got one twice in ${hostOf(vault)}`);
  }
  const atMs = msOf(seed.deletedAt) ?? (seed.purgeAt === undefined ? undefined : nowMs);
  const purgeAtMs = msOf(seed.purgeAt) ?? (atMs ?? nowMs) + vault.softDeleteDays * dayMs;
  return {
    vault,
    name: seed.name,
    id: keyIdOf(vault, seed.name),
    versions,
    denials: seed.denials ?? [],
    deletion: atMs === undefined ? undefined : { atMs, purgeAtMs },
  };
}

/** Adds the keys of a seed to a store; what has no material gets its own, all generated at once. */
export async function addKeys(store: KeyStore, seeds: readonly AzureSeedKey[], nowMs: number): Promise<readonly VaultKey[]> {
  const keys = await Promise.all(seeds.map((seed) => keyOf(store, seed, nowMs)));
  for (const key of keys) store.add(key);
  return keys;
}
