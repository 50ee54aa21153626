import { generateKeyPairSync, randomBytes } from "node:crypto";
import { conformanceCases, type ConformanceKey } from "@cmkit/core/testing";
import { describe, expect, test } from "vitest";
import { ScriptedKms } from "./conformance-scripted-kms.ts";

const aes = () => ({ aes256: new Uint8Array(randomBytes(32)) });
const rsa = () => ({ rsaPrivateKey: generateKeyPairSync("rsa", { modulusLength: 2048 }).privateKey });

const keys: readonly ConformanceKey[] = [
  {
    kind: "symmetric",
    bits: 256,
    resource: "scripted:aes",
    other: "scripted:aes-2",
    versions: "recorded",
    alias: "scripted:alias/aes",
  },
  {
    kind: "rsa",
    bits: 2048,
    resource: "scripted:rsa",
    other: "scripted:rsa-2",
    versions: "recorded",
    alias: "scripted:alias/rsa",
  },
];
const kms = new ScriptedKms(keys, { aes, "aes-2": aes, rsa, "rsa-2": rsa });
const cases = conformanceCases(kms.harness(keys));

describe("a KMS that does everything right", () => {
  for (const { name, key, skipped, run } of cases) {
    test(`${key.kind} ${key.bits}: ${name}`, async () => {
      expect(skipped).toBeUndefined();
      await run();
    });
  }
});
