import type { Cmk, KeyKind } from "@cmkit/core";

import type { Accessors } from "../../src/accessors.ts";
import type { Grant, GrantRequest } from "../../src/grant.ts";
import { grantsFor } from "../../src/grants/grants-for.ts";

export const accessors = {
  aws: { principal: "arn:aws:iam::111122223333:role/crm-backend" },
  gcp: { access_group: "crm-backend@operator-project.iam.gserviceaccount.com" },
  azure: { app_id: "3f2f0d52-8f9b-4c1e-9d3a-0b6f6b1f8a11" },
  oci: { access_group: "ocid1.group.oc1..aaaaoperators", access_tenant: "ocid1.tenancy.oc1..aaaaoperator" },
} as const satisfies Accessors;

/** Canonical, as adapters spell them: one of each sort that has a grant of its own. */
export const keys = {
  aws: { provider: "aws", resource: "arn:aws:kms:eu-west-1:444455556666:key/1234abcd-12ab-34cd-56ef-1234567890ab" },
  awsAlias: { provider: "aws", resource: "arn:aws:kms:eu-west-1:444455556666:alias/crm/data" },
  gcp: { provider: "gcp", resource: "projects/customer-project/locations/europe-west1/keyRings/crm/cryptoKeys/data" },
  gcpVersion: {
    provider: "gcp",
    resource: "projects/customer-project/locations/europe-west1/keyRings/crm/cryptoKeys/data/cryptoKeyVersions/7",
  },
  vault: { provider: "azure", resource: "https://contoso.vault.azure.net/keys/crm" },
  vaultVersion: { provider: "azure", resource: "https://contoso.vault.azure.net/keys/crm/0123456789abcdef0123456789abcdef" },
  hsm: { provider: "azure", resource: "https://contoso-hsm.managedhsm.azure.net/keys/crm" },
  oci: {
    provider: "oci",
    resource: "ocid1.key.oc1.eu-frankfurt-1.bexamplevault.abexamplekeyexamplekeyexamplekeyexamplekeyexamplekeyexample2",
  },
} as const satisfies Readonly<Record<string, Cmk>>;

export type KeyName = keyof typeof keys;

export function requestFor(key: KeyName, kind: KeyKind | undefined, changes: Partial<GrantRequest> = {}): GrantRequest {
  return { project: "acme", cmk: keys[key], kind, accessors, externalId: "cmkit-2b1f9f0c", ...changes };
}

/** Every key of every kind, and of none that is known. */
export const allRequests: readonly GrantRequest[] = (Object.keys(keys) as KeyName[]).flatMap((key) =>
  (["rsa", "symmetric", undefined] as const).map((kind) => requestFor(key, kind)),
);

export function textOf(grants: readonly Grant[], form: string): string {
  const found = grants.filter((grant) => grant.form === form);
  const [grant] = found;
  if (grant === undefined || found.length > 1) throw new TypeError(`expected one grant ${form}, got ${found.length}`);
  return grant.text;
}

export function grantText(form: string, ...request: Parameters<typeof requestFor>): string {
  return textOf(grantsFor(requestFor(...request)), form);
}
