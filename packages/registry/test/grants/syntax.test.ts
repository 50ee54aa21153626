import { spawnSync } from "node:child_process";

import { describe, expect, it } from "vitest";

import type { Grant } from "../../src/grant.ts";
import { grantsFor, missingGrant } from "../../src/grants/grants-for.ts";
import { readStatements } from "./aws-policy.ts";
import { hclBlocks } from "./hcl-text.ts";
import { allRequests } from "./requests.ts";

const refusals = (["describe", "publicKey", "generateDataKey", "wrap", "unwrap"] as const).map((operation) => ({
  phase: "wrap" as const,
  operation,
}));

/** Every text that there is, once. */
const everyGrant: ReadonlyMap<string, Grant> = new Map(
  allRequests.flatMap((request) =>
    [grantsFor(request), ...refusals.map((refused) => missingGrant(request, refused)?.grants ?? [])]
      .flat()
      .map((grant) => [grant.text, grant] as const),
  ),
);

const inLanguage = (language: Grant["language"]): readonly Grant[] =>
  [...everyGrant.values()].filter((grant) => grant.language === language);

const hasTerraform = spawnSync("terraform", ["version"]).error === undefined;
if (!hasTerraform) console.warn("terraform is not on the PATH: its formatter's opinion of the grants is not asked for");

describe("every grant", () => {
  it("is of ASCII characters, ends with a line end, is for one form a request, and says in one line what it is", () => {
    expect(everyGrant.size).toBeGreaterThan(100);
    for (const { text, title } of everyGrant.values()) {
      expect(text).toMatch(/^[\n -~]+[^\n]\n$/); // ASCII: no terminal or encoding changes it
      expect(title).toMatch(/^(?:[A-Z]|gcloud)[^\n]{10,110}$/);
    }
    for (const request of allRequests) {
      const forms = grantsFor(request).map(({ form }) => form);
      expect([...new Set(forms)]).toEqual(forms);
    }
  });

  it("in JSON is a policy of IAM's grammar", () => {
    for (const { text } of inLanguage("json")) expect(readStatements(text)).not.toHaveLength(0);
  });

  it.each(["bash", "sh"])("in sh is read by %s", (shell) => {
    // Each in a function of its own: one process reads all.
    const functions = inLanguage("sh").map(({ text }, at) => `grant_${at}() {\n${text}}\n`);
    expect(functions.length).toBeGreaterThan(30);
    expect(spawnSync(shell, ["-n"], { input: functions.join("\n"), encoding: "utf8" })).toMatchObject({ status: 0, stderr: "" });
    expect(spawnSync(shell, ["-n"], { input: "grant() {\ncase x in\n}\n", encoding: "utf8" }).status).not.toBe(0);
  });

  it("in HCL is read by HashiCorp's parser, also when all are in one file", async () => {
    const all = inLanguage("hcl");
    expect(all.length).toBeGreaterThan(50);
    const blocks = await hclBlocks(all.map(({ text }) => text).join("\n"));
    const names = new Set(all.flatMap(({ text }) => text.match(/^(?:resource|data|variable) .*(?= \{)/gm) ?? []));
    expect(Object.keys(blocks)).toHaveLength(names.size);
    await expect(hclBlocks('resource "x" "y" {')).rejects.toThrow("parse config");
  });

  it.runIf(hasTerraform)("in HCL is laid out as terraform lays it out", () => {
    const input = inLanguage("hcl")
      .map(({ text }) => text)
      .join("\n");
    expect(spawnSync("terraform", ["fmt", "-"], { input, encoding: "utf8" })).toMatchObject({ status: 0, stdout: input });
  });
});

describe("the resources of one customer's Terraform", () => {
  it("have different names, whatever keys and projects they are for", async () => {
    const usual = allRequests
      .filter(({ kind }) => kind !== undefined)
      .flatMap((request) => [request, { ...request, project: "globex" }]);
    const texts = usual.map((request) => grantsFor(request).find(({ form }) => form === "terraform")?.text ?? "");
    const headers = texts.flatMap((text) => text.match(/^(?:resource|data|variable) .*(?= \{)/gm) ?? []);
    expect(new Set(headers).size).toBe(headers.length);
  });
});
