import type { KeyDescription, RequestQuota } from "@cmkit/core";
import type { KeyId } from "./key-id.ts";

interface SizedRates {
  readonly 2048: number;
  readonly 3072: number;
  readonly 4096: number;
}

// Azure Key Vault service limits: all transactions but CREATE, in 10 seconds, for each vault and region. What counts is the
// weighted sum: a key of half the limit takes twice as much of it.
const vaultPerTenSeconds: Readonly<Record<"software" | "hsm", SizedRates>> = {
  software: { 2048: 4000, 3072: 1000, 4096: 500 },
  hsm: { 2048: 2000, 3072: 500, 4096: 250 },
};
// Azure Managed HSM Scaling Guidance: Unwrap, and the lower of Encrypt and Decrypt with AES-256, a second, with one of the
// pool's three partitions available. Measured by Microsoft; nothing is throttled there.
const hsmUnwrapPerSecond: SizedRates = { 2048: 1100, 3072: 360, 4096: 160 };
const hsmAesPerSecond = 2200;

type Described = Pick<KeyDescription, "kind" | "bits" | "protection">;

/** The quota that a key's requests count against: all keys of a vault or managed HSM share it, each at its own rate. */
export function quotaOf({ vaultUrl, hosts }: KeyId, { kind, bits, protection }: Described): RequestQuota {
  const size = bits === 2048 || bits === 3072 ? bits : 4096;
  const managedHsm = kind === "rsa" ? hsmUnwrapPerSecond[size] : hsmAesPerSecond;
  // Symmetric keys of vaults, a preview, are in no table: taken for the fastest of HSM keys there.
  const vault = vaultPerTenSeconds[protection === "software" ? "software" : "hsm"][kind === "rsa" ? size : 2048] / 10;
  return { name: `azure ${new URL(vaultUrl).host}`, perSecond: hosts.managedHsm === true ? managedHsm : vault };
}
