import type { GrantRequest } from "../grant.ts";
import { RegistryError } from "../registry-error.ts";
import { awsPrincipal } from "./check-accessors.ts";

/** Whom a grant of AWS is for, and on what. */
export interface AwsRequest {
  readonly principal: string;
  /** The ARN as it was registered: a key's or an alias's. */
  readonly arn: string;
  readonly region: string;
  /** Undefined where the ARN is the key's own. */
  readonly alias: string | undefined;
  /** What every encryption context of the project holds. */
  readonly tenant: string;
  readonly kind: GrantRequest["kind"];
}

const keyArn = /^arn:[a-z-]+:kms:([a-z0-9-]+):\d{12}:(?:key\/[a-z0-9-]+|(alias\/[A-Za-z0-9/_-]+))$/;

/** @throws {RegistryError} `invalid-request` */
export function awsRequest({ project, cmk, kind, accessors }: GrantRequest): AwsRequest {
  const principal = awsPrincipal(accessors);
  const [arn, region, alias] = keyArn.exec(cmk.resource) ?? [];
  if (arn === undefined || region === undefined) {
    throw new RegistryError("invalid-request", "expected the ARN of a key or an alias in AWS KMS");
  }
  return { principal, arn, region, alias, tenant: project, kind };
}
