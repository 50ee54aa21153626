import { aws } from "@cmkit/aws";
import { azure } from "@cmkit/azure";
import { multiCloudKms, type DriverOperation, type KeyKind, type Kms, type KmsErrorCode } from "@cmkit/core";
import {
  awsEmulator,
  azureEmulator,
  defaultAwsSeed,
  defaultAzureSeed,
  defaultGcpSeed,
  defaultOciSeed,
  gcpEmulator,
  ociEmulator,
  type AwsEmulator,
} from "@cmkit/emulators";
import { gcp } from "@cmkit/gcp";
import { oci } from "@cmkit/oci";
import { beforeAll, describe, expect, it, onTestFinished } from "vitest";

import { checkAccess, type AccessFinding } from "../../src/check-access.ts";
import type { CheckPhase } from "../../src/cmk-record.ts";
import { grantsFor } from "../../src/grants/grants-for.ts";
import { lintKey } from "../../src/lint-key.ts";

const project = "acme";

/** What is denied of a key of this kind, and where that ends a check; `access-denied` and `operation` unless it says more. */
type Denied = readonly [KeyKind, action: string, CheckPhase, DriverOperation, KmsErrorCode?];

/** An emulator, whatever its cloud. */
interface Emulator {
  deny(key: string, denial: { readonly action: string }): void;
  allow(key: string): void;
  disableKey(key: string): void;
  enableKey(key: string): void;
  scheduleKeyDeletion(key: string): void;
  close(): Promise<void>;
}

interface Cloud {
  readonly emulator: Emulator;
  readonly kms: Kms;
  readonly keyOf: (kind: KeyKind) => string;
}

interface Case {
  readonly provider: string;
  readonly start: () => Promise<Cloud>;
  readonly denied: readonly Denied[];
  /** What lints say of the emulator's keys. */
  readonly lints: readonly string[];
}

/** One key of each kind is enough, and large ones take long to make. */
const small = <Key extends object>(keys: readonly Key[]): readonly Key[] =>
  keys.filter((key) => !JSON.stringify(key).includes("4096"));
const nameOf = (kind: KeyKind): string => (kind === "rsa" ? "cmkit-rsa-2048" : "cmkit-symmetric");

async function startAws(): Promise<Cloud & { readonly emulator: AwsEmulator }> {
  const seed = defaultAwsSeed();
  const emulator = await awsEmulator({ seed: { ...seed, keys: small(seed.keys) } });
  const kms = multiCloudKms({ adapters: [aws({ endpoint: emulator.url, credentials: emulator.credentials })] });
  return { emulator, kms, keyOf: (kind) => emulator.keyArn(`alias/${nameOf(kind)}`) };
}

async function startGcp(): Promise<Cloud> {
  const seed = defaultGcpSeed();
  const emulator = await gcpEmulator({ seed: { ...seed, keys: small(seed.keys) } });
  const { accessToken } = emulator.credentials;
  const kms = multiCloudKms({ adapters: [gcp({ endpoint: emulator.url, credentials: { accessToken } })] });
  return { emulator, kms, keyOf: (kind) => emulator.keyNamed(nameOf(kind)) };
}

async function startAzure(): Promise<Cloud> {
  const seed = defaultAzureSeed();
  const emulator = await azureEmulator({ seed: { ...seed, keys: small(seed.keys) } });
  const { url: endpoint, ca } = emulator;
  const kms = multiCloudKms({ adapters: [azure({ endpoint, ca, credential: emulator.credential() })] });
  return { emulator, kms, keyOf: (kind) => emulator.keyNamed(nameOf(kind)) };
}

async function startOci(): Promise<Cloud> {
  const seed = defaultOciSeed();
  const emulator = await ociEmulator({
    seed: { ...seed, keys: seed.keys.filter(({ displayName }) => !displayName.includes("4096")) },
  });
  const kms = multiCloudKms({ adapters: [oci({ endpoint: emulator.url, credentials: emulator.credentials })] });
  return { emulator, kms, keyOf: (kind) => emulator.keyNamed(nameOf(kind)) };
}

const clouds: readonly Case[] = [
  {
    provider: "aws",
    start: startAws,
    denied: [
      ["symmetric", "kms:DescribeKey", "describe", "describe"],
      ["symmetric", "kms:GenerateDataKey", "wrap", "generateDataKey"],
      ["symmetric", "kms:Encrypt", "wrap", "wrap"],
      ["symmetric", "kms:Decrypt", "unwrap", "unwrap"],
      ["rsa", "kms:DescribeKey", "describe", "describe"],
      ["rsa", "kms:GetPublicKey", "public-key", "publicKey"],
      ["rsa", "kms:Decrypt", "unwrap", "unwrap"],
    ],
    lints: ["rotation-unknown", "rotation-manual", "rsa-2048"],
  },
  {
    provider: "gcp",
    start: startGcp,
    denied: [
      ["symmetric", "cloudkms.cryptoKeys.get", "describe", "describe"],
      ["symmetric", "cloudkms.cryptoKeyVersions.useToEncrypt", "wrap", "generateDataKey"],
      ["symmetric", "cloudkms.cryptoKeyVersions.useToDecrypt", "unwrap", "unwrap"],
      ["rsa", "cloudkms.cryptoKeys.get", "describe", "describe"],
      ["rsa", "cloudkms.cryptoKeyVersions.list", "describe", "describe"],
      ["rsa", "cloudkms.cryptoKeyVersions.viewPublicKey", "public-key", "publicKey"],
      ["rsa", "cloudkms.cryptoKeyVersions.useToDecrypt", "unwrap", "unwrap"],
    ],
    lints: ["rotation-off", "rotation-manual", "rsa-2048"],
  },
  {
    provider: "azure",
    start: startAzure,
    denied: [
      ["symmetric", "GetKey", "describe", "describe"],
      ["symmetric", "Encrypt", "wrap", "generateDataKey"],
      ["symmetric", "Decrypt", "unwrap", "unwrap"],
      ["rsa", "GetKey", "describe", "describe"],
      ["rsa", "UnwrapKey", "unwrap", "unwrap"],
    ],
    lints: ["purge-protection-off", "rotation-unknown", "purge-protection-off", "rotation-manual", "rsa-2048"],
  },
  {
    provider: "oci",
    start: startOci,
    denied: [
      ["symmetric", "KEY_READ", "describe", "describe", "key-not-found"],
      ["symmetric", "KEY_ENCRYPT", "wrap", "generateDataKey"],
      ["symmetric", "KEY_DECRYPT", "unwrap", "unwrap"],
      ["rsa", "GetKey", "describe", "describe", "key-not-found"],
      ["rsa", "GetKeyVersion", "public-key", "publicKey", "key-not-found"],
      ["rsa", "KEY_DECRYPT", "unwrap", "unwrap"],
    ],
    lints: ["rotation-off", "rotation-manual", "rsa-2048"],
  },
];

describe.each(clouds)("a check against the emulator of $provider", ({ provider, start, denied, lints }) => {
  let cloud: Cloud;

  beforeAll(async () => {
    cloud = await start();
    // Loads the cloud's SDK, which on a busy machine would use up the first check's time.
    await cloud.kms.open({ provider, resource: cloud.keyOf("rsa") }).describe({ timeoutMs: 60_000 });
    return async () => {
      await cloud.kms.close();
      await cloud.emulator.close();
    };
  }, 60_000);

  const check = async (kind: KeyKind): Promise<AccessFinding> =>
    checkAccess(cloud.kms, { provider, resource: cloud.keyOf(kind) }, project);

  it("passes, and its lints are those of the keys", async () => {
    const said: string[] = [];
    for (const kind of ["symmetric", "rsa"] as const) {
      const { message, description, ...finding } = await check(kind);
      expect({ ...finding, message }).toMatchObject({ phase: "done", code: "ok", resolved: { resource: cloud.keyOf(kind) } });
      expect(finding.publicKey === undefined).toBe(kind === "symmetric");
      if (description !== undefined) said.push(...lintKey(description, new Date()).map(({ code }) => code));
    }
    expect(said).toEqual(lints);
  });

  const rows = denied.map(([kind, action, phase, operation, code = "access-denied"]) => ({
    kind,
    action,
    phase,
    operation,
    code,
  }));
  it.each(rows)("of a $kind key without $action ends at $phase", async ({ kind, action, ...expected }) => {
    const key = cloud.keyOf(kind);
    cloud.emulator.deny(key, { action });
    onTestFinished(() => cloud.emulator.allow(key));
    expect(await check(kind)).toMatchObject(expected);
  });

  it("finds out that a key was disabled, and that it will be deleted", async () => {
    for (const kind of ["symmetric", "rsa"] as const) {
      const key = cloud.keyOf(kind);
      cloud.emulator.disableKey(key);
      expect(await check(kind)).toMatchObject({ phase: "describe", code: "key-disabled" });
      cloud.emulator.enableKey(key);
      expect(await check(kind)).toMatchObject({ phase: "done" });
      cloud.emulator.scheduleKeyDeletion(key);
      const finding = await check(kind);
      expect(finding).toMatchObject({
        phase: "describe",
        code: "key-pending-deletion",
        description: { state: "pending-deletion" },
      });
      expect(finding.message).toMatch(/on 20\d\d-\d\d-\d\d\. Cancel the deletion/);
    }
  });
});

describe("a key of AWS with the grant that we hand out", () => {
  it("passes for its own project, and not for another", async () => {
    const { emulator, kms } = await startAws();
    onTestFinished(async () => {
      await kms.close();
      await emulator.close();
    });
    const principal = emulator.snapshot().principals[0]?.arn ?? "";
    const place = { region: emulator.region, account: "111122223333", keySpec: "SYMMETRIC_DEFAULT" } as const;
    const anyKey = { provider: "aws", resource: emulator.keyArn("alias/cmkit-symmetric") } as const;
    const request = { project, cmk: anyKey, kind: "symmetric", accessors: { aws: { principal } }, externalId: "x1" } as const;
    const statements = grantsFor(request).find(({ form }) => form === "aws-key-policy")?.text ?? "";
    const policy = `{ "Version": "2012-10-17", "Statement": ${statements} }`;
    const cmk = { provider: "aws", resource: await emulator.createKey({ ...place, policy }) } as const;
    expect(await checkAccess(kms, cmk, project)).toMatchObject({ phase: "done" });
    expect(await checkAccess(kms, cmk, "globex")).toMatchObject({ phase: "wrap", code: "access-denied" });
  });
});
