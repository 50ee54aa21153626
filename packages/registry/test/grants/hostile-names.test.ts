import { bindContext } from "@cmkit/core/store";
import { describe, expect, it } from "vitest";

import { grantsFor } from "../../src/grants/grants-for.ts";
import { readStatements, withVariables } from "./aws-policy.ts";
import { hclBlocks, literal } from "./hcl-text.ts";
import { hostileNames } from "./hostile-names.ts";
import { accessors, allRequests, requestFor, textOf } from "./requests.ts";
import { option, runScript } from "./run-script.ts";

/** One text for each project. */
const textsOf = (form: string, kind: "symmetric" | undefined): readonly string[] =>
  hostileNames.map((project) => textOf(grantsFor(requestFor("aws", kind, { project })), form));

describe("a project's name that ends strings, words, templates and statements", () => {
  it("is a tenant's", () => {
    for (const tenant of hostileNames) expect(bindContext({ tenant }).entries).toEqual({ tenant });
  });

  it.each(["aws-key-policy", "aws-role-permissions"])("is what the condition of an %s compares with", (form) => {
    const tenants = textsOf(form, "symmetric").map((text) => {
      const [, use] = readStatements(text);
      return withVariables(use?.Condition?.["StringEquals"]?.["kms:EncryptionContext:tenant"] ?? "");
    });
    expect(tenants).toEqual(hostileNames);
  });

  it.each(["bash", "sh"] as const)("is what the AWS CLI gets from %s", (shell) => {
    for (const kind of ["symmetric", undefined] as const) {
      const { calls, stderr } = runScript(textsOf("aws-cli", kind).join(""), shell);
      expect(stderr).toBe("");
      const constraints = calls.map((words): unknown => JSON.parse(option(words, "--constraints") ?? ""));
      expect(constraints).toEqual(hostileNames.map((tenant) => ({ EncryptionContextSubset: { tenant } })));
    }
  });

  it("is what Terraform reads", async () => {
    const blocks = Object.values(await hclBlocks(textsOf("terraform", "symmetric").join("\n")));
    const tenants = blocks.map((block) => {
      const [constraints] = block["constraints"] as readonly {
        readonly encryption_context_subset: { readonly tenant: string };
      }[];
      return literal(constraints?.encryption_context_subset.tenant ?? "");
    });
    expect(tenants.toSorted()).toEqual(hostileNames.toSorted());
  });

  it("is spelt in ASCII, which no terminal, editor or encoding changes on its way", () => {
    for (const project of hostileNames) {
      for (const { text } of grantsFor(requestFor("aws", undefined, { project }))) expect(text).toMatch(/^[\n -~]+$/);
    }
  });

  it("is in no other grant, but for eight digits of its hash", () => {
    const hashed = /cmkit[0-9a-f]{8}|"[0-9a-f]{8}-[0-9a-f]{4}-8[0-9a-f]{3}-8[0-9a-f]{3}-[0-9a-f]{12}"/g;
    for (const request of allRequests) {
      const texts = ["acme", ...hostileNames].map((project) =>
        grantsFor({ ...request, project })
          .filter(({ form }) => request.cmk.provider !== "aws" || form === "aws-role-trust")
          .map(({ text }) => text.replaceAll(hashed, "HASHED"))
          .join("\n"),
      );
      expect(new Set(texts).size).toBe(1);
    }
    expect(accessors.azure.app_id).not.toMatch(hashed);
  });
});
