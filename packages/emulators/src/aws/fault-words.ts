import { randomUUID } from "node:crypto";

import type { Change, FaultWords } from "../fault-effects.ts";
import { failure } from "./answer.ts";
import type { KmsCall } from "./call.ts";
import { refusals, ServiceRefusal } from "./errors.ts";
import { keyArn } from "./key-arn.ts";
import { type KmsKey, rotate } from "./kms-key.ts";

const throttling = new ServiceRefusal(
  "ThrottlingException",
  "You have exceeded the rate at which you may call KMS. Reduce the frequency of your calls.",
);

function replaced(member: string, given: unknown, change: Change): object {
  return typeof given === "string" ? { [member]: change(Buffer.from(given, "base64")).toString("base64") } : {};
}

/** What faults say in the words of AWS KMS. */
export function faultWords(call: KmsCall, key: KmsKey | undefined): FaultWords {
  return {
    throttled(retryAfterSeconds) {
      const answer = failure(throttling);
      if (retryAfterSeconds === undefined) return answer;
      return { ...answer, headers: { ...answer.headers, "retry-after": String(retryAfterSeconds) } };
    },
    refused: (name, message, status) => failure(new ServiceRefusal(name, message, status)),
    failed: (status) => failure(new ServiceRefusal("KMSInternalException", "An internal error occurred.", status ?? 500)),
    denied: () => failure(refusals.denied(call.principal.arn, `kms:${call.operation}`, key?.arn ?? "*", true)),
    disable() {
      if (key !== undefined) key.enabled = false;
    },
    rotate() {
      if (key !== undefined) rotate(key, call.nowMs);
    },
    renamed(members, other) {
      const arn = other ?? keyArn(call.region, call.principal.account, randomUUID());
      // At the top of an answer, or in a description.
      const { KeyId: keyId, KeyMetadata: metadata } = members;
      if (keyId !== undefined) return { KeyId: arn };
      return typeof metadata === "object" ? { KeyMetadata: { ...metadata, Arn: arn, KeyId: arn.split("/").at(-1) } } : {};
    },
    replacedPlaintext: ({ Plaintext: plaintext }, change) => replaced("Plaintext", plaintext, change),
    replacedCiphertext: ({ CiphertextBlob: blob }, change) => replaced("CiphertextBlob", blob, change),
  };
}
