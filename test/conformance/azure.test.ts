import { conformanceCases } from "@cmkit/core/testing";
import { afterAll, describe, test } from "vitest";
import { azureHarness } from "./azure-harness.ts";

const { harness, emulator } = await azureHarness();

afterAll(async () => emulator.close());

describe("a key in Azure Key Vault or Managed HSM", () => {
  for (const { name, key, skipped, run } of conformanceCases(harness)) {
    test(`${new URL(key.resource).host} ${key.kind} ${key.bits}: ${name}`, async (ctx) => {
      if (skipped !== undefined) ctx.skip(skipped);
      await run();
    });
  }
});
