import { spawnSync } from "node:child_process";
import { readFileSync } from "node:fs";

import { describe, expect, it } from "vitest";

import type { Grant } from "../../src/grant.ts";
import { grantsFor } from "../../src/grants/grants-for.ts";
import { readStatements } from "./aws-policy.ts";
import { hclBlocks } from "./hcl-text.ts";
import { requestFor } from "./requests.ts";

const pages = [
  { page: "aws", grants: [requestFor("aws", "symmetric")], alone: [requestFor("aws", "rsa")], of: ["aws-key-policy"] },
  { page: "gcp", grants: [requestFor("gcp", "symmetric")], alone: [requestFor("gcp", "rsa")], of: ["gcloud"] },
  { page: "azure", grants: [requestFor("vault", "rsa"), requestFor("hsm", "symmetric")], alone: [], of: [] },
  { page: "oci", grants: [requestFor("oci", "symmetric")], alone: [], of: [] },
] as const;

describe.each(pages)("docs/grants/$page.md", ({ page, grants, alone, of }) => {
  const text = readFileSync(new URL(`../../../../docs/grants/${page}.md`, import.meta.url), "utf8");
  const blocks = (language: Grant["language"]): readonly string[] =>
    [...text.matchAll(new RegExp(`\`\`\`${language}\n(.*?)\`\`\`\n`, "gs"))].map(([, block = ""]) => block);

  it("shows what its keys' grants are", () => {
    const shown = new Set((["json", "sh", "hcl", "text"] as const).flatMap((language) => blocks(language)));
    // The same for a key in the operator's own tenancy is left out: it differs in its statements alone, which are shown.
    const whole = grants.flatMap((request) => grantsFor(request)).filter(({ form }) => form !== "terraform-same-tenancy");
    const single = alone.flatMap((request) => grantsFor(request)).filter(({ form }) => of.some((one) => one === form));
    for (const grant of [...whole, ...single]) expect(shown).toContain(grant.text);
  });

  it("has blocks that parsers and shells read", async () => {
    for (const block of blocks("json")) expect(readStatements(block)).not.toHaveLength(0);
    for (const block of blocks("sh")) {
      expect(spawnSync("sh", ["-n"], { input: block, encoding: "utf8" })).toMatchObject({ status: 0, stderr: "" });
    }
    expect(Object.keys(await hclBlocks(blocks("hcl").join("\n")))).not.toHaveLength(0);
  });
});
