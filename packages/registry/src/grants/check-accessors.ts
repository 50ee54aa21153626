import type { Accessors } from "../accessors.ts";
import { RegistryError } from "../registry-error.ts";

// A whole account, or everybody, is no accessor: the customer would trust whoever may act there.
const awsPrincipalArn = /^arn:[a-z-]+:iam::\d{12}:(?:role|user)\/[\w+=,.@/-]{1,576}$/;
// Without a prefix: allUsers, domain: and principalSet: are whole crowds.
const emailAddress = /^[A-Za-z0-9._+-]+@(?:[A-Za-z0-9-]+\.)+[A-Za-z]{2,}$/;
const uuid = /^[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}$/i;
// No quotes, spaces or braces: nothing can leave its place in a statement.
const ociTenancy = /^ocid1\.tenancy\.[a-z0-9]+\.[a-z0-9-]*\.[a-z0-9]+$/;
const ociGroup = /^ocid1\.(group|dynamicgroup)\.[a-z0-9]+\.[a-z0-9-]*\.[a-z0-9]+$/;

/** @returns The ARN of the operator's role. @throws {RegistryError} `invalid-request` */
export function awsPrincipal({ aws }: Accessors): string {
  if (aws !== undefined && awsPrincipalArn.test(aws.principal)) return aws.principal;
  return refuse("aws.principal: the ARN of the IAM role that asks AWS KMS");
}

/** @returns The operator's group or service account as IAM writes members. @throws {RegistryError} `invalid-request` */
export function gcpMember({ gcp }: Accessors): string {
  const { access_group: address = "" } = gcp ?? {};
  if (!emailAddress.test(address)) {
    return refuse("gcp.access_group: the e-mail address of the group or service account that asks Cloud KMS");
  }
  return `${address.endsWith(".gserviceaccount.com") ? "serviceAccount" : "group"}:${address}`;
}

/** @returns The application id, in lower case. @throws {RegistryError} `invalid-request` */
export function azureAppId({ azure }: Accessors): string {
  if (azure !== undefined && uuid.test(azure.app_id)) return azure.app_id.toLowerCase();
  return refuse("azure.app_id: the application id of the multi-tenant application that asks Key Vault");
}

/** The operator's group in OCI, and its tenancy. */
export interface OciAccessor {
  readonly group: string;
  readonly groupType: "group" | "dynamic-group";
  readonly tenancy: string;
}

/** @throws {RegistryError} `invalid-request` */
export function ociAccessor({ oci }: Accessors): OciAccessor {
  const { access_group: group = "", access_tenant: tenancy = "" } = oci ?? {};
  const [, type] = ociGroup.exec(group) ?? [];
  if (type === undefined || !ociTenancy.test(tenancy)) {
    return refuse("oci.access_group and access_tenant: the OCIDs of the group that asks OCI Vault, and of its tenancy");
  }
  return { group, groupType: type === "group" ? "group" : "dynamic-group", tenancy };
}

/**
 * Finds at the start what a customer would stumble on later: an accessor that no grant can name.
 *
 * @throws {RegistryError} `invalid-request`: says which one, and what it must be.
 */
export function checkAccessors(accessors: Accessors): void {
  if (accessors.aws !== undefined) awsPrincipal(accessors);
  if (accessors.gcp !== undefined) gcpMember(accessors);
  if (accessors.azure !== undefined) azureAppId(accessors);
  if (accessors.oci !== undefined) ociAccessor(accessors);
}

function refuse(what: string): never {
  throw new RegistryError("invalid-request", `configure accessors.${what}`);
}
