import type { KeyKind, RequestQuota } from "@cmkit/core";
import { describe, expect, it } from "vitest";
import { parseKmsArn } from "../src/arn.ts";
import { quotaOf } from "../src/quota.ts";

const quotaIn = (region: string, kind: KeyKind, keyStore?: unknown): RequestQuota =>
  quotaOf(parseKmsArn(`arn:aws:kms:${region}:111122223333:key/1234abcd-12ab-34cd-56ef-1234567890ab`), kind, keyStore);

describe("the quota of a key in AWS KMS", () => {
  it.each([
    ["us-east-1", 100_000],
    ["us-west-2", 100_000],
    ["eu-west-1", 100_000],
    ["us-east-2", 20_000],
    ["ap-southeast-1", 20_000],
    ["ap-southeast-2", 20_000],
    ["ap-northeast-1", 20_000],
    ["eu-central-1", 20_000],
    ["eu-west-2", 20_000],
    ["eu-west-3", 10_000],
    ["eu-new-1", 10_000],
  ])("is in %s, for symmetric keys, %i a second", (region, perSecond) => {
    expect(quotaIn(region, "symmetric")).toEqual({ name: `aws ${region} symmetric`, perSecond });
  });

  it("is for RSA keys the lower of the two that were documented, everywhere", () => {
    expect(quotaIn("eu-west-1", "rsa")).toEqual({ name: "aws eu-west-1 rsa", perSecond: 500 });
    expect(quotaIn("sa-east-1", "rsa")).toEqual({ name: "aws sa-east-1 rsa", perSecond: 500 });
  });

  it("is one for all accounts' keys: AWS counts the caller's requests", () => {
    const ours = parseKmsArn("arn:aws:kms:eu-west-1:111122223333:key/1234abcd-12ab-34cd-56ef-1234567890ab");
    const customers = parseKmsArn("arn:aws:kms:eu-west-1:444455556666:key/mrk-1234abcd12ab34cd56ef1234567890ab");
    expect(quotaOf(ours, "rsa", undefined)).toEqual(quotaOf(customers, "rsa", undefined));
  });

  it("is for the keys of a custom key store the store's own", () => {
    expect(quotaIn("eu-west-1", "symmetric", "cks-1234567890abcdef0")).toEqual({
      name: "aws eu-west-1 cks-1234567890abcdef0",
      perSecond: 1800,
    });
  });

  it.each([null, "", "cks-", "cks-XYZ", `cks-${"0".repeat(300)}`, 7])("takes %j for no key store's name", (keyStore) => {
    expect(quotaIn("eu-west-3", "symmetric", keyStore)).toEqual({ name: "aws eu-west-3 symmetric", perSecond: 10_000 });
  });
});
