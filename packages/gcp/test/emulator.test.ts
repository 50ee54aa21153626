import { multiCloudKms, type Cmk, type Kms } from "@cmkit/core";
import { gcpEmulator, type GcpEmulator } from "@cmkit/emulators";
import { afterAll, beforeAll, beforeEach, describe, expect, it } from "vitest";
import "@google-cloud/kms"; // loaded before the first deadline begins
import { gcp } from "../src/index.ts";

const context = { tenant: "acme", purpose: "crm" };
const other = { tenant: "globex", purpose: "crm" };
const names = ["cmkit-rsa-2048", "cmkit-rsa-4096", "cmkit-symmetric"] as const;

let emulator: GcpEmulator;
let kms: Kms;

const cmkOf = (name: string): Cmk => ({ provider: "gcp", resource: emulator.keyNamed(name) });
const connect = (): Kms => {
  const { accessToken } = emulator.credentials;
  return multiCloudKms({ adapters: [gcp({ endpoint: emulator.url, credentials: { accessToken } })] });
};

beforeAll(async () => {
  emulator = await gcpEmulator();
  kms = connect();
}, 60_000);

beforeEach(() => {
  emulator.faults.clear();
  emulator.resetCalls();
});

afterAll(async () => {
  await kms.close();
  await emulator.close();
});

describe("against the emulator", () => {
  it.each(names)("%s makes and opens data keys, for one context", async (name) => {
    const key = kms.open(cmkOf(name));
    const { key: root, wrapped } = await key.generateDataKey(context);
    expect(root).toHaveLength(32);
    expect(wrapped.keyVersion).toBe("1");
    expect(await key.unwrapKey(wrapped, context)).toEqual(root);
    const again = await key.wrapKey(root, context);
    expect(Object.getPrototypeOf(again.bytes)).toBe(Uint8Array.prototype);
    expect(await connect().open(cmkOf(name)).unwrapKey(again, context)).toEqual(root);
    await expect(key.unwrapKey(wrapped, other)).rejects.toMatchObject({ code: "decrypt-failed" });
    await expect(key.unwrapKey({ ...wrapped, bytes: wrapped.bytes.slice(1) }, context)).rejects.toMatchObject({
      code: "decrypt-failed",
    });
  });

  it.each([
    ["cmkit-rsa-2048", ["GetCryptoKey", "ListCryptoKeyVersions", "GetPublicKey", "AsymmetricDecrypt"], ["AsymmetricDecrypt"]],
    ["cmkit-symmetric", ["GetCryptoKey", "Encrypt"], ["Decrypt"]],
  ])("%s is asked no more than is needed", async (name, toGenerate, toUnwrap) => {
    const key = connect().open(cmkOf(name));
    const { wrapped } = await key.generateDataKey(context);
    expect(emulator.calls().map(({ operation }) => operation)).toEqual(toGenerate);
    emulator.resetCalls();
    await key.unwrapKey(wrapped, context);
    expect(emulator.calls().map(({ operation }) => operation)).toEqual(toUnwrap);
  });

  it("a symmetric key opens old wraps after a rotation, and makes new ones under the new version", async () => {
    const key = kms.open(cmkOf("cmkit-symmetric"));
    const before = await key.generateDataKey(context);
    emulator.rotate(key.cmk.resource);
    const after = await key.generateDataKey(context);
    expect([before.wrapped.keyVersion, after.wrapped.keyVersion]).toEqual(["1", "2"]);
    expect(await key.describe()).toMatchObject({ keyVersion: "2" });
    expect(await key.unwrapKey(before.wrapped, context)).toEqual(before.key);
    expect(await key.unwrapKey(after.wrapped, context)).toEqual(after.key);
  });

  it("an RSA key goes on under the version that this process knows, and a new process takes the newest", async () => {
    const resource = await emulator.createKey({ name: "rotating-rsa", algorithm: "RSA_DECRYPT_OAEP_2048_SHA256" });
    const cmk = { provider: "gcp", resource } as const;
    const known = connect().open(cmk);
    const before = await known.generateDataKey(context);
    for (let version = 2; version <= 10; version += 1) emulator.rotate(resource);
    expect((await known.generateDataKey(context)).wrapped.keyVersion).toBe("1");
    const fresh = connect().open(cmk);
    const after = await fresh.generateDataKey(context);
    expect(after.wrapped.keyVersion).toBe("10");
    expect(await fresh.unwrapKey(before.wrapped, context)).toEqual(before.key);
    await expect(fresh.unwrapKey({ ...before.wrapped, keyVersion: "10" }, context)).rejects.toMatchObject({
      code: "decrypt-failed",
    });
  });

  it.each(["cmkit-rsa-2048", "cmkit-symmetric"])("%s pinned to a version goes on under it after a rotation", async (name) => {
    const algorithm = name.includes("rsa") ? "RSA_DECRYPT_OAEP_2048_SHA256" : "GOOGLE_SYMMETRIC_ENCRYPTION";
    const resource = await emulator.createKey({ name: `${name}-pinned`, algorithm });
    const key = connect().open({ provider: "gcp", resource: `${resource}/cryptoKeyVersions/1` });
    const before = await key.generateDataKey(context);
    emulator.rotate(resource);
    const after = await key.generateDataKey(context);
    for (const { key: root, wrapped } of [before, after]) {
      expect(wrapped).toMatchObject({ cmk: key.cmk, keyVersion: "1" });
      expect(await key.unwrapKey(wrapped, context)).toEqual(root);
    }
  });

  it.each(["cmkit-rsa-2048", "cmkit-symmetric"])("%s says what has become of it", async (name) => {
    const cmk = cmkOf(name);
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
    emulator.enableKey(cmk.resource);
    emulator.scheduleKeyDeletion(cmk.resource);
    expect(await codes()).toEqual(["key-pending-deletion", "key-pending-deletion", "key-pending-deletion"]);
    emulator.cancelKeyDeletion(cmk.resource);
    emulator.enableKey(cmk.resource);
    emulator.deny(cmk.resource);
    expect(await codes()).toEqual(["access-denied", "access-denied", "access-denied"]);
    emulator.allow(cmk.resource);
    expect(await codes()).toEqual(["ok", "ok", "ok"]);
  });

  it.each(["cmkit-rsa-2048", "cmkit-symmetric"])("%s takes one answer with broken checksums, and not two", async (name) => {
    const key = kms.open(cmkOf(name));
    const { key: root, wrapped } = await key.generateDataKey(context);
    const operation = name.includes("rsa") ? "AsymmetricDecrypt" : "Decrypt";
    emulator.faults.add({ fault: "checksum", operation, times: 1 });
    expect(await key.unwrapKey(wrapped, context)).toEqual(root);
    emulator.faults.add({ fault: "checksum", operation });
    await expect(key.unwrapKey(wrapped, context)).rejects.toMatchObject({ code: "bad-answer" });
  });

  it("keys of other purposes and algorithms are refused by name", async () => {
    const resource = await emulator.createKey({ name: "sha1", algorithm: "RSA_DECRYPT_OAEP_2048_SHA1" });
    const refused = kms.open({ provider: "gcp", resource }).describe();
    await expect(refused).rejects.toMatchObject({
      code: "wrong-key-type",
      message: expect.stringContaining("2048_SHA1") as string,
    });
  });

  it("permissions are those of docs/adapters/gcp.md: each use needs its own", async () => {
    const denied = [
      ["cmkit-symmetric", "cloudkms.cryptoKeyVersions.useToEncrypt", "wrap"],
      ["cmkit-symmetric", "cloudkms.cryptoKeyVersions.useToDecrypt", "unwrap"],
      ["cmkit-rsa-2048", "cloudkms.cryptoKeyVersions.useToDecrypt", "unwrap"],
      ["cmkit-rsa-2048", "cloudkms.cryptoKeyVersions.viewPublicKey", "publicKey"],
      ["cmkit-rsa-2048", "cloudkms.cryptoKeyVersions.list", "describe"],
      ["cmkit-symmetric", "cloudkms.cryptoKeys.get", "describe"],
    ] as const;
    for (const [name, action, use] of denied) {
      const cmk = cmkOf(name);
      const key = connect().open(cmk);
      const { wrapped } = await kms.open(cmk).generateDataKey(context);
      emulator.deny(cmk.resource, { action });
      const call = {
        wrap: () => key.generateDataKey(context),
        unwrap: () => key.unwrapKey(wrapped, context),
        publicKey: () => key.publicKey(),
        describe: () => key.describe(),
      };
      await expect(call[use](), `${use} without ${action}`).rejects.toMatchObject({
        code: "access-denied",
        message: expect.stringContaining(action) as string,
      });
      emulator.allow(cmk.resource);
    }
  });

  it("a token that the service does not know is ours to mend", async () => {
    const stranger = multiCloudKms({ adapters: [gcp({ endpoint: emulator.url, credentials: { accessToken: "unknown" } })] });
    await expect(stranger.open(cmkOf("cmkit-symmetric")).describe()).rejects.toMatchObject({ code: "credentials" });
  });
});
