import type { KeyKind, RequestQuota } from "@cmkit/core";
import type { KmsArn } from "./arn.ts";

// AWS KMS Developer Guide, "Request quotas": the default a second of cryptographic operations with symmetric keys, by region.
const symmetricPerSecond: ReadonlyMap<string, number> = new Map([
  ["us-east-1", 100_000],
  ["us-west-2", 100_000],
  ["eu-west-1", 100_000],
  ["us-east-2", 20_000],
  ["ap-southeast-1", 20_000],
  ["ap-southeast-2", 20_000],
  ["ap-northeast-1", 20_000],
  ["eu-central-1", 20_000],
  ["eu-west-2", 20_000],
]);
const symmetricElsewhere = 10_000;
// The same page had 500 in 2023 and has 1,000 in 2026. An account may still have what it began with.
const rsaPerSecond = 500;
// The same page, "Custom key store request quotas": of each CloudHSM or external key store, beside the quota of the region.
const keyStorePerSecond = 1800;
// CustomKeyStoreId: `cks-` and hexadecimal digits.
const keyStoreGrammar = /^cks-[0-9a-f]{1,32}$/;

/**
 * The quota that a key's cryptographic requests count against. It is the calling account's, also for keys of others, and all
 * keys of a kind in a region share it; those of a custom key store share what the store takes.
 *
 * @param keyStore CustomKeyStoreId, where DescribeKey names one.
 */
export function quotaOf({ region }: KmsArn, kind: KeyKind, keyStore: unknown): RequestQuota {
  if (typeof keyStore === "string" && keyStoreGrammar.test(keyStore)) {
    return { name: `aws ${region} ${keyStore}`, perSecond: keyStorePerSecond };
  }
  const perSecond = kind === "rsa" ? rsaPerSecond : (symmetricPerSecond.get(region) ?? symmetricElsewhere);
  return { name: `aws ${region} ${kind}`, perSecond };
}
