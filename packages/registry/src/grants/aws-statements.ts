import type { KeyKind } from "@cmkit/core";

import type { AwsRequest } from "./aws-request.ts";
import type { KeyUse } from "./key-use.ts";

/** What all statements have; a policy adds whom they are for, or which key. */
export interface AwsStatement {
  readonly Sid: string;
  readonly Effect: "Allow";
  readonly Action: readonly string[];
  readonly Condition?: Readonly<Record<string, Readonly<Record<string, string>>>>;
}

/** The operations of AWS KMS: those that know no context, those of a symmetric key that carry one, and those of an RSA key. */
export interface AwsOperations {
  readonly look: readonly string[];
  readonly symmetric: readonly string[];
  readonly rsa: readonly string[];
}

/** The operations for `uses` of a key of the kind; of either, where it is unknown. */
export function awsOperations(kind: AwsRequest["kind"], uses: readonly KeyUse[]): AwsOperations {
  const when = (use: KeyUse, ...operations: readonly string[]): readonly string[] => (uses.includes(use) ? operations : []);
  return {
    look: [...when("describe", "DescribeKey"), ...(kind === "symmetric" ? [] : when("public-key", "GetPublicKey"))],
    // Data keys are made by GenerateDataKey; Encrypt wraps those that another key has wrapped before.
    symmetric:
      kind === "rsa" ? [] : [...when("generate", "GenerateDataKey"), ...when("wrap", "Encrypt"), ...when("unwrap", "Decrypt")],
    rsa: kind === "symmetric" ? [] : when("unwrap", "Decrypt"),
  };
}

/** The kinds whose operations differ for `uses`: a KMS grant allows only operations that its key has. */
export function awsKinds(kind: AwsRequest["kind"], uses: readonly KeyUse[]): readonly [KeyKind, ...KeyKind[]] {
  if (kind !== undefined) return [kind];
  const [use] = uses;
  if (uses.length > 1 || use === "unwrap") return ["symmetric", "rsa"];
  return use === "generate" || use === "wrap" ? ["symmetric"] : ["rsa"];
}

/**
 * One statement for each group of operations, under the tightest condition that holds for all of them.
 *
 * The condition names the context's tenant and leaves further entries free. RSA has no context; its statement names the one
 * algorithm that is used, which also keeps it from allowing a symmetric key's Decrypt under any context.
 */
export function awsStatements(request: AwsRequest, uses: readonly KeyUse[], name: string): readonly AwsStatement[] {
  const { look, symmetric, rsa } = awsOperations(request.kind, uses);
  const suffix = name.slice("cmkit".length);
  const statements: readonly (readonly [string, readonly string[], AwsStatement["Condition"]])[] = [
    ["Look", look, undefined],
    ["Use", symmetric, { StringEquals: { "kms:EncryptionContext:tenant": withoutVariables(request.tenant) } }],
    ["UseRsa", rsa, { StringEquals: { "kms:EncryptionAlgorithm": "RSAES_OAEP_SHA_256" } }],
  ];
  return statements
    .filter(([, operations]) => operations.length > 0)
    .map(([what, operations, condition]) => ({
      Sid: `Cmkit${what}${suffix}`,
      Effect: "Allow",
      Action: operations.map((operation) => `kms:${operation}`),
      ...(condition && { Condition: condition }),
    }));
}

/**
 * A policy fills in what stands between `${` and `}`; `${$}` is the character.
 * https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_policies_variables.html "Special characters"
 */
function withoutVariables(value: string): string {
  return value.replaceAll("${", () => "${$}{");
}
