import type { KeyObject } from "node:crypto";

import { parseAesKey, parseRsaKey } from "../secret-key.ts";
import { type GcpAlgorithm, traitsOf } from "./algorithm.ts";
import { type CryptoKey, type KeyVersion, newSecret, scheduleMistake, type VersionState } from "./crypto-key.ts";
import { parseDuration } from "./duration.ts";
import type { KeyStore } from "./key-store.ts";
import { keyRingName, versionName } from "./resource-name.ts";
import type { GcpSeed, GcpSeedKey, GcpSeedVersion } from "./seed.ts";

/** Where keys are that do not say it themselves. */
export type Home = Pick<GcpSeed, "project" | "location" | "keyRing">;

const dayMs = 86_400_000;

/** What the service takes when a key does not say it: 30 days (CryptoKey.destroy_scheduled_duration). */
export const defaultDestroyMs: number = 30 * dayMs;

const withMaterial: ReadonlySet<VersionState> = new Set(["ENABLED", "DISABLED", "DESTROY_SCHEDULED"]);

function msOf(instant: string | undefined): number | undefined {
  return instant === undefined ? undefined : Date.parse(instant);
}

function parseSecret(algorithm: GcpAlgorithm, encoded: string, path: string): KeyObject {
  const { rsaBits } = traitsOf(algorithm);
  return rsaBits === undefined ? parseAesKey(encoded, path) : parseRsaKey(rsaBits, encoded, path);
}

async function buildVersion(key: CryptoKey, id: number, seed: GcpSeedVersion, nowMs: number): Promise<KeyVersion> {
  const { state = "ENABLED", algorithm = key.algorithm, material } = seed;
  const name = versionName(key.name, id);
  if (traitsOf(algorithm).purpose !== key.purpose) {
    throw new TypeError(`${name}: expected an algorithm for ${key.purpose}, got ${algorithm}`);
  }
  if (material !== undefined && !withMaterial.has(state))
    throw new TypeError(`${name}: expected no material with ${state}, got some`);
  const secret = material === undefined ? newSecret(algorithm) : parseSecret(algorithm, material, `${name}: material`);
  return {
    id,
    name,
    algorithm,
    protectionLevel: seed.protectionLevel ?? key.protectionLevel,
    createdAtMs: msOf(seed.createTime) ?? key.createdAtMs,
    state,
    secret: withMaterial.has(state) ? await secret : undefined,
    destroyAtMs: state === "DESTROY_SCHEDULED" ? (msOf(seed.destroyTime) ?? nowMs + key.destroyScheduledMs) : undefined,
    destroyedAtMs: state === "DESTROYED" ? (msOf(seed.destroyEventTime) ?? nowMs) : undefined,
  };
}

function idsOf(key: CryptoKey, seeds: readonly GcpSeedVersion[]): readonly number[] {
  let last = 0;
  return seeds.map(({ id = last + 1 }) => {
    if (id <= last) throw new TypeError(`${key.name}: expected version ids that rise, got ${id} after ${last}`);
    last = id;
    return id;
  });
}

function primaryOf(key: CryptoKey, seed: GcpSeedKey): KeyVersion | undefined {
  if (key.purpose !== "ENCRYPT_DECRYPT") {
    if (seed.primary === undefined) return undefined;
    throw new TypeError(`${key.name}: expected no primary version with ${key.purpose}, got one`);
  }
  if (seed.primary === null) return undefined;
  const primary = seed.primary === undefined ? key.versions.at(-1) : key.versions.find(({ id }) => id === seed.primary);
  if (primary === undefined && seed.primary !== undefined) {
    throw new TypeError(`${key.name}: expected the id of a version as primary, got ${seed.primary}`);
  }
  return primary;
}

async function build(seed: GcpSeedKey, home: Home, nowMs: number): Promise<CryptoKey> {
  const ring = keyRingName(
    seed.project ?? home.project,
    seed.location ?? home.location ?? "europe-west1",
    seed.keyRing ?? home.keyRing ?? "cmkit",
  );
  const key: CryptoKey = {
    name: `${ring}/cryptoKeys/${seed.name}`,
    purpose: traitsOf(seed.algorithm).purpose,
    createdAtMs: msOf(seed.createTime) ?? nowMs,
    importOnly: seed.importOnly ?? false,
    destroyScheduledMs:
      seed.destroyScheduledDuration === undefined ? defaultDestroyMs : parseDuration(seed.destroyScheduledDuration),
    versions: [],
    algorithm: seed.algorithm,
    protectionLevel: seed.protectionLevel ?? "SOFTWARE",
    labels: seed.labels ?? {},
    primary: undefined,
    rotationPeriodMs: seed.rotationPeriod === undefined ? undefined : parseDuration(seed.rotationPeriod),
    nextRotationAtMs: msOf(seed.nextRotationTime),
    denials: seed.denials ?? [],
  };
  const seeds = seed.versions ?? [{}];
  const ids = idsOf(key, seeds);
  key.versions.push(...(await Promise.all(seeds.map((version, at) => buildVersion(key, ids[at] ?? 0, version, nowMs)))));
  key.primary = primaryOf(key, seed);
  const mistake = scheduleMistake(key);
  if (mistake !== undefined) throw new TypeError(`${key.name}: ${mistake}`);
  return key;
}

/** Adds the keys of a seed to a store. What has no material gets its own, all generated at once. */
export async function addKeys(
  store: KeyStore,
  seeds: readonly GcpSeedKey[],
  home: Home,
  nowMs: number,
): Promise<readonly CryptoKey[]> {
  const keys = await Promise.all(seeds.map((seed) => build(seed, home, nowMs)));
  for (const key of keys) store.add(key);
  return keys;
}
