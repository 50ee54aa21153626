import fc from "fast-check";
import { afterAll, describe, expect, test } from "vitest";
import { harnesses } from "../conformance/harnesses.ts";
import { KeyModel, type Outcome, type Step } from "./key-model.ts";
import { ProviderUnderTest } from "./provider-under-test.ts";

const clouds = ["aws", "gcp", "azure", "oci"];
const opened = await Promise.all(clouds.map(async (cloud) => ({ cloud, ...(await harnesses[cloud]?.()) })));
afterAll(async () => void (await Promise.all(opened.map(async ({ close }) => close?.()))));

const step: fc.Arbitrary<Step> = fc.oneof(
  { weight: 6, arbitrary: fc.record({ do: fc.constantFrom("wrap", "generate", "describe") }) },
  {
    weight: 6,
    arbitrary: fc.record({ do: fc.constant("unwrap"), which: fc.nat(99), context: fc.constantFrom("same", "same", "other") }),
  },
  {
    weight: 6,
    arbitrary: fc.record({
      do: fc.constantFrom("forget", "rotate", "disable", "enable", "enable", "schedule deletion", "deny", "allow", "allow"),
    }),
  },
  { weight: 2, arbitrary: fc.record({ do: fc.constant("cancel deletion"), to: fc.constantFrom("enabled", "disabled") }) },
) as fc.Arbitrary<Step>;

describe("one sequence of steps comes to the same on every cloud", () => {
  test.each(["symmetric", "rsa"] as const)("with a %s key", async (kind) => {
    await fc.assert(
      fc.asyncProperty(fc.array(step, { minLength: 8, maxLength: 24 }), async (steps) => {
        const providers = opened.map(({ harness }) => {
          const key = harness?.keys.find((candidate) => candidate.kind === kind);
          if (harness === undefined || key === undefined) throw new TypeError(`no ${kind} key`);
          return new ProviderUnderTest(harness, key);
        });
        try {
          await play(steps, providers);
        } finally {
          for (const provider of providers) {
            await provider.close();
            await provider.harness.reset?.();
          }
        }
      }),
      { numRuns: 25 },
    );
  });
});

async function play(steps: readonly Step[], providers: readonly ProviderUnderTest[]): Promise<void> {
  const model = new KeyModel();
  for (const [index, step] of steps.entries()) {
    if (!model.allows(step)) continue;
    const outcomes = await Promise.all(
      providers.map(async (provider): Promise<[string, Outcome]> => {
        const { provider: name } = provider.harness.adapter();
        return [name, provider.lacks(step) ? "ok" : await provider.take(step)];
      }),
    );
    const expected = providers.map(({ harness }): [string, Outcome] => [
      harness.adapter().provider,
      model.outcome(step, harness.denied ?? "access-denied"),
    ]);
    expect(Object.fromEntries(outcomes), `step ${index}: ${JSON.stringify(step)}`).toEqual(Object.fromEntries(expected));
    model.apply(step);
  }
}
