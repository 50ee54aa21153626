import { indented } from "./indented.ts";

/**
 * A quoted string of Terraform's language, of ASCII characters alone.
 *
 * `$` and `%` before a brace begin a template. Written as escapes they are characters, and so are the doubled ones that would
 * stand for them otherwise.
 * @see https://github.com/hashicorp/hcl/blob/main/hclsyntax/spec.md "Template Expressions" and "Template Literals"
 */
export function hclString(value: string): string {
  return JSON.stringify(value).replace(/[$%](?=\{)|[^ -~]/gu, escaped);
}

function escaped(character: string): string {
  const hex = (character.codePointAt(0) ?? 0).toString(16);
  return hex.length > 4 ? String.raw`\U${hex.padStart(8, "0")}` : String.raw`\u${hex.padStart(4, "0")}`;
}

export function hclList(values: readonly string[]): string {
  return `[${values.map((value) => hclString(value)).join(", ")}]`;
}

/** An attribute whose strings stand one a line. */
export function hclLines(name: string, values: readonly string[]): string {
  return `${name} = [\n${values.map((value) => `  ${hclString(value)},\n`).join("")}]`;
}

/**
 * A block, in the layout of `terraform fmt`.
 *
 * @param attributes Expressions of one line.
 * @param inner Blocks, as this function gives them, and attributes of several lines.
 */
export function hclBlock(header: string, attributes: Readonly<Record<string, string>>, inner: readonly string[] = []): string {
  const entries = Object.entries(attributes);
  const width = Math.max(0, ...entries.map(([name]) => name.length));
  const lines = entries.map(([name, expression]) => `${name.padEnd(width)} = ${expression}`).join("\n");
  const parts = [lines, ...inner].filter((part) => part !== "").map((part) => indented(part));
  return parts.length === 0 ? `${header} {}` : `${header} {\n${parts.join("\n\n")}\n}`;
}
