import { createRequire } from "node:module";

// Not imported: its types bring those of browsers into the whole project, where `fetch` and streams are Node's.
const { parse } = createRequire(import.meta.url)("@cdktn/hcl2json") as {
  readonly parse: (name: string, text: string) => Promise<unknown>;
};

type Body = Readonly<Record<string, unknown>>;

/**
 * Reads Terraform's language by HashiCorp's own parser.
 *
 * @returns Blocks by `type.label.label`, with their attributes. Expressions are `${…}`; in literals the signs that would
 * begin one are doubled, as in Terraform's JSON: see {@link literal}.
 */
export async function hclBlocks(text: string): Promise<Readonly<Record<string, Body>>> {
  const file = await parse("grant.tf", text);
  return Object.fromEntries(blocksIn(file, []));
}

function blocksIn(value: unknown, path: readonly string[]): readonly (readonly [string, Body])[] {
  if (Array.isArray(value)) return value.map((body: Body) => [path.join("."), body] as const);
  if (typeof value !== "object" || value === null) throw new TypeError(`expected blocks at ${path.join(".")}`);
  return Object.entries(value).flatMap(([label, inner]) => blocksIn(inner, [...path, label]));
}

/** The characters of a literal string. */
export function literal(text: string): string {
  return text.replace(/\$\$\{|%%\{/g, (doubled) => doubled.slice(1));
}
