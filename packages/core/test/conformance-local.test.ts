import { generateKeyPairSync, randomBytes } from "node:crypto";
import { conformanceCases, type ConformanceHarness, type ConformanceKey } from "@cmkit/core/testing";
import { describe, test } from "vitest";
import { local } from "../src/local.ts";

const aes = { aes256: new Uint8Array(randomBytes(32)) };
const otherAes = { aes256: new Uint8Array(randomBytes(32)) };
const rsa = (bits: number) => ({ rsaPrivateKey: generateKeyPairSync("rsa", { modulusLength: bits }).privateKey });
const sizes = [2048, 3072, 4096];
const rsaKeys = Object.fromEntries(
  sizes.flatMap((bits) => [
    [`rsa-${bits}`, rsa(bits)],
    [`other-${bits}`, rsa(bits)],
  ]),
);
const given = { aes, "other-aes": otherAes, ...rsaKeys };

const keys: readonly ConformanceKey[] = [
  { kind: "symmetric", bits: 256, resource: "local:aes", other: "local:other-aes", versions: "recorded" },
  ...sizes.map((bits): ConformanceKey => ({
    kind: "rsa",
    bits,
    resource: `local:rsa-${bits}`,
    other: `local:other-${bits}`,
    versions: "recorded",
  })),
];

const noService = "a local key has no service behind it that could fail";
const harness: ConformanceHarness = {
  adapter: () => local({ keys: given }),
  keys,
  missing: "local:missing",
  invalid: [
    "local",
    "local:",
    "local:UPPER",
    "local:-dash",
    `local:${"n".repeat(64)}`,
    "local:a/b",
    "local:../a",
    "scripted:aes",
  ],
  emulated: false,
  controls: {
    setState: "a local key has no states: whoever has the process has the key",
    setAccess: "a local key has no permissions: whoever has the process has the key",
    rotate: "a local key has one version; another key goes under another name",
    fault: noService,
  },
};

describe("a local key", () => {
  for (const { name, key, skipped, run } of conformanceCases(harness)) {
    test(`${key.kind} ${key.bits}: ${name}`, async (ctx) => {
      if (skipped !== undefined) ctx.skip(skipped);
      await run();
    });
  }
});
