import type { KeyKind } from "@cmkit/core";

import type { Grant } from "../grant.ts";
import type { AwsRequest } from "./aws-request.ts";
import { awsKinds, awsOperations, type AwsOperations } from "./aws-statements.ts";
import { hclBlock, hclList, hclString } from "./hcl.ts";
import type { KeyUse } from "./key-use.ts";

const head = `# A KMS grant: aws_kms_key_policy, and the argument policy of aws_kms_key, replace the key's whole policy.
# The provider's region is the key's.
`;

/**
 * `aws_kms_grant`; two of them, of which the key's kind chooses, where that is not known.
 *
 * @returns None where the grant would name a tenant that Terraform cannot: it brings all strings into Unicode's form NFC.
 */
export function awsTerraformGrants(request: AwsRequest, uses: readonly KeyUse[], name: string): readonly Grant[] {
  const { tenant } = request;
  const constrained = awsKinds(request.kind, uses).some((kind) => awsOperations(kind, uses).symmetric.length > 0);
  return constrained && tenant !== tenant.normalize("NFC") ? [] : [terraformGrant(request, uses, name)];
}

function terraformGrant(request: AwsRequest, uses: readonly KeyUse[], name: string): Grant {
  const [kind, other] = awsKinds(request.kind, uses);
  const looks = other !== undefined || request.alias !== undefined;
  const isSymmetric = `data.aws_kms_key.${name}.key_spec == "SYMMETRIC_DEFAULT"`;
  const block = (of: KeyKind, suffix: string, count: Attributes): string =>
    grantBlock(request, awsOperations(of, uses), `${name}${suffix}`, {
      ...count,
      name: hclString(name),
      key_id: looks ? `data.aws_kms_key.${name}.arn` : hclString(request.arn),
    });
  const grants =
    other === undefined
      ? [block(kind, "", {})]
      : [
          block(kind, `_${kind}`, { count: `${isSymmetric} ? 1 : 0` }),
          block(other, `_${other}`, { count: `${isSymmetric} ? 0 : 1` }),
        ];
  const data = looks ? [hclBlock(`data "aws_kms_key" "${name}"`, { key_id: hclString(request.arn) })] : [];
  const text = `${head}${[...data, ...grants].join("\n\n")}\n`;
  return { form: "terraform", title: "Terraform: a grant on the key", language: "hcl", text };
}

type Attributes = Readonly<Record<string, string>>;

function grantBlock(
  { principal, tenant }: AwsRequest,
  { look, symmetric, rsa }: AwsOperations,
  resource: string,
  attributes: Attributes,
): string {
  const subset = { encryption_context_subset: `{ tenant = ${hclString(tenant)} }` };
  return hclBlock(
    `resource "aws_kms_grant" "${resource}"`,
    {
      ...attributes,
      grantee_principal: hclString(principal),
      operations: hclList([...look, ...symmetric, ...rsa]),
    },
    symmetric.length > 0 ? [hclBlock("constraints", subset)] : [],
  );
}
