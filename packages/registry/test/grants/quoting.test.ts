import { spawnSync } from "node:child_process";

import fc from "fast-check";
import { describe, expect, it } from "vitest";

import { asciiJson } from "../../src/grants/ascii-json.ts";
import { hclBlock, hclLines, hclList, hclString } from "../../src/grants/hcl.ts";
import { shellQuoted } from "../../src/grants/shell-quoted.ts";
import { hclBlocks, literal } from "./hcl-text.ts";
import { hostileNames } from "./hostile-names.ts";

const special = fc.constantFrom(...Array.from("'\"\\$%{}`!&*?#~<>|;()[]=\n\t "), "${", "%{", "$${", "株", "👩‍🚀", "\u2028");
const text = fc.array(fc.oneof(special, fc.string({ unit: "grapheme-ascii" })), { maxLength: 12 }).map((parts) => parts.join(""));
/** Many at once, in one process or one parse. */
const texts = [...hostileNames, "", ...fc.sample(text, { numRuns: 400, seed: 5 })];

describe("a word of a shell", () => {
  it.each(["bash", "sh"])("is what was quoted, in %s", (shell) => {
    const command = `printf '%s\\0' ${texts.map((value) => shellQuoted(value)).join(" ")}`;
    const { stdout } = spawnSync(shell, ["-c", command], { encoding: "utf8", env: { HOME: "/none", var: "filled in" } });
    expect(stdout.split("\0").slice(0, -1)).toEqual(texts);
  });
});

describe("a string of Terraform's language", () => {
  it("is what was quoted, by HashiCorp's parser", async () => {
    const { "locals.": locals, ...rest } = await hclBlocks(`locals {\n  all = ${hclList(texts)}\n}\n`);
    const { all } = (locals ?? Object.values(rest)[0]) as { readonly all: readonly string[] };
    expect(all.map((value) => literal(value))).toEqual(texts);
  });

  it("is refused by the parser when it holds what it has no escape for, and never read as something else", async () => {
    await expect(hclBlocks(`locals {\n  all = ${hclString("\b")}\n}\n`)).rejects.toThrow("parse config");
  });

  it("stands in blocks that are laid out", () => {
    const inner = hclBlock("inner", { a: "1" }, [hclLines("list", ["x", "y"])]);
    expect(hclBlock('outer "of" "two"', { a: "1", longer: "true" }, [inner])).toBe(`outer "of" "two" {
  a      = 1
  longer = true

  inner {
    a = 1

    list = [
      "x",
      "y",
    ]
  }
}`);
    expect(hclBlock("empty", {})).toBe("empty {}");
  });
});

describe("JSON", () => {
  it("is of ASCII characters alone, and says the same", () => {
    for (const value of texts) {
      const json = asciiJson({ [value]: value });
      expect(json).toMatch(/^[\n -~]+$/);
      expect(JSON.parse(json)).toEqual({ [value]: value });
    }
  });
});
