import { generateKeyPairSync, randomBytes } from "node:crypto";
import type { ConformanceHarness, ConformanceKey } from "@cmkit/core/testing";
import { local } from "@cmkit/core/local";
import { rsaSizes, type OpenHarness } from "./open-harness.ts";

/** Keys in this process, without any service. */
export async function localHarness(sizes = rsaSizes): Promise<OpenHarness> {
  const given = { aes: aesKey(), "other-aes": aesKey(), ...rsaKeys(sizes) };
  const harness: ConformanceHarness = {
    adapter: () => local({ keys: given }),
    keys: keysOf(sizes),
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
    skips: { "resolves an alias once, and names the key itself in its wraps": "a local key has one name" },
    emulated: false,
    controls: {
      setState: "a local key has no states: whoever has the process has the key",
      setAccess: "a local key has no permissions: whoever has the process has the key",
      rotate: "a local key has one version; another key goes under another name",
      fault: noService,
    },
  };
  return { harness, close: async () => {} };
}

const aesKey = () => ({ aes256: new Uint8Array(randomBytes(32)) });
const rsaKey = (bits: number) => ({ rsaPrivateKey: generateKeyPairSync("rsa", { modulusLength: bits }).privateKey });

function rsaKeys(sizes: readonly number[]) {
  return Object.fromEntries(
    sizes.flatMap((bits) => [
      [`rsa-${bits}`, rsaKey(bits)],
      [`other-${bits}`, rsaKey(bits)],
    ]),
  );
}

const keysOf = (sizes: readonly number[]): readonly ConformanceKey[] => [
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
