import { formatKey } from "../secret-key.ts";
import type { CryptoKey, KeyVersion } from "./crypto-key.ts";
import { formatDuration, formatInstant } from "./duration.ts";
import { parseResourceName } from "./resource-name.ts";
import type { GcpSeedKey, GcpSeedVersion } from "./seed.ts";

function snapshotVersion(version: KeyVersion): GcpSeedVersion {
  const { destroyAtMs, destroyedAtMs } = version;
  return {
    id: version.id,
    state: version.state,
    ...(version.secret === undefined ? {} : { material: formatKey(version.secret) }),
    algorithm: version.algorithm,
    protectionLevel: version.protectionLevel,
    createTime: formatInstant(version.createdAtMs),
    ...(destroyAtMs === undefined ? {} : { destroyTime: formatInstant(destroyAtMs) }),
    ...(destroyedAtMs === undefined ? {} : { destroyEventTime: formatInstant(destroyedAtMs) }),
  };
}

/** The seed that brings a key back as it is now, material included. */
export function snapshotKey(key: CryptoKey): GcpSeedKey {
  const { project = "", location = "", keyRing = "", key: name = "" } = parseResourceName(key.name) ?? {};
  const { rotationPeriodMs, nextRotationAtMs } = key;
  return {
    name,
    project,
    location,
    keyRing,
    algorithm: key.algorithm,
    protectionLevel: key.protectionLevel,
    createTime: formatInstant(key.createdAtMs),
    ...(Object.keys(key.labels).length === 0 ? {} : { labels: key.labels }),
    ...(key.importOnly ? { importOnly: true } : {}),
    ...(rotationPeriodMs === undefined ? {} : { rotationPeriod: formatDuration(rotationPeriodMs) }),
    ...(nextRotationAtMs === undefined ? {} : { nextRotationTime: formatInstant(nextRotationAtMs) }),
    destroyScheduledDuration: formatDuration(key.destroyScheduledMs),
    versions: key.versions.map(snapshotVersion),
    ...(key.purpose === "ENCRYPT_DECRYPT" ? { primary: key.primary?.id ?? null } : {}),
    ...(key.denials.length === 0 ? {} : { denials: key.denials }),
  };
}
