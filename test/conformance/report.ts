import { conformanceCases, type ConformanceHarness } from "@cmkit/core/testing";

/** What became of one provider's cases. */
export interface ProviderReport {
  passed: number;
  failed: number;
  readonly skipped: { readonly case: string; readonly reason: string }[];
}

/** Runs every case of a harness, one after another, as they share the service. */
export async function runCases(
  harness: ConformanceHarness,
  onCase: (name: string, failure: unknown) => void,
): Promise<ProviderReport> {
  const report: ProviderReport = { passed: 0, failed: 0, skipped: [] };
  for (const { name, key, skipped, run } of conformanceCases(harness)) {
    const title = `${key.kind} ${key.bits}: ${name}`;
    if (skipped !== undefined) {
      report.skipped.push({ case: title, reason: skipped });
      continue;
    }
    const failure = await run().then(
      () => undefined,
      (error: unknown) => error ?? new Error("failed without an error"),
    );
    if (failure === undefined) report.passed += 1;
    else report.failed += 1;
    onCase(title, failure);
  }
  return report;
}
