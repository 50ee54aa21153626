import { multiCloudKms, type Cmk, type Kms } from "@cmkit/core";
import { awsEmulator, type AwsEmulator } from "@cmkit/emulators";
import { afterAll, beforeAll, beforeEach, describe, expect, it } from "vitest";
import { aws } from "../src/index.ts";

const context = { tenant: "acme", purpose: "crm" };
const other = { tenant: "globex", purpose: "crm" };
const aliases = ["alias/cmkit-rsa-2048", "alias/cmkit-rsa-4096", "alias/cmkit-symmetric"] as const;

let emulator: AwsEmulator;
let kms: Kms;

const cmkOf = (alias: string): Cmk => ({ provider: "aws", resource: emulator.keyArn(alias) });
const connect = (): Kms => multiCloudKms({ adapters: [aws({ endpoint: emulator.url, credentials: emulator.credentials })] });

beforeAll(async () => {
  emulator = await awsEmulator();
  kms = connect();
}, 60_000);

beforeEach(() => {
  emulator.resetCalls();
});

afterAll(async () => {
  await kms.close();
  await emulator.close();
});

describe("against the emulator", () => {
  it.each(aliases)("%s makes and opens data keys, for one context", async (alias) => {
    const key = kms.open(cmkOf(alias));
    const { key: root, wrapped } = await key.generateDataKey(context);
    expect(root).toHaveLength(32);
    expect(await key.unwrapKey(wrapped, context)).toEqual(root);
    const again = await key.wrapKey(root, context);
    expect(Object.getPrototypeOf(again.bytes)).toBe(Uint8Array.prototype);
    expect(await connect().open(cmkOf(alias)).unwrapKey(again, context)).toEqual(root);
    await expect(key.unwrapKey(wrapped, other)).rejects.toMatchObject({ code: "decrypt-failed" });
    await expect(key.unwrapKey({ ...wrapped, bytes: wrapped.bytes.slice(1) }, context)).rejects.toMatchObject({
      code: "decrypt-failed",
    });
  });

  it.each(aliases)("%s given as an alias is resolved once, and then fixed", async (alias) => {
    const arn = emulator.keyArn(alias);
    const resource = arn.replace(/key\/.*/, alias);
    const key = connect().open({ provider: "aws", resource });
    const { key: root, wrapped } = await key.generateDataKey(context);
    expect(wrapped.cmk.resource).toBe(arn);
    expect(await key.describe()).toMatchObject({ resource: arn, emulated: true });
    expect(await key.unwrapKey(wrapped, context)).toEqual(root);
    expect(
      new Set(
        emulator
          .calls()
          .slice(1)
          .map(({ keyId }) => keyId),
      ),
    ).toEqual(new Set([arn]));
  });

  it.each(aliases)("%s takes no ciphertext of another key", async (alias) => {
    const { wrapped } = await kms.open(cmkOf(alias)).generateDataKey(context);
    const stranger = await emulator.createKey({ ...place(), keySpec: alias.includes("rsa") ? "RSA_2048" : "SYMMETRIC_DEFAULT" });
    const cmk = { provider: "aws", resource: stranger } as const;
    await expect(kms.open(cmk).unwrapKey({ ...wrapped, cmk }, context)).rejects.toMatchObject({ code: "decrypt-failed" });
  });

  it.each(["alias/cmkit-rsa-2048", "alias/cmkit-symmetric"])("%s says what has become of it", async (alias) => {
    const cmk = cmkOf(alias);
    const key = kms.open(cmk);
    const { key: root, wrapped } = await key.generateDataKey(context);
    const attempts = [
      () => key.unwrapKey(wrapped, context),
      () => key.wrapKey(root, context),
      () => key.generateDataKey(context),
    ];
    const codes = async (): Promise<unknown[]> =>
      Promise.all(
        attempts.map(async (attempt) =>
          attempt().then(
            () => "ok",
            (error: { code: string }) => error.code,
          ),
        ),
      );

    emulator.disableKey(cmk.resource);
    expect(await codes()).toEqual(["key-disabled", "key-disabled", "key-disabled"]);
    expect(await key.describe()).toMatchObject({ state: "disabled" });
    emulator.enableKey(cmk.resource);

    emulator.scheduleKeyDeletion(cmk.resource);
    expect(await codes()).toEqual(["key-pending-deletion", "key-pending-deletion", "key-pending-deletion"]);
    expect(await key.describe()).toMatchObject({ state: "pending-deletion", deletionAt: expect.any(Date) as Date });
    emulator.cancelKeyDeletion(cmk.resource);
    emulator.enableKey(cmk.resource);

    emulator.deny(cmk.resource);
    expect(await codes()).toEqual(["access-denied", "access-denied", "access-denied"]);
    emulator.allow(cmk.resource);
    expect(await codes()).toEqual(["ok", "ok", "ok"]);
  });

  it("a symmetric key records the material that it used, and opens old wraps after a rotation", async () => {
    const cmk = cmkOf("alias/cmkit-symmetric");
    const key = kms.open(cmk);
    const before = await key.generateDataKey(context);
    emulator.rotate(cmk.resource);
    const after = await key.generateDataKey(context);
    expect(before.wrapped.keyVersion).toMatch(/^[0-9a-f]{64}$/);
    expect(after.wrapped.keyVersion).toMatch(/^[0-9a-f]{64}$/);
    expect(after.wrapped.keyVersion).not.toBe(before.wrapped.keyVersion);
    expect(await key.describe()).toMatchObject({ keyVersion: after.wrapped.keyVersion });
    expect(await key.unwrapKey(before.wrapped, context)).toEqual(before.key);
    expect(await key.unwrapKey(after.wrapped, context)).toEqual(after.key);
  });

  it("a key that does not exist is key-not-found, and one of another region is reached there", async () => {
    const missing = cmkOf("alias/cmkit-symmetric").resource.replace(/[0-9a-f]{12}$/, "000000000000");
    await expect(kms.open({ provider: "aws", resource: missing }).describe()).rejects.toMatchObject({ code: "key-not-found" });
    const elsewhere = await emulator.createKey({ ...place(), region: "ap-south-1", keySpec: "SYMMETRIC_DEFAULT" });
    const key = kms.open({ provider: "aws", resource: elsewhere });
    const { key: root, wrapped } = await key.generateDataKey(context);
    expect(await key.unwrapKey(wrapped, context)).toEqual(root);
  });

  it("a replica of a multi-Region key opens, under its own ARN, what the primary wrapped", async () => {
    const primary = await emulator.createKey({ ...place(), keySpec: "SYMMETRIC_DEFAULT", multiRegion: true });
    const seed = emulator.snapshot().keys.find(({ keyId = "" }) => primary.endsWith(`key/${keyId}`));
    if (seed === undefined) throw new Error("expected the snapshot to hold the key");
    const replica = await emulator.createKey({ ...seed, region: "us-west-2" });
    expect(replica).toBe(primary.replace(emulator.region, "us-west-2"));
    const { key: root, wrapped } = await kms.open({ provider: "aws", resource: primary }).generateDataKey(context);
    const cmk = { provider: "aws", resource: replica } as const;
    await expect(kms.open(cmk).unwrapKey(wrapped, context)).rejects.toMatchObject({ code: "malformed" });
    expect(await kms.open(cmk).unwrapKey({ ...wrapped, cmk }, context)).toEqual(root);
  });

  it("a key that AWS manages is refused", async () => {
    const arn = await emulator.createKey({ ...place(), keySpec: "SYMMETRIC_DEFAULT", keyManager: "AWS" });
    await expect(kms.open({ provider: "aws", resource: arn }).describe()).rejects.toMatchObject({ code: "unsupported" });
  });

  it("credentials that the service does not know, or that have expired, are ours to mend", async () => {
    const wrong = { ...emulator.credentials, secretAccessKey: "another" };
    const unknown = { accessKeyId: "AKIAUNKNOWN", secretAccessKey: "another" };
    for (const credentials of [wrong, unknown]) {
      const stranger = multiCloudKms({ adapters: [aws({ endpoint: emulator.url, credentials })] });
      await expect(stranger.open(cmkOf("alias/cmkit-symmetric")).describe()).rejects.toMatchObject({ code: "credentials" });
    }
  });

  it("a policy may tie each principal to its tenant's context", async () => {
    const arn = await emulator.createKey({ ...place(), keySpec: "SYMMETRIC_DEFAULT", policy: customerPolicy(operatorArn()) });
    const key = kms.open({ provider: "aws", resource: arn });
    const { key: root, wrapped } = await key.generateDataKey({ tenant: "acme" });
    expect(await key.unwrapKey(wrapped, { tenant: "acme" })).toEqual(root);
    await expect(key.generateDataKey({ tenant: "globex" })).rejects.toMatchObject({ code: "access-denied" });
    await expect(key.unwrapKey(wrapped, { tenant: "globex" })).rejects.toMatchObject({ code: "access-denied" });
  });

  it("an RSA key needs three permissions, without conditions on a context", async () => {
    const arn = await emulator.createKey({ ...place(), keySpec: "RSA_2048", policy: customerPolicy(operatorArn()) });
    const key = kms.open({ provider: "aws", resource: arn });
    await expect(key.generateDataKey({ tenant: "acme" })).rejects.toMatchObject({ code: "access-denied" });
    const rsaArn = await emulator.createKey({ ...place(), keySpec: "RSA_2048", policy: rsaPolicy(operatorArn()) });
    const rsa = kms.open({ provider: "aws", resource: rsaArn });
    const { key: root, wrapped } = await rsa.generateDataKey({ tenant: "acme" });
    expect(await rsa.unwrapKey(wrapped, { tenant: "acme" })).toEqual(root);
  });
});

function place(): { readonly region: string; readonly account: string } {
  return { region: emulator.region, account: "111122223333" };
}

function operatorArn(): string {
  return emulator.snapshot().principals[0]?.arn ?? "";
}

/** As in docs/adapters/aws.md. */
function customerPolicy(principal: string): string {
  const [AWS, Effect, Resource] = [principal, "Allow", "*"];
  const crypto = ["kms:Encrypt", "kms:Decrypt", "kms:GenerateDataKey"];
  return JSON.stringify({
    Version: "2012-10-17",
    Statement: [
      { Sid: "CmkitLook", Effect, Principal: { AWS }, Action: "kms:DescribeKey", Resource },
      {
        Sid: "CmkitUse",
        Effect,
        Principal: { AWS },
        Action: crypto,
        Resource,
        Condition: { StringEquals: { "kms:EncryptionContext:tenant": "acme" } },
      },
    ],
  });
}

function rsaPolicy(principal: string): string {
  const Action = ["kms:DescribeKey", "kms:GetPublicKey", "kms:Decrypt"];
  const statement = { Sid: "CmkitLook", Effect: "Allow", Principal: { AWS: principal }, Action, Resource: "*" };
  return JSON.stringify({ Version: "2012-10-17", Statement: [statement] });
}
