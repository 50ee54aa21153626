// Runs the conformance suite on every provider. Usage: npm run conformance [-- --provider NAME] [--json] [--write]
import { writeFile } from "node:fs/promises";
import { fileURLToPath } from "node:url";
import { parseArgs } from "node:util";
import { harnesses } from "./harnesses.ts";
import { providersPage } from "./providers-page.ts";
import { runCases, type ProviderReport } from "./report.ts";

const { values: options } = parseArgs({
  options: {
    provider: { type: "string" },
    json: { type: "boolean", default: false },
    write: { type: "boolean", default: false },
  },
});
if (options.provider !== undefined && harnesses[options.provider] === undefined) {
  process.stderr.write(`conformance: expected --provider to be one of ${Object.keys(harnesses).join(", ")}\n`);
  process.exit(2);
}
const chosen = Object.entries(harnesses).filter(([provider]) => (options.provider ?? provider) === provider);
const reports = await Promise.all(chosen.map(async ([provider, open]) => [provider, await conform(provider, open)] as const));
const failed = reports.reduce((sum, [, report]) => sum + report.failed, 0);
if (options.json) process.stdout.write(`${JSON.stringify(Object.fromEntries(reports), null, 2)}\n`);
else for (const [provider, report] of reports) process.stdout.write(`${summary(provider, report)}\n`);
if (options.write && failed === 0) await writePage();
process.exitCode = failed === 0 ? 0 : 1;

async function conform(provider: string, open: (typeof harnesses)[string]): Promise<ProviderReport> {
  const { harness, close } = await open();
  let count = 0;
  try {
    return await runCases(harness, (name, failure) => {
      count += 1;
      if (failure !== undefined) process.stderr.write(`${provider} ${name}: ${reasonOf(failure)}\n`);
      else if (count % 25 === 0) process.stderr.write(`${provider}: ${count} cases\n`);
    });
  } finally {
    await close();
  }
}

async function writePage(): Promise<void> {
  const page = fileURLToPath(new URL("../../docs/providers.md", import.meta.url));
  await writeFile(page, await providersPage());
  process.stderr.write("Wrote docs/providers.md.\n");
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
