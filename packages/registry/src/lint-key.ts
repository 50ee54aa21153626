import type { KeyDescription } from "@cmkit/core";

import type { Lint } from "./access-report.ts";

type Rule = (key: KeyDescription, now: Date) => Lint | undefined;

const dayMs = 86_400_000;
const soonDays = 30;

const rules: readonly Rule[] = [unusable, deletion, expiry, purging, origin, rotation, size, copies];

/** What the owner of a key should know of it, what can lose data or access first. */
export function lintKey(description: KeyDescription, now: Date): Lint[] {
  const lints = rules.map((rule) => rule(description, now)).filter((lint) => lint !== undefined);
  return [...lints.filter(({ severity }) => severity === "warning"), ...lints.filter(({ severity }) => severity === "notice")];
}

function unusable({ state }: KeyDescription): Lint | undefined {
  if (state === "enabled" || state === "pending-deletion") return undefined;
  return warning("not-enabled", `The key is in the state ${state}: make it usable, or new data cannot be written under it.`);
}

function deletion({ state, deletionAt }: KeyDescription): Lint | undefined {
  if (state !== "pending-deletion" && deletionAt === undefined) return undefined;
  const when = deletionAt === undefined ? "soon" : `on ${day(deletionAt)}`;
  return warning(
    "pending-deletion",
    `The key is deleted ${when}, and all data under it is lost then: cancel the deletion before.`,
  );
}

function expiry({ expiresAt, origin: of }: KeyDescription, now: Date): Lint | undefined {
  if (expiresAt === undefined) return undefined;
  const leftMs = expiresAt.getTime() - now.getTime();
  const what = of === "imported" ? "The imported key material" : "The key";
  if (leftMs <= 0) return warning("expired", `${what} expired on ${day(expiresAt)}: set a later date, or import it again.`);
  const todo = "set a later date or import it again before, or move to another key";
  const message = `${what} expires on ${day(expiresAt)}: ${todo}.`;
  return leftMs <= soonDays * dayMs ? warning("expires-soon", message) : notice("expires", message);
}

function purging({ purgeProtection }: KeyDescription): Lint | undefined {
  if (purgeProtection !== false) return undefined;
  const message = "Purge protection is off: whoever may purge can destroy a deleted key at once, and all data under it with it.";
  return warning("purge-protection-off", `${message} Turn it on for the vault.`);
}

function origin({ origin: of }: KeyDescription): Lint | undefined {
  if (of === "imported") {
    const message =
      "The key's material was imported, and can be deleted without a waiting period: keep your own copy of it safe.";
    return warning("imported-material", `${message} The cloud gives none back.`);
  }
  if (of !== "external") return undefined;
  const message =
    "The key's material is kept outside the cloud's KMS: while its key manager cannot be reached, no data can be read.";
  return warning("external-material", `${message} Watch it, and back it up.`);
}

/** A rotation that is left to people is not wrong; one that nobody thinks of is. */
function rotation({ kind, origin: of, rotationDays }: KeyDescription): Lint | undefined {
  if (kind === "rsa") return rsaRotation(rotationDays);
  if (typeof rotationDays === "number" || of === "external") return undefined;
  if (of === "imported") {
    return notice("rotation-manual", "Imported material does not rotate by itself: import new material, or register a new key.");
  }
  if (rotationDays === null) {
    return notice("rotation-off", "The key does not rotate by itself: turn on its automatic rotation. Old data stays readable.");
  }
  return notice("rotation-unknown", "We are not told whether the key rotates by itself: see that its automatic rotation is on.");
}

function rsaRotation(days: number | null | undefined): Lint {
  if (typeof days === "number") {
    return notice(
      "rotation-on",
      `The key gets a new version every ${days} days: check it as often, so that new data goes under it.`,
    );
  }
  const message = "RSA keys do not rotate unless their owner makes a new version or key";
  return notice("rotation-manual", `${message}: do so at intervals, and check or register it then.`);
}

/** NIST SP 800-57 Part 1 Rev. 5, §5.6.3: 112 bits of security, which is RSA of 2048 bits, protect data until 2030. */
function size({ kind, bits }: KeyDescription): Lint | undefined {
  if (kind !== "rsa" || bits >= 3072) return undefined;
  return notice(
    "rsa-2048",
    `An RSA key of ${bits} bits is not for data that must stay secret past 2030: take 3072 or 4096 bits.`,
  );
}

function copies({ multiRegion }: KeyDescription): Lint | undefined {
  if (multiRegion !== true) return undefined;
  const message =
    "The key may have copies in other regions, which open what it wraps: disabling or deleting it here leaves them.";
  return notice("multi-region", `${message} Grant access to, and revoke, each of them.`);
}

function day(date: Date): string {
  return date.toISOString().slice(0, 10);
}

function warning(code: string, message: string): Lint {
  return { code, severity: "warning", message };
}

function notice(code: string, message: string): Lint {
  return { code, severity: "notice", message };
}
