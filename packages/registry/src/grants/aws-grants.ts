import type { Grant, GrantRequest } from "../grant.ts";
import { asciiJson } from "./ascii-json.ts";
import { awsCliGrant } from "./aws-cli-grant.ts";
import { awsRequest, type AwsRequest } from "./aws-request.ts";
import { awsOperations, awsStatements, type AwsStatement } from "./aws-statements.ts";
import { awsTerraformGrants } from "./aws-terraform-grants.ts";
import type { CloudGrants } from "./cloud-grants.ts";
import { grantName } from "./grant-name.ts";

/**
 * On the key: statements for its policy, or a KMS grant beside it, which leaves the policy as it is. Across accounts the role
 * that asks needs a policy, too; it may be a role of the customer's that the operator assumes.
 */
export const awsGrants: CloudGrants = {
  grants(request, uses, missing) {
    const aws = awsRequest(request);
    const name = grantName(request, uses);
    const statements = awsStatements(aws, uses, name);
    return [
      keyPolicy(aws, statements),
      awsCliGrant(aws, uses, name),
      ...awsTerraformGrants(aws, uses, name),
      rolePermissions(aws, statements),
      ...(missing ? [] : [roleTrust(aws, request)]),
    ];
  },
  permission({ kind }, use) {
    const { look, symmetric, rsa } = awsOperations(kind, [use]);
    return [...new Set([...look, ...symmetric, ...rsa])].map((operation) => `kms:${operation}`).join(" and ");
  },
};

function keyPolicy({ principal }: AwsRequest, statements: readonly AwsStatement[]): Grant {
  // A key's policy speaks of that key alone: "*" is the key.
  const whole = statements.map(({ Sid, Effect, Action, Condition }) => ({
    Sid,
    Effect,
    Principal: { AWS: principal },
    Action,
    Resource: "*",
    ...(Condition && { Condition }),
  }));
  const count = statements.length === 1 ? "a statement" : `${["two", "three"][statements.length - 2] ?? "the"} statements`;
  return {
    form: "aws-key-policy",
    title: `Key policy: ${count} to add to its Statement`,
    language: "json",
    text: `${asciiJson(whole, 2)}\n`,
  };
}

function rolePermissions({ arn, alias }: AwsRequest, statements: readonly AwsStatement[]): Grant {
  // Policies of a role know keys by their own ARN; an alias is a condition on them.
  const Resource = alias === undefined ? arn : arn.replace(alias, "key/*");
  const aliased = alias !== undefined && { "ForAnyValue:StringEquals": { "kms:ResourceAliases": alias } };
  const Statement = statements.map(({ Condition, ...rest }) => ({
    ...rest,
    Resource,
    ...((Condition || aliased) && { Condition: { ...Condition, ...aliased } }),
  }));
  return {
    form: "aws-role-permissions",
    title: "IAM policy of the role that asks: the operator's, or one of yours that it assumes",
    language: "json",
    text: `${asciiJson({ Version: "2012-10-17", Statement }, 2)}\n`,
  };
}

// STS AssumeRole, API reference: ExternalId.
const externalIdGrammar = /^[\w+=,.@:/-]{2,1224}$/;

function roleTrust({ principal }: AwsRequest, { externalId }: GrantRequest): Grant {
  if (!externalIdGrammar.test(externalId)) throw new TypeError("expected an external id of AWS STS");
  const statement = {
    Effect: "Allow",
    Principal: { AWS: principal },
    Action: "sts:AssumeRole",
    Condition: { StringEquals: { "sts:ExternalId": externalId } },
  };
  return {
    form: "aws-role-trust",
    title: "Trust policy of a role of yours that the operator assumes, with the external id that is yours alone",
    language: "json",
    text: `${asciiJson({ Version: "2012-10-17", Statement: [statement] }, 2)}\n`,
  };
}
