import type { RequestQuota } from "@cmkit/core";
import type { KeyOcid } from "./key-ocid.ts";

// Oracle documents ten management reads and ten writes a second for a tenancy (KMS API reference), and says nothing of Encrypt
// and Decrypt. This number is ours: what a customer's vault, which serves others too, should bear beside its work.
const perSecond = 100;

/** How fast long jobs use the keys of a vault, whose crypto endpoint is the vault's own. */
export function quotaOf({ region, vault }: KeyOcid): RequestQuota {
  return { name: `oci ${region} ${vault}`, perSecond };
}
