import { conformanceCases } from "@cmkit/core/testing";
import { afterAll, describe, test } from "vitest";
import type { OpenHarness } from "./open-harness.ts";

/** Every case of the suite as a test of its own, for each key of the harness. */
export function conformanceTests(title: string, { harness, close }: OpenHarness): void {
  afterAll(close);
  describe(title, () => {
    for (const { name, key, skipped, run } of conformanceCases(harness)) {
      test(`${key.kind} ${key.bits}: ${name}`, async (ctx) => {
        if (skipped !== undefined) ctx.skip(skipped);
        await run();
      });
    }
  });
}
