// Runs the conformance suite on every provider. Usage: npm run conformance [-- --provider NAME] [--json] [--write]
import { writeFile } from "node:fs/promises";
import { fileURLToPath } from "node:url";
import { parseArgs } from "node:util";
import type { ConformanceHarness } from "@cmkit/core/testing";
import { harnesses } from "./harnesses.ts";
import { providersPage } from "./providers-page.ts";
import { runCases, type ProviderReport } from "./report.ts";

const page = fileURLToPath(new URL("../../docs/providers.md", import.meta.url));
const { values: options } = parseArgs({
  options: {
    provider: { type: "string" },
    json: { type: "boolean", default: false },
    write: { type: "boolean", default: false },
  },
});
if (options.provider !== undefined && (harnesses[options.provider] === undefined || options.write)) {
  const known = Object.keys(harnesses).join(", ");
  process.stderr.write(`conformance: expected --provider to be one of ${known}, and not beside --write\n`);
  process.exit(2);
}
const chosen = Object.entries(harnesses).filter(([name]) => (options.provider ?? name) === name);
const providers = await Promise.all(chosen.map(async ([name, open]) => ({ name, ...(await open()) })));
try {
  const reports = await Promise.all(providers.map(async ({ name, harness }) => [name, await conform(name, harness)] as const));
  const failed = reports.reduce((sum, [, report]) => sum + report.failed, 0);
  if (options.json) process.stdout.write(`${JSON.stringify(Object.fromEntries(reports), null, 2)}\n`);
  else for (const [name, report] of reports) process.stdout.write(`${summary(name, report)}\n`);
  process.exitCode = failed === 0 ? 0 : 1;
  if (options.write && failed === 0) {
    await writeFile(page, providersPage(providers));
    process.stderr.write("Wrote docs/providers.md.\n");
  }
} finally {
  await Promise.all(providers.map(async (provider) => provider.close()));
}

async function conform(provider: string, harness: ConformanceHarness): Promise<ProviderReport> {
  let count = 0;
  return runCases(harness, (name, failure) => {
    count += 1;
    if (failure !== undefined) process.stderr.write(`${provider} ${name}: ${reasonOf(failure)}\n`);
    else if (count % 25 === 0) process.stderr.write(`${provider}: ${count} cases\n`);
  });
}

function summary(provider: string, { passed, failed, skipped }: ProviderReport): string {
  const reasons = new Map<string, number>();
  for (const { reason } of skipped) reasons.set(reason, (reasons.get(reason) ?? 0) + 1);
  const lines = [...reasons].map(([reason, times]) => `  skipped ${times}: ${reason}`);
  return [`${provider}: ${passed} passed, ${failed} failed, ${skipped.length} skipped`, ...lines].join("\n");
}

function reasonOf(failure: unknown): string {
  return failure instanceof Error ? failure.message : String(failure);
}
