import { conformanceCases, type ConformanceCase, type ConformanceHarness } from "@cmkit/core/testing";

/** A provider's harness, under the provider's name. */
export interface NamedHarness {
  readonly name: string;
  readonly harness: ConformanceHarness;
}

interface Column {
  readonly title: string;
  /** By case name: undefined when every key of this kind runs it, else why not. */
  readonly skips: ReadonlyMap<string, string | undefined>;
}

const heading = `# One behaviour on every provider

Written by \`npm run conformance -- --write\`, which writes it only when no case failed; a test holds it against the suite.

Each row is a case of the suite in \`@cmkit/core/testing\`, each column a provider and a kind of key (RSA: 2048, 3072 and 4096). ✓: it holds, through
the official SDK and against the emulator of \`@cmkit/emulators\`; no cloud was asked. A number: it cannot be run there, for the reason below. Empty: the
case is about the other kind of key.
`;

/** docs/providers.md: which case holds where, and why some cannot. */
export function providersPage(providers: readonly NamedHarness[]): string {
  const columns = providers.flatMap(({ name, harness }) => columnsOf(name, harness));
  const differences = providers.map(({ name, harness }) => difference(name, harness)).filter((line) => line !== undefined);
  return page(columns, differences);
}

function columnsOf(provider: string, harness: ConformanceHarness): Column[] {
  const kinds = Map.groupBy(conformanceCases(harness), ({ key }) => key.kind);
  const titled = [...kinds].map(([kind, cases]) => ({ title: `${provider} ${kind}`, skips: skipsOf(cases) }));
  return titled.toSorted((a, b) => (a.title < b.title ? -1 : 1));
}

function skipsOf(cases: readonly ConformanceCase[]): ReadonlyMap<string, string | undefined> {
  const skips = new Map<string, string | undefined>();
  for (const { name, skipped } of cases) skips.set(name, skips.get(name) ?? skipped);
  return skips;
}

function page(columns: readonly Column[], differences: readonly string[]): string {
  const names = [...new Set(columns.flatMap(({ skips }) => [...skips.keys()]))];
  const reasons: string[] = [];
  const cell = ({ skips }: Column, name: string): string => {
    if (!skips.has(name)) return "";
    const reason = skips.get(name);
    if (reason === undefined) return "✓";
    if (!reasons.includes(reason)) reasons.push(reason);
    return `${reasons.indexOf(reason) + 1}`;
  };
  const rows = names.map((name) => `| ${[name, ...columns.map((column) => cell(column, name))].join(" | ")} |`);
  const head = `| ${["case", ...columns.map(({ title }) => title)].join(" | ")} |\n|${"---|".repeat(columns.length + 1)}`;
  const why = reasons.map((reason, index) => `${index + 1}. ${reason}`);
  const codes = ["## Where outcomes differ", "", ...differences];
  return [heading, head, ...rows, "", "Why not:", "", ...why, "", ...codes, ""].join("\n");
}

/** What the property test allows for, beside the skips. */
function difference(provider: string, { denied }: ConformanceHarness): string | undefined {
  if (denied === undefined) return undefined;
  return `* ${provider}: a key on which we have no permission at all is \`${denied}\`, elsewhere \`access-denied\`: the cloud answers to both alike.`;
}
