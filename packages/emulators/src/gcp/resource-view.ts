import type { CryptoKey, KeyVersion } from "./crypto-key.ts";
import { formatDuration, formatInstant } from "./duration.ts";
import type { KeyRing } from "./key-store.ts";

/** A key ring, as the service shows it. */
export function ringView(ring: KeyRing): object {
  return { name: ring.name, createTime: formatInstant(ring.createdAtMs) };
}

/** A version, as the service shows it. */
export function versionView(version: KeyVersion): object {
  const { destroyAtMs, destroyedAtMs, state } = version;
  const generated = state !== "PENDING_GENERATION" && state !== "GENERATION_FAILED";
  return {
    name: version.name,
    state,
    createTime: formatInstant(version.createdAtMs),
    ...(generated ? { generateTime: formatInstant(version.createdAtMs) } : {}),
    ...(destroyAtMs === undefined ? {} : { destroyTime: formatInstant(destroyAtMs) }),
    ...(destroyedAtMs === undefined ? {} : { destroyEventTime: formatInstant(destroyedAtMs) }),
    protectionLevel: version.protectionLevel,
    algorithm: version.algorithm,
  };
}

/** A key, as the service shows it. */
export function keyView(key: CryptoKey): object {
  const { primary, rotationPeriodMs, nextRotationAtMs } = key;
  return {
    name: key.name,
    ...(primary === undefined ? {} : { primary: versionView(primary) }),
    purpose: key.purpose,
    createTime: formatInstant(key.createdAtMs),
    ...(nextRotationAtMs === undefined ? {} : { nextRotationTime: formatInstant(nextRotationAtMs) }),
    ...(rotationPeriodMs === undefined ? {} : { rotationPeriod: formatDuration(rotationPeriodMs) }),
    versionTemplate: { protectionLevel: key.protectionLevel, algorithm: key.algorithm },
    ...(Object.keys(key.labels).length === 0 ? {} : { labels: key.labels }),
    ...(key.importOnly ? { importOnly: true } : {}),
    destroyScheduledDuration: formatDuration(key.destroyScheduledMs),
  };
}
