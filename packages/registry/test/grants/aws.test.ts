import { describe, expect, it } from "vitest";

import { grantsFor } from "../../src/grants/grants-for.ts";
import { readStatements } from "./aws-policy.ts";
import { hclBlocks } from "./hcl-text.ts";
import { accessors, grantText, keys, requestFor, textOf } from "./requests.ts";
import { option, runScript } from "./run-script.ts";

const actionsOf = (text: string): readonly (readonly [readonly string[] | string, unknown])[] =>
  readStatements(text).map(({ Action, Condition }) => [Action, Condition]);

const look = [["kms:DescribeKey"], undefined] as const;
const use = [
  ["kms:GenerateDataKey", "kms:Encrypt", "kms:Decrypt"],
  { StringEquals: { "kms:EncryptionContext:tenant": "acme" } },
] as const;
const lookRsa = [["kms:DescribeKey", "kms:GetPublicKey"], undefined] as const;
const useRsa = [["kms:Decrypt"], { StringEquals: { "kms:EncryptionAlgorithm": "RSAES_OAEP_SHA_256" } }] as const;

describe("a key policy's statements", () => {
  it("are two for a symmetric key: what knows no context, and what carries one", () => {
    expect(grantText("aws-key-policy", "aws", "symmetric")).toBe(`[
  {
    "Sid": "CmkitLook5f4ed692",
    "Effect": "Allow",
    "Principal": {
      "AWS": "arn:aws:iam::111122223333:role/crm-backend"
    },
    "Action": [
      "kms:DescribeKey"
    ],
    "Resource": "*"
  },
  {
    "Sid": "CmkitUse5f4ed692",
    "Effect": "Allow",
    "Principal": {
      "AWS": "arn:aws:iam::111122223333:role/crm-backend"
    },
    "Action": [
      "kms:GenerateDataKey",
      "kms:Encrypt",
      "kms:Decrypt"
    ],
    "Resource": "*",
    "Condition": {
      "StringEquals": {
        "kms:EncryptionContext:tenant": "acme"
      }
    }
  }
]
`);
  });

  it("name for each kind what cmkit calls, each call under the tightest condition that it can meet", () => {
    expect(actionsOf(grantText("aws-key-policy", "aws", "symmetric"))).toEqual([look, use]);
    expect(actionsOf(grantText("aws-key-policy", "aws", "rsa"))).toEqual([lookRsa, useRsa]);
    expect(actionsOf(grantText("aws-key-policy", "aws", undefined))).toEqual([lookRsa, use, useRsa]);
  });

  it("have names that no other key's or project's statements have", () => {
    const sids = [
      requestFor("aws", "rsa"),
      requestFor("aws", "rsa", { project: "globex" }),
      requestFor("awsAlias", "rsa"),
      requestFor("aws", "symmetric"),
    ].flatMap((request) => readStatements(textOf(grantsFor(request), "aws-key-policy")).map(({ Sid }) => Sid));
    expect(new Set(sids).size).toBe(sids.length);
    expect(grantsFor(requestFor("aws", "rsa"))).toEqual(grantsFor(requestFor("aws", "rsa")));
  });
});

describe("the policy of the role that asks", () => {
  it("names the key by its own ARN", () => {
    const statements = readStatements(grantText("aws-role-permissions", "aws", "symmetric"));
    expect(statements.map(({ Action, Condition }) => [Action, Condition])).toEqual([look, use]);
    for (const { Resource, Principal } of statements) {
      expect(Resource).toBe(keys.aws.resource);
      expect(Principal).toBeUndefined();
    }
  });

  it("names a key that is known by an alias as one that has it", () => {
    for (const { Resource, Condition } of readStatements(grantText("aws-role-permissions", "awsAlias", undefined))) {
      expect(Resource).toBe("arn:aws:kms:eu-west-1:444455556666:key/*");
      expect(Condition).toMatchObject({ "ForAnyValue:StringEquals": { "kms:ResourceAliases": "alias/crm/data" } });
    }
  });

  it("may be assumed by the operator with the project's external id", () => {
    expect(JSON.parse(grantText("aws-role-trust", "aws", "rsa"))).toEqual({
      Version: "2012-10-17",
      Statement: [
        {
          Effect: "Allow",
          Principal: { AWS: accessors.aws.principal },
          Action: "sts:AssumeRole",
          Condition: { StringEquals: { "sts:ExternalId": "cmkit-2b1f9f0c" } },
        },
      ],
    });
    for (const externalId of ["", "x", `a"b`, "a b"]) {
      expect(() => grantsFor(requestFor("aws", "rsa", { externalId }))).toThrow(TypeError);
    }
  });
});

describe("the AWS CLI's command", () => {
  const operationsOf = (words: readonly string[] | undefined): readonly string[] => {
    const from = (words?.indexOf("--operations") ?? 0) + 1;
    const rest = words?.slice(from) ?? [];
    const end = rest.findIndex((word) => word.startsWith("--"));
    return end === -1 ? rest : rest.slice(0, end);
  };
  const forSymmetric = ["DescribeKey", "GenerateDataKey", "Encrypt", "Decrypt"];
  const forRsa = ["DescribeKey", "GetPublicKey", "Decrypt"];
  const subset = JSON.stringify({ EncryptionContextSubset: { tenant: "acme" } });

  it("adds a grant to the key and leaves its policy as it is", () => {
    const { calls } = runScript(grantText("aws-cli", "aws", "symmetric"), "sh");
    expect(calls).toHaveLength(1);
    expect(calls[0]?.slice(0, 3)).toEqual(["aws", "kms", "create-grant"]);
    expect(option(calls[0], "--region")).toBe("eu-west-1");
    expect(option(calls[0], "--key-id")).toBe(keys.aws.resource);
    expect(option(calls[0], "--grantee-principal")).toBe(accessors.aws.principal);
    expect(operationsOf(calls[0])).toEqual(forSymmetric);
    expect(option(calls[0], "--constraints")).toBe(subset);
  });

  it("asks what the key is where that is not known: a grant takes only what its key can do", () => {
    const script = grantText("aws-cli", "aws", undefined);
    const [symmetric] = runScript(script, "sh").calls;
    expect(operationsOf(symmetric)).toEqual(forSymmetric);
    expect(option(symmetric, "--constraints")).toBe(subset);
    for (const KEY_SPEC of ["RSA_2048", "RSA_3072", "RSA_4096"]) {
      const [rsa] = runScript(script, "sh", { KEY_SPEC }).calls;
      expect(operationsOf(rsa)).toEqual(forRsa);
      expect(option(rsa, "--constraints")).toBeUndefined();
    }
  });

  it("grants nothing on a key that cmkit cannot use, and none that could not be looked at", () => {
    for (const KEY_SPEC of ["ECC_NIST_P256", "HMAC_256", ""]) {
      const { calls, stderr } = runScript(grantText("aws-cli", "aws", undefined), "sh", { KEY_SPEC });
      expect(calls).toEqual([]);
      expect(stderr).toContain("There is no such key here");
    }
  });

  it("finds the key that an alias leads to: a grant takes no alias", () => {
    for (const kind of ["rsa", undefined] as const) {
      const { calls } = runScript(grantText("aws-cli", "awsAlias", kind), "sh", { KEY_SPEC: "RSA_2048" });
      expect(calls.map((words) => option(words, "--key-id"))).toEqual(["arn:of:the:key"]);
      expect(operationsOf(calls[0])).toEqual(forRsa);
    }
  });
});

describe("Terraform for AWS", () => {
  const grantsIn = async (text: string): Promise<readonly unknown[]> =>
    Object.entries(await hclBlocks(text)).flatMap(([name, body]) => (name.startsWith("resource.aws_kms_grant.") ? [body] : []));
  const grantee = { grantee_principal: accessors.aws.principal, name: expect.stringMatching(/^cmkit[0-9a-f]{8}$/) as string };
  const symmetric = {
    ...grantee,
    operations: ["DescribeKey", "GenerateDataKey", "Encrypt", "Decrypt"],
    constraints: [{ encryption_context_subset: { tenant: "acme" } }],
  };
  const rsa = { ...grantee, operations: ["DescribeKey", "GetPublicKey", "Decrypt"] };

  it("adds a grant to the key and leaves its policy as it is", async () => {
    const key_id = keys.aws.resource;
    expect(await grantsIn(grantText("terraform", "aws", "symmetric"))).toEqual([{ ...symmetric, key_id }]);
    expect(await grantsIn(grantText("terraform", "aws", "rsa"))).toEqual([{ ...rsa, key_id }]);
  });

  it("adds the one of two grants that the key can have, where its kind is not known", async () => {
    const text = grantText("terraform", "aws", undefined);
    const name = /data "aws_kms_key" "(cmkit[0-9a-f]{8})"/.exec(text)?.[1] ?? "";
    const key_id = `\${data.aws_kms_key.${name}.arn}`;
    const when = (yes: number, no: number): string =>
      `\${data.aws_kms_key.${name}.key_spec == "SYMMETRIC_DEFAULT" ? ${yes} : ${no}}`;
    expect(await grantsIn(text)).toEqual(
      expect.arrayContaining([
        { ...symmetric, key_id, count: when(1, 0) },
        { ...rsa, key_id, count: when(0, 1) },
      ]),
    );
  });

  it("is not offered for a tenant whose name it would change: it normalizes strings", () => {
    const formsFor = (project: string, kind: "rsa" | "symmetric" | undefined): readonly string[] =>
      grantsFor(requestFor("aws", kind, { project })).map(({ form }) => form);
    const decomposed = "Ame\u0301lie";
    for (const kind of ["symmetric", undefined] as const) expect(formsFor(decomposed, kind)).not.toContain("terraform");
    for (const kind of ["symmetric", undefined] as const) {
      expect(formsFor(decomposed.normalize("NFC"), kind)).toContain("terraform");
    }
    expect(formsFor(decomposed, "rsa")).toContain("terraform");
    expect(grantText("aws-cli", "aws", "symmetric", { project: decomposed })).toContain(String.raw`Ame\u0301lie`);
  });

  it("looks up the key that an alias leads to", async () => {
    const blocks = await hclBlocks(grantText("terraform", "awsAlias", "rsa"));
    const [data = "", resource = ""] = Object.keys(blocks).sort();
    expect(blocks[data]).toEqual({ key_id: keys.awsAlias.resource });
    expect(blocks[resource]).toMatchObject({ key_id: `\${${data}.arn}` });
  });
});
