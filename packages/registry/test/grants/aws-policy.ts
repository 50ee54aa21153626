import { expect } from "vitest";

/** A statement of an IAM policy, as far as grants have it. */
export interface Statement {
  readonly Sid?: string;
  readonly Principal?: { readonly AWS: string };
  readonly Action: readonly string[] | string;
  readonly Resource?: string;
  readonly Condition?: Readonly<Record<string, Readonly<Record<string, string>>>>;
}

// PutKeyPolicy, API reference: Policy.
const policyText = /^[\t\n\r\u0020-\u00FF]+$/;
const actions = /^(?:kms:(?:DescribeKey|GetPublicKey|Encrypt|Decrypt|GenerateDataKey)|sts:AssumeRole)$/;
const conditionKeys = /^(?:kms:EncryptionContext:[a-z]+|kms:EncryptionAlgorithm|kms:ResourceAliases|sts:ExternalId)$/;

/**
 * Reads statements by the grammar of IAM's policies, cut down to what grants may have.
 * @see https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_policies_grammar.html
 */
export function readStatements(text: string): readonly Statement[] {
  expect(text).toMatch(policyText);
  const parsed = JSON.parse(text) as readonly Statement[] | { readonly Statement: readonly Statement[] };
  if (!("Statement" in parsed)) return parsed.map((statement) => checked(statement));
  expect(Object.keys(parsed)).toEqual(["Version", "Statement"]);
  expect(parsed).toHaveProperty("Version", "2012-10-17");
  return parsed.Statement.map((statement) => checked(statement));
}

function checked(statement: Statement): Statement {
  const { Sid = "None", Action, Resource = "*", Condition = {}, Principal, ...rest } = statement;
  expect(rest).toEqual({ Effect: "Allow" });
  expect(Sid).toMatch(/^[A-Za-z0-9]+$/);
  expect([Action].flat()).not.toHaveLength(0);
  for (const action of [Action].flat()) expect(action).toMatch(actions);
  expect(Resource).toMatch(/^(?:\*|arn:[a-z-]+:kms:[a-z0-9-]+:\d{12}:key\/[a-z0-9*-]+)$/);
  if (Principal !== undefined) expect(Principal.AWS).toMatch(/^arn:aws:iam::\d{12}:role\/[\w-]+$/);
  for (const [operator, keys] of Object.entries(Condition)) {
    expect(operator).toMatch(/^(?:ForAnyValue:)?StringEquals$/);
    for (const [key, value] of Object.entries(keys)) {
      expect(key).toMatch(conditionKeys);
      expect(typeof value).toBe("string");
    }
  }
  return statement;
}

/** What IAM compares with: policy variables filled in, of which the escape is the only one that a grant may have. */
export function withVariables(value: string): string {
  return value.replace(/\$\{([^}]*)\}/g, (_, name: string) => {
    expect(name).toBe("$");
    return "$";
  });
}
