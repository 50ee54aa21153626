import type { KeyDescription, KeyKind, RequestQuota } from "@cmkit/core";
import type { CryptoKeyName } from "./crypto-key-name.ts";

// Cloud KMS, "Quotas". Until 2026-02-16: 60,000 cryptographic requests a minute for each calling project, of which those with
// HSM keys had 500 (symmetric) and 50 (asymmetric) a second and those with external keys 100, for the project and location that
// hold the key. Since then requests cost tokens: 100 of 6 million a minute, the same number, for software keys; what others cost
// could not be read, so the earlier limits stand.
const callerPerSecond = 1000;
const hsmPerSecond: Readonly<Record<KeyKind, number>> = { symmetric: 500, rsa: 50 };
const externalPerSecond = 100;
// RequestQuota. A project of a domain can be longer, and then shares its quota with those that begin like it.
const maxNameLength = 256;

/**
 * The quota that a key's cryptographic requests count against: for software keys that of the calling project, which all of
 * them share wherever they are; for others that of the project and location that hold the key.
 */
export function quotaOf({ key }: CryptoKeyName, kind: KeyKind, protection: KeyDescription["protection"]): RequestQuota {
  if (protection === "software") return { name: "gcp software", perSecond: callerPerSecond };
  const [, project, , location] = key.split("/");
  // A protection that is not known is taken for an HSM's.
  const [metric, perSecond] = protection === "external" ? ["external", externalPerSecond] : [`hsm ${kind}`, hsmPerSecond[kind]];
  return { name: `gcp ${location} ${metric} projects/${project}`.slice(0, maxNameLength), perSecond };
}
