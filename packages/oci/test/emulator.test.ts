import { multiCloudKms, type Cmk, type Kms } from "@cmkit/core";
import { defaultOciSeed, ociEmulator, type OciEmulator, type OciQuirks, type OciSeed } from "@cmkit/emulators";
import { SimpleAuthenticationDetailsProvider } from "oci-common";
import { KmsCryptoClient, KmsManagementClient } from "oci-keymanagement";
import { describe, expect, it, onTestFinished } from "vitest";
import { oci, type OciOptions } from "../src/index.ts";

const names = ["cmkit-symmetric", "cmkit-rsa-2048"];
const context = { tenant: "acme", purpose: 'Zo\u00eb \u{1f511} "quoted" \\' };

// Made once: every start would draw the keys anew.
const seed = await madeSeed();

async function madeSeed(): Promise<OciSeed> {
  const { keys, ...rest } = defaultOciSeed({ region: "iad" });
  await using emulator = await ociEmulator({
    seed: { ...rest, keys: keys.filter(({ displayName }) => names.includes(displayName)) },
  });
  return emulator.snapshot();
}

const started = async (quirks: OciQuirks = {}): Promise<OciEmulator> => {
  const emulator = await ociEmulator({ seed, quirks });
  onTestFinished(async () => emulator.close());
  return emulator;
};

const kmsOf = (emulator: OciEmulator, options: OciOptions = { credentials: emulator.credentials }): Kms =>
  multiCloudKms({ adapters: [oci({ endpoint: emulator.url, ...options })] });

const cmkOf = (emulator: OciEmulator, name: string): Cmk => ({ provider: "oci", resource: emulator.keyNamed(name) });

/** The SDK's own clients, as an application might have them already. */
function sdkClients(emulator: OciEmulator): NonNullable<OciOptions["client"]> {
  const { tenancy, user, fingerprint, privateKey } = emulator.credentials;
  const authenticationDetailsProvider = new SimpleAuthenticationDetailsProvider(tenancy, user, fingerprint, privateKey, null);
  return ({ endpoints }) => {
    const crypto = new KmsCryptoClient({ authenticationDetailsProvider });
    const management = new KmsManagementClient({ authenticationDetailsProvider });
    crypto.endpoint = endpoints.crypto;
    management.endpoint = endpoints.management;
    return { crypto, management };
  };
}

describe.each(names)("%s in the emulator", (name) => {
  it("opens with the SDK's own clients what our requests wrapped, and the other way round", async () => {
    const emulator = await started();
    const [ours, theirs] = [kmsOf(emulator), kmsOf(emulator, { client: sdkClients(emulator) })];
    for (const [one, other] of [
      [ours, theirs],
      [theirs, ours],
    ] as const) {
      const { key, wrapped } = await one.open(cmkOf(emulator, name)).generateDataKey(context);
      expect(await other.open(cmkOf(emulator, name)).unwrapKey(wrapped, context)).toEqual(key);
    }
  });

  it("works where the answers name neither key nor version", async () => {
    const emulator = await started({ namelessAnswers: true });
    const key = kmsOf(emulator).open(cmkOf(emulator, name));
    const { key: root, wrapped } = await key.generateDataKey(context);
    expect(wrapped.keyVersion).toBe((await key.describe()).keyVersion);
    expect(await key.unwrapKey(wrapped, context)).toEqual(root);
    emulator.rotate(wrapped.cmk.resource);
    expect(await key.unwrapKey(wrapped, context)).toEqual(root);
    await expect(key.unwrapKey(wrapped, { tenant: "acme2" })).rejects.toMatchObject({ code: "decrypt-failed" });
  });

  it.each([
    { status: 409, code: "IncorrectState" },
    { status: 409, code: "Conflict" },
    { status: 400, code: "InvalidParameter" },
    { status: 400, code: "RelatedResourceNotAuthorizedOrNotFound" },
    { status: 404, code: "NotAuthorizedOrNotFound" },
    { status: 403, code: "NotAllowed" },
  ])("says what has become of it, whichever way the service refuses: %j", async (stateRefusal) => {
    const emulator = await started({ stateRefusal });
    const cmk = cmkOf(emulator, name);
    const key = kmsOf(emulator).open(cmk);
    const { key: root, wrapped } = await key.generateDataKey(context);
    emulator.disableKey(cmk.resource);
    await expect(key.unwrapKey(wrapped, context)).rejects.toMatchObject({ code: "key-disabled" });
    await expect(key.wrapKey(root, context, { confirmedWithinMs: 0 })).rejects.toMatchObject({ code: "key-disabled" });
    emulator.enableKey(cmk.resource);
    emulator.scheduleKeyDeletion(cmk.resource);
    await expect(key.unwrapKey(wrapped, context)).rejects.toMatchObject({ code: "key-pending-deletion" });
    expect(await key.describe()).toMatchObject({ state: "pending-deletion", deletionAt: expect.any(Date) as Date });
  });

  it("tells denied from missing where we may read the key", async () => {
    const emulator = await started();
    const cmk = cmkOf(emulator, name);
    const key = kmsOf(emulator).open(cmk);
    const { wrapped } = await key.generateDataKey(context);
    emulator.deny(cmk.resource, { action: "KEY_DECRYPT" });
    await expect(key.unwrapKey(wrapped, context)).rejects.toMatchObject({
      code: "access-denied",
      message: expect.stringContaining("KEY_DECRYPT") as string,
    });
    emulator.deny(cmk.resource);
    await expect(key.unwrapKey(wrapped, context)).rejects.toMatchObject({ code: "key-not-found" });
  });

  it("stops a version that is scheduled for deletion, and no other", async () => {
    const emulator = await started();
    const cmk = cmkOf(emulator, name);
    const { wrapped } = await kmsOf(emulator).open(cmk).generateDataKey(context);
    emulator.rotate(cmk.resource);
    const fresh = kmsOf(emulator).open(cmk);
    const next = await fresh.generateDataKey(context);
    const clients = sdkClients(emulator);
    const { management } = typeof clients === "function" ? clients(placeOf(emulator)) : clients;
    if (!(management instanceof KmsManagementClient) || wrapped.keyVersion === null)
      throw new Error("expected a client and a version");
    await management.scheduleKeyVersionDeletion({
      keyId: cmk.resource,
      keyVersionId: wrapped.keyVersion,
      scheduleKeyVersionDeletionDetails: {},
    });
    await expect(fresh.unwrapKey(wrapped, context)).rejects.toMatchObject({ code: "key-pending-deletion" });
    expect(await fresh.unwrapKey(next.wrapped, context)).toEqual(next.key);
  });

  it("hands a damaged plaintext to nobody", async () => {
    const emulator = await started();
    const cmk = cmkOf(emulator, name);
    const key = kmsOf(emulator).open(cmk);
    const { key: root, wrapped } = await key.generateDataKey(context);
    emulator.faults.add({ fault: "checksum", operation: "Decrypt", times: 1 });
    expect(await key.unwrapKey(wrapped, context)).toEqual(root);
    emulator.faults.add({ fault: "checksum", operation: "Decrypt", times: 2 });
    await expect(key.unwrapKey(wrapped, context)).rejects.toMatchObject({ code: "bad-answer" });
  });
});

const placeOf = ({ url }: OciEmulator): Parameters<Extract<OciOptions["client"], (...given: never[]) => unknown>>[0] => ({
  realm: "oc1",
  region: "us-ashburn-1",
  vault: "emulated",
  endpoints: { crypto: url, management: url },
});

describe("the emulator's requests", () => {
  it("are as few as the cloud allows", async () => {
    const emulator = await started();
    const symmetric = kmsOf(emulator).open(cmkOf(emulator, "cmkit-symmetric"));
    const { wrapped } = await symmetric.generateDataKey(context);
    expect(emulator.counts()).toEqual({ GetKey: 1, Encrypt: 1 });
    emulator.resetCalls();
    await symmetric.unwrapKey(wrapped, context);
    expect(emulator.counts()).toEqual({ Decrypt: 1 });
    emulator.resetCalls();
    await symmetric.generateDataKey(context, { confirmedWithinMs: 60_000 });
    expect(emulator.counts()).toEqual({ Encrypt: 1 });
  });

  it("are refused for a wrong key and by a wrong clock, and say so", async () => {
    const emulator = await started();
    const cmk = cmkOf(emulator, "cmkit-symmetric");
    const fingerprint = "00:".repeat(16).slice(0, -1);
    const stranger = kmsOf(emulator, { credentials: { ...emulator.credentials, fingerprint } });
    await expect(stranger.open(cmk).describe()).rejects.toMatchObject({ code: "credentials" });
    const late = await ociEmulator({ seed: emulator.snapshot(), clock: () => Date.now() + 3_600_000 });
    onTestFinished(async () => late.close());
    await expect(kmsOf(late).open(cmk).describe()).rejects.toMatchObject({
      code: "credentials",
      message: expect.stringContaining("clock") as string,
    });
  });
});
