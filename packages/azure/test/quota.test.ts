import { describe, expect, it } from "vitest";
import { publicHosts } from "../src/azure-hosts.ts";
import { parseKeyId } from "../src/key-id.ts";
import { quotaOf } from "../src/quota.ts";
import { hsmHost, hsmKeyUrl, host, keyUrl } from "./samples.ts";

const inVault = parseKeyId(keyUrl, publicHosts);
const inManagedHsm = parseKeyId(hsmKeyUrl, publicHosts);

describe("the quota of a key in Azure", () => {
  it.each([
    [2048, "software", 400],
    [3072, "software", 100],
    [4096, "software", 50],
    [2048, "hsm", 200],
    [3072, "hsm", 50],
    [4096, "hsm", 25],
  ] as const)("is in a vault, with RSA of %i bits in %s, %i a second", (bits, protection, perSecond) => {
    expect(quotaOf(inVault, { kind: "rsa", bits, protection })).toEqual({ name: `azure ${host}`, perSecond });
  });

  it.each([
    ["rsa", 2048, 1100],
    ["rsa", 3072, 360],
    ["rsa", 4096, 160],
    ["symmetric", 256, 2200],
  ] as const)("is in a managed HSM, with %s of %i bits, what one partition does: %i a second", (kind, bits, perSecond) => {
    expect(quotaOf(inManagedHsm, { kind, bits, protection: "hsm" })).toEqual({ name: `azure ${hsmHost}`, perSecond });
  });

  it("is for symmetric keys of vaults, which no table has, the highest of HSM keys there", () => {
    expect(quotaOf(inVault, { kind: "symmetric", bits: 256, protection: "hsm" }).perSecond).toBe(200);
  });

  it("is shared by all keys of the vault, whatever their size and version", () => {
    const other = parseKeyId(`https://CONTOSO.vault.azure.net/keys/other/${"0".repeat(32)}`, publicHosts);
    expect(quotaOf(other, { kind: "rsa", bits: 4096, protection: "hsm" }).name).toBe(
      quotaOf(inVault, { kind: "rsa", bits: 2048, protection: "software" }).name,
    );
  });
});
