import { KmsError } from "@cmkit/core";
import { expect, it } from "vitest";

import { kmsRefusal } from "../src/kms-refusal.ts";

it("a refusal of the KMS names no row id, which may be personal", () => {
  const error = new KmsError("timeout", { detail: 'field email of row "ada \\"@example.com"' });
  const { message } = kmsRefusal(error, { dev: undefined, provider: "aws" });
  expect(message).toContain("field email (timeout).");
  expect(message).not.toContain("ada");
});
