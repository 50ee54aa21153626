import { describe, expect, it } from "vitest";

import { answering, id, named } from "./registry-double.ts";

const policy = { form: "aws-key-policy", title: "Key policy", language: "json", text: '[\n  "A"\n]\n' };
const cli = { form: "aws-cli", title: "AWS CLI", language: "sh", text: "aws kms create-grant \\\n  --name a\n" };

describe("cmkit grants", () => {
  it("prints each grant under its title, ready to paste", async () => {
    const double = await answering({ json: { grants: [policy, cli] } });
    expect(await double.cmkit(["grants", ...named])).toEqual({
      exitCode: 0,
      stdout: `ONE of these is enough, whose title fits: aws-key-policy, aws-cli.
With --form, one is printed alone.

Key policy (--form aws-key-policy)

[
  "A"
]

AWS CLI (--form aws-cli)

aws kms create-grant \\
  --name a
`,
      stderr: "",
    });
    expect(double.asked).toMatchObject([{ method: "GET", path: `/v1/project/acme/secrets/cmks/${id}/grants` }]);
  });

  it.each([
    [
      "aws-key-policy aws-cli terraform aws-role-permissions aws-role-trust",
      /^ONE of these is enough, whose title fits: aws-key-policy, aws-cli, terraform\.\nIn addition aws-role-permissions: .*\nIn addition aws-role-trust: .*\nWith --form/,
    ],
    ["gcloud terraform", /^ONE of these is enough, whose title fits: gcloud, terraform\.\nWith --form/],
    [
      "az-rbac terraform az-access-policy terraform-access-policy",
      /^ONE of .*: az-rbac, terraform, az-access-policy, terraform-access-policy\.\nWith --form/,
    ],
    [
      "oci-policy-cross-tenancy terraform oci-policy-endorse oci-policy terraform-same-tenancy",
      /^ONE of .*: oci-policy-cross-tenancy, terraform, oci-policy, terraform-same-tenancy\.\nIn addition oci-policy-endorse: .*\nWith --form/,
    ],
  ])("says first which of %s are alternatives, and which come in addition", async (forms, head) => {
    const double = await answering({ json: { grants: forms.split(" ").map((form) => ({ ...cli, form })) } });
    expect((await double.cmkit(["grants", ...named])).stdout).toMatch(head);
  });

  it("prints one alone, and nothing besides, with --form", async () => {
    const double = await answering({ json: { grants: [policy, cli] } });
    expect(await double.cmkit(["grants", ...named, "--form", "aws-key-policy"])).toEqual({
      exitCode: 0,
      stdout: policy.text,
      stderr: "",
    });
  });

  it("names the forms that there are where it is given another one", async () => {
    const double = await answering({ json: { grants: [policy, cli] } });
    expect(await double.cmkit(["grants", ...named, "--form", "gcloud"])).toEqual({
      exitCode: 2,
      stdout: "",
      stderr: "cmkit: expected --form to be one of aws-key-policy, aws-cli, got gcloud.\nSee `cmkit grants --help`.\n",
    });
  });

  it("prints an array with --json, of one with --form too", async () => {
    const double = await answering({ json: { grants: [policy, cli] } });
    expect(JSON.parse((await double.cmkit(["grants", ...named, "--json"])).stdout)).toEqual([policy, cli]);
    expect(JSON.parse((await double.cmkit(["grants", ...named, "--json", "--form", "aws-cli"])).stdout)).toEqual([cli]);
  });

  it.each([
    ["no grants", {}],
    ["a form that is none", { grants: [{ ...cli, form: "../x" }] }],
    ["a text that is none", { grants: [{ ...cli, text: null }] }],
  ])("refuses an answer with %s", async (_name, json) => {
    const { exitCode, stderr } = await (await answering({ json })).cmkit(["grants", ...named]);
    expect(exitCode).toBe(1);
    expect(stderr).toContain("does not answer as a registry does: answer.grants");
  });
});
