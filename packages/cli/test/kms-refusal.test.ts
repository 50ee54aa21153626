import { KmsError } from "@cmkit/core";
import { describe, expect, it } from "vitest";

import { providers } from "../src/clouds.ts";
import { kmsRefusal } from "../src/kms-refusal.ts";
import { devSample } from "./dev-sample.ts";

describe("a refusal of the KMS", () => {
  it("names no row id, which may be personal", () => {
    const error = new KmsError("timeout", { detail: 'field email of row "ada \\"@example.com"' });
    const { message } = kmsRefusal(error, { dev: undefined, provider: "aws" });
    expect(message).toContain("field email (timeout).");
    expect(message).not.toContain("ada");
  });

  it.each([
    ["aws", "aws configure"],
    ["gcp", "gcloud auth application-default login"],
    ["azure", "az login"],
    ["oci", "oci setup config"],
  ] as const)("says where credentials come from, in the words of the cloud: %s", (provider, words) => {
    const error = new KmsError("credentials", { provider });
    expect(kmsRefusal(error, { dev: undefined, provider }).message.split("\n")[1]).toContain(words);
    expect(kmsRefusal(error, { dev: devSample(), provider }).message.split("\n")[1]).toContain("Start `cmkit dev` again");
  });

  it.each([
    "invalid-resource",
    "key-not-found",
    "access-denied",
    "key-disabled",
    "key-pending-deletion",
    "key-pending-import",
    "key-destroyed",
    "key-expired",
    "key-not-yet-valid",
    "wrong-key-type",
    "throttled",
    "timeout",
    "unavailable",
    "bad-answer",
    "unknown",
  ] as const)("is told with one line of what to do, whole, on each cloud: %s", (code) => {
    for (const provider of providers) {
      const [what, next, ...rest] = kmsRefusal(new KmsError(code, { provider }), { dev: undefined, provider }).message.split(
        "\n",
      );
      expect(what).toMatch(new RegExp(`^${provider}: .*\\(${code}\\)\\.$`));
      expect(next).toMatch(/^[A-Z`d][^{}]{20,}\.$/);
      expect(rest).toEqual([]);
    }
  });
});
