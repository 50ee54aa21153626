import type { DriverOperation } from "@cmkit/core";

import type { CheckPhase } from "../cmk-record.ts";
import type { Grant, GrantRequest, MissingGrant } from "../grant.ts";
import { RegistryError } from "../registry-error.ts";
import { awsGrants } from "./aws-grants.ts";
import { azureGrants } from "./azure-grants.ts";
import type { CloudGrants } from "./cloud-grants.ts";
import { gcpGrants } from "./gcp-grants.ts";
import { useOf, usesOf } from "./key-use.ts";
import { ociGrants } from "./oci-grants.ts";

const clouds: ReadonlyMap<string, CloudGrants> = new Map([
  ["aws", awsGrants],
  ["gcp", gcpGrants],
  ["azure", azureGrants],
  ["oci", ociGrants],
]);

/**
 * What the customer pastes to let the operator use a key, in every form that the key's cloud has, the usual one first.
 *
 * Asks nobody and knows nothing beyond the request. Every text allows what cmkit calls for keys of the kind, on this key
 * alone where the form can say so; with the kind unknown, what either kind needs.
 * @param request `cmk` in the adapter's canonical form.
 * @throws {RegistryError} `invalid-request`: the deployment has no accessor in the key's cloud, or one that is none there.
 * @see docs/grants
 */
export function grantsFor(request: GrantRequest): readonly Grant[] {
  return cloudOf(request).grants(request, usesOf(request.kind), false);
}

/**
 * What is missing when a check was refused, and the grants that add it and nothing else where the form allows.
 *
 * @param refused In which phase, and what the KMS was asked then.
 * @returns `undefined` where no permission can be what is missing.
 * @throws {RegistryError} as {@link grantsFor} does.
 */
export function missingGrant(
  request: GrantRequest,
  { phase, operation }: { readonly phase: CheckPhase; readonly operation: DriverOperation },
): MissingGrant | undefined {
  const cloud = cloudOf(request);
  const use = useOf(operation, phase, request.kind);
  if (use === undefined) return undefined;
  return { permission: cloud.permission(request, use), grants: cloud.grants(request, [use], true) };
}

function cloudOf({ cmk }: GrantRequest): CloudGrants {
  const cloud = clouds.get(cmk.provider);
  if (cloud !== undefined) return cloud;
  throw new RegistryError("invalid-request", `only keys of ${[...clouds.keys()].join(", ")} are granted by their owners`);
}
