import { readFile } from "node:fs/promises";
import fc from "fast-check";
import { afterAll, describe, expect, test } from "vitest";
import { harnesses } from "../conformance/harnesses.ts";
import { providersPage } from "../conformance/providers-page.ts";
import { KeyModel, type Outcome, type Step } from "./key-model.ts";
import { ProviderUnderTest } from "./provider-under-test.ts";

const open = Object.entries(harnesses);
const providers = await Promise.all(open.map(async ([name, harness]) => ({ name, ...(await harness([2048])) })));
const clouds = providers.filter(({ name }) => name !== "local"); // whose keys have neither states nor permissions
afterAll(async () => void (await Promise.all(providers.map(async (provider) => provider.close()))));

test("docs/providers.md says what the suite runs and skips", async () => {
  const page = await readFile(new URL("../../docs/providers.md", import.meta.url), "utf8");
  expect(page, 'run "npm run conformance -- --write"').toBe(providersPage(providers));
});

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
        const tested = clouds.map(({ harness }) => {
          const key = harness.keys.find((candidate) => candidate.kind === kind);
          if (key === undefined) throw new TypeError(`no ${kind} key`);
          return new ProviderUnderTest(harness, key);
        });
        try {
          await play(steps, tested);
        } finally {
          for (const provider of tested) {
            await provider.close();
            await provider.harness.reset?.();
          }
        }
      }),
      { numRuns: 20 },
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
