import { answerCases } from "./answer-cases.ts";
import { argumentCases } from "./argument-cases.ts";
import { CaseRun } from "./case-run.ts";
import type { CaseTemplate } from "./case-template.ts";
import { ciphertextCases } from "./ciphertext-cases.ts";
import type { ConformanceHarness, ConformanceKey } from "./harness.ts";
import { keyStateCases } from "./key-state-cases.ts";
import { keyVersionCases } from "./key-version-cases.ts";
import { outageCases } from "./outage-cases.ts";
import { publicKeyCases, roundTripCases } from "./round-trip-cases.ts";

/** One thing that an adapter must do, for one of the harness's keys. */
export interface ConformanceCase {
  /** A sentence about behaviour: what `skips` is keyed by. */
  readonly name: string;
  readonly key: ConformanceKey;
  /** Why the case cannot be run here; undefined when it can. */
  readonly skipped: string | undefined;
  /** Run the cases one after another: they share the service. Rejects with an Error that says what is wrong. */
  readonly run: () => Promise<void>;
}

const templates: readonly CaseTemplate[] = [
  ...roundTripCases,
  ...publicKeyCases,
  ...ciphertextCases,
  ...argumentCases,
  ...keyStateCases,
  ...keyVersionCases,
  ...outageCases,
  ...answerCases,
];

/**
 * What every adapter must do, as data: run it with the test runner of your choice. Cases check the adapter through
 * `multiCloudKms`, and need real or emulated keys and nothing else.
 *
 * @throws {TypeError} when `skips` names a case that there is not: a skip must not outlive its case.
 */
export function conformanceCases(harness: ConformanceHarness): readonly ConformanceCase[] {
  for (const skips of [harness.skips, ...harness.keys.map((key) => key.skips)]) {
    for (const name of Object.keys(skips ?? {})) {
      if (!templates.some((template) => template.name === name))
        throw new TypeError(`expected skips to name cases, got "${name}"`);
    }
  }
  return harness.keys.flatMap((key) =>
    templates
      .filter(({ kind }) => kind === undefined || kind === key.kind)
      .map((template): ConformanceCase => ({
        name: template.name,
        key,
        skipped: reasonToSkip(template, harness, key),
        run: async () => runCase(template, harness, key),
      })),
  );
}

function reasonToSkip(template: CaseTemplate, harness: ConformanceHarness, key: ConformanceKey): string | undefined {
  const reason = key.skips?.[template.name] ?? harness.skips?.[template.name];
  if (reason !== undefined) return reason;
  if (template.needsAlias === true && key.alias === undefined) return "the harness has no alias of this key";
  for (const name of template.needs ?? []) {
    const control = harness.controls[name];
    if (typeof control === "string") return control;
  }
  return undefined;
}

async function runCase(template: CaseTemplate, harness: ConformanceHarness, key: ConformanceKey): Promise<void> {
  const run = new CaseRun(harness, key);
  try {
    await template.run(run);
    await run.checkAftermath();
  } finally {
    await run.reset();
    await run.close();
  }
}
