import type { Accessors } from "@cmkit/registry";

import { fieldsOf, textAt } from "./strict-json.ts";

const names = ["aws", "gcp", "azure", "oci"] as const;

/**
 * Reads the accessors of a `cmkit.json`, each by the grammar of its cloud: what stands here is pasted into policies.
 * @throws {TypeError} that says what was expected.
 */
export function accessorsAt(value: unknown, path: string): Accessors {
  const given = fieldsOf(value, path, [], names);
  return {
    ...(given.aws === undefined ? {} : { aws: awsAt(given.aws, `${path}.aws`) }),
    ...(given.gcp === undefined ? {} : { gcp: gcpAt(given.gcp, `${path}.gcp`) }),
    ...(given.azure === undefined ? {} : { azure: azureAt(given.azure, `${path}.azure`) }),
    ...(given.oci === undefined ? {} : { oci: ociAt(given.oci, `${path}.oci`) }),
  };
}

const roleArn = /^arn:aws[a-z-]*:iam::\d{12}:(?:role|user)\/[\w+=,.@/-]{1,512}$/;
const email = /^[\w.+-]{1,64}@[a-z0-9-]+(?:\.[a-z0-9-]+)+$/i;
const uuid = /^[\da-f]{8}(?:-[\da-f]{4}){3}-[\da-f]{12}$/i;

function awsAt(value: unknown, path: string): NonNullable<Accessors["aws"]> {
  const { principal } = fieldsOf(value, path, ["principal"]);
  return { principal: textAt(principal, `${path}.principal`, roleArn, "the ARN of an IAM role") };
}

function gcpAt(value: unknown, path: string): NonNullable<Accessors["gcp"]> {
  const { access_group: group } = fieldsOf(value, path, ["access_group"]);
  return { access_group: textAt(group, `${path}.access_group`, email, "the e-mail address of a group or service account") };
}

function azureAt(value: unknown, path: string): NonNullable<Accessors["azure"]> {
  const { app_id: appId } = fieldsOf(value, path, ["app_id"]);
  return { app_id: textAt(appId, `${path}.app_id`, uuid, "the id of an application, a UUID") };
}

function ociAt(value: unknown, path: string): NonNullable<Accessors["oci"]> {
  const { access_group: group, access_tenant: tenant } = fieldsOf(value, path, ["access_group", "access_tenant"]);
  return {
    access_group: textAt(group, `${path}.access_group`, ocid("group"), "the OCID of a group"),
    access_tenant: textAt(tenant, `${path}.access_tenant`, ocid("tenancy"), "the OCID of a tenancy"),
  };
}

function ocid(kind: string): RegExp {
  return new RegExp(String.raw`^ocid1\.${kind}\.[\w-]{1,32}\.[\w-]{0,64}\.[\w.-]{1,255}$`);
}
