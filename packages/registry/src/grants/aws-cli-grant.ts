import type { KeyKind } from "@cmkit/core";

import type { Grant } from "../grant.ts";
import { asciiJson } from "./ascii-json.ts";
import type { AwsRequest } from "./aws-request.ts";
import { awsKinds, awsOperations, type AwsOperations } from "./aws-statements.ts";
import { indented } from "./indented.ts";
import type { KeyUse } from "./key-use.ts";
import { shellQuoted } from "./shell-quoted.ts";

const head = `# A KMS grant: put-key-policy would replace the key's whole policy, and a mistake in that locks everybody out.
# To take it back: aws kms list-grants and aws kms revoke-grant.
`;

/** `aws kms create-grant`, after asking what the key is where that is not known. */
export function awsCliGrant(request: AwsRequest, uses: readonly KeyUse[], name: string): Grant {
  const { alias, arn, region } = request;
  const describe = (what: string): string =>
    `$(aws kms describe-key --region ${region} --key-id ${shellQuoted(arn)} --query KeyMetadata.${what} --output text)`;
  const resolve = alias === undefined ? "" : `KEY=${describe("Arn")}\n`; // a grant takes no alias
  const key = alias === undefined ? shellQuoted(arn) : '"$KEY"';
  const create = (kind: KeyKind): string => createGrant(request, awsOperations(kind, uses), name, key);
  const [kind, other] = awsKinds(request.kind, uses);
  const command = other === undefined ? create(kind) : `case ${describe("KeySpec")} in\n${arms(create)}\nesac`;
  return { form: "aws-cli", title: "AWS CLI: a grant on the key", language: "sh", text: `${head}${resolve}${command}\n` };
}

function createGrant(
  { region, principal, tenant }: AwsRequest,
  { look, symmetric, rsa }: AwsOperations,
  name: string,
  key: string,
): string {
  // The constraint holds for the operations that carry a context; further entries stay free.
  const constraints = asciiJson({ EncryptionContextSubset: { tenant } });
  return [
    `aws kms create-grant --region ${region} --key-id ${key}`,
    `--name ${name} --grantee-principal ${shellQuoted(principal)}`,
    `--operations ${[...look, ...symmetric, ...rsa].join(" ")}`,
    ...(symmetric.length > 0 ? [`--constraints ${shellQuoted(constraints)}`] : []),
  ].join(" \\\n  ");
}

function arms(create: (kind: KeyKind) => string): string {
  return `SYMMETRIC_DEFAULT)
${indented(create("symmetric"))}
  ;;
RSA_*)
${indented(create("rsa"))}
  ;;
*) echo 'There is no such key here, or none that cmkit can use.' >&2 ;;`;
}
