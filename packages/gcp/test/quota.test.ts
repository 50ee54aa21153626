import { describe, expect, it } from "vitest";
import { parseCryptoKeyName } from "../src/crypto-key-name.ts";
import { quotaOf } from "../src/quota.ts";
import { keyName } from "./samples.ts";

const key = parseCryptoKeyName(keyName);

describe("the quota of a key in Cloud KMS", () => {
  it.each([
    ["symmetric", "software", "gcp software", 1000],
    ["rsa", "software", "gcp software", 1000],
    ["symmetric", "hsm", "gcp europe-west1 hsm symmetric projects/customer-project", 500],
    ["rsa", "hsm", "gcp europe-west1 hsm rsa projects/customer-project", 50],
    ["symmetric", "external", "gcp europe-west1 external projects/customer-project", 100],
    ["symmetric", "unknown", "gcp europe-west1 hsm symmetric projects/customer-project", 500],
    ["rsa", "unknown", "gcp europe-west1 hsm rsa projects/customer-project", 50],
  ] as const)("for %s keys in %s: %s", (kind, protection, name, perSecond) => {
    expect(quotaOf(key, kind, protection)).toEqual({ name, perSecond });
  });

  it("is one for software keys wherever they are: Google counts the caller's requests", () => {
    const elsewhere = parseCryptoKeyName("projects/other-project/locations/us/keyRings/r/cryptoKeys/k");
    expect(quotaOf(elsewhere, "rsa", "software")).toEqual(quotaOf(key, "symmetric", "software"));
  });

  it("does not depend on the version that a name ends in", () => {
    const version = parseCryptoKeyName(`${keyName}/cryptoKeyVersions/7`);
    expect(quotaOf(version, "rsa", "hsm")).toEqual(quotaOf(key, "rsa", "hsm"));
  });

  it("has a name of at most 256 characters, however long the project's", () => {
    const long = parseCryptoKeyName(`projects/${"d".repeat(300)}.example:our-project/locations/eu/keyRings/r/cryptoKeys/k`);
    expect(quotaOf(long, "rsa", "hsm").name).toHaveLength(256);
  });
});
