import assert from "node:assert/strict";
import { randomBytes } from "node:crypto";
import type { DriverOperation } from "../driver.ts";
import { kmsErrorCodes, type KmsErrorCode } from "../kms-error.ts";
import type { CaseRun } from "./case-run.ts";
import type { CaseTemplate } from "./case-template.ts";
import type { ConformanceFaultKind } from "./harness.ts";
import { keyUses } from "./key-uses.ts";

// As many requests as a call may send, and more.
const throughout = 20;

/** An answer is believed only if it is the one that was asked for. */
export const answerCases: readonly CaseTemplate[] = [
  {
    name: "does not take a web page for an answer",
    needs: ["fault"],
    async run(t) {
      await everyUseFails(t, "html", ["unavailable", "bad-answer"]);
    },
  },
  {
    name: "does not take an empty body for an answer",
    needs: ["fault"],
    async run(t) {
      await everyUseFails(t, "empty", ["unavailable", "bad-answer"]);
    },
  },
  namesAnotherKey("an unwrap", "unwrap"),
  namesAnotherKey("a description", "describe"),
  namesAnotherKey("a public key", "publicKey", "rsa"),
  namesAnotherKey("a wrap", "wrap", "symmetric"),
  namesAnotherKey("a data key", "generateDataKey", "symmetric"),
  {
    name: "refuses an unwrapped key of another length",
    needs: ["fault"],
    async run(t) {
      const { wrapped } = await t.wrap(t.open());
      await t.fault("wrong-length", "unwrap");
      await t.refused(t.open().unwrapKey(wrapped, t.context), "decrypt-failed", "bad-answer");
    },
  },
  {
    name: "refuses a generated data key of another length",
    kind: "symmetric",
    needs: ["fault"],
    async run(t) {
      const key = t.open();
      await key.describe();
      assert.ok("generateDataKey" in t.adapter.open(t.spec.resource), "no generateDataKey: skip this case");
      await t.fault("wrong-length", "generateDataKey");
      await t.refused(key.generateDataKey(t.context), "bad-answer");
    },
  },
  {
    name: "keeps the cloud's own words out of errors",
    needs: ["fault"],
    async run(t) {
      const text = `User: arn:operator/${randomBytes(9).toString("hex")} sent this`;
      t.secrets.addText("the cloud's text", text);
      await everyUseFails(t, "talkative", kmsErrorCodes, text);
    },
  },
];

/** Skipped by name where the cloud names no key in that answer. */
function namesAnotherKey(answer: string, operation: DriverOperation, kind?: "rsa" | "symmetric"): CaseTemplate {
  return {
    name: `refuses ${answer} in the name of another key`,
    ...(kind && { kind }),
    needs: ["fault"],
    async run(t) {
      const use = (await keyUses(t)).find((candidate) => candidate.operation === operation);
      assert.ok(use, `no ${operation}: skip this case`);
      const call = await use.ready();
      await t.fault("another-key", operation);
      await t.refused(call({}), "bad-answer");
      await t.reset();
      await call({});
    },
  };
}

async function everyUseFails(
  t: CaseRun,
  kind: ConformanceFaultKind,
  codes: readonly KmsErrorCode[],
  text?: string,
): Promise<void> {
  const uses = await keyUses(t);
  assert.ok(uses.length > 0);
  for (const { operation, ready } of uses) {
    const use = await ready();
    await t.fault(kind, operation, throughout, text);
    await t.refused(use({}), ...codes);
    await t.reset();
    await use({});
  }
}
