import { conformanceCases } from "@cmkit/core/testing";
import { afterAll, describe, test } from "vitest";
import { awsHarness } from "./aws-harness.ts";

const { harness, emulator } = await awsHarness();

afterAll(async () => emulator.close());

describe("a key in AWS KMS", () => {
  for (const { name, key, skipped, run } of conformanceCases(harness)) {
    test(`${key.kind} ${key.bits}: ${name}`, async (ctx) => {
      if (skipped !== undefined) ctx.skip(skipped);
      await run();
    });
  }
});
