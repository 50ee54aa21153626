import { isKmsError, multiCloudKms, type KeyDescription, type KmsError } from "@cmkit/core";
import { describe, expect, it } from "vitest";
import { oci } from "../src/index.ts";
import { cmk, fakeClient, key, keyOcid, keyVersion, otherOcid, otherVersionOcid, vault, versionOcid } from "./samples.ts";
import { requestId } from "./scripted-server.ts";

const call = { signal: new AbortController().signal, remainingMs: 1000 };

const describeWith = async (changes: object): Promise<KeyDescription> =>
  multiCloudKms({ adapters: [oci({ client: fakeClient({ getKey: { key: { ...key, ...changes } } }) })] })
    .open(cmk)
    .describe();

const refusal = async (changes: object): Promise<KmsError> => {
  const error: unknown = await describeWith(changes).catch((thrown: unknown) => thrown);
  if (!isKmsError(error)) throw new Error("expected a KmsError", { cause: error });
  return error;
};

const versionWith = async (ofKey: object, ofVersion: object): Promise<unknown> => {
  const client = fakeClient({
    getKey: { key: { ...key, ...ofKey }, opcRequestId: "first" },
    getKeyVersion: { keyVersion: { ...keyVersion, ...ofVersion }, opcRequestId: requestId },
  });
  return oci({ client }).open(keyOcid).describe(versionOcid, call);
};

describe("the description of a key", () => {
  it.each([
    [{ replicaDetails: { replicationId: "r1" }, isPrimary: true }, true],
    [{ isPrimary: false }, true],
    [{ isPrimary: true, replicaDetails: null }, undefined],
    [{ replicaDetails: {} }, undefined],
    [{}, undefined],
  ])("says of a key with %j whether it has copies in other regions: %s", async (changes, multiRegion) => {
    expect((await describeWith(changes)).multiRegion).toBe(multiRegion);
  });

  it("says what GetKey says, in one request", async () => {
    const client = fakeClient({ getKey: { key, opcRequestId: requestId } });
    const kms = multiCloudKms({ adapters: [oci({ client })] });
    expect(await kms.open(cmk).describe()).toEqual({
      provider: "oci",
      resource: keyOcid,
      kind: "symmetric",
      bits: 256,
      state: "enabled",
      keyVersion: versionOcid,
      protection: "hsm",
      origin: "unknown",
      rotationDays: null,
      quota: { name: `oci us-ashburn-1 ${vault}`, perSecond: 100 },
      emulated: false,
    });
    expect(client.calls).toEqual([["getKey", { keyId: keyOcid }]]);
  });

  it.each([
    [{ algorithm: "AES", length: 32 }, "symmetric", 256],
    [{ algorithm: "RSA", length: 256 }, "rsa", 2048],
    [{ algorithm: "RSA", length: 384 }, "rsa", 3072],
    [{ algorithm: "RSA", length: 512 }, "rsa", 4096],
  ])("takes the shape %j for %s of %i bits", async (keyShape, kind, bits) => {
    expect(await describeWith({ keyShape })).toMatchObject({ kind, bits });
  });

  it.each([
    [{ algorithm: "AES", length: 16 }, "wrong-key-size"],
    [{ algorithm: "AES", length: 24 }, "wrong-key-size"],
    [{ algorithm: "RSA", length: 128 }, "wrong-key-size"],
    [{ algorithm: "RSA", length: 2048 }, "wrong-key-size"],
    [{ algorithm: "ECDSA", length: 32, curveId: "NIST_P256" }, "wrong-key-type"],
    [{ algorithm: "ML-KEM", length: 32 }, "wrong-key-type"],
    [{ algorithm: "AES", length: "32" }, "bad-answer"],
    [{ algorithm: "AES", length: 32.5 }, "bad-answer"],
    [{ algorithm: "AES" }, "bad-answer"],
    [{ length: 32 }, "bad-answer"],
    [null, "bad-answer"],
  ])("refuses the shape %j as %s", async (keyShape, code) => {
    expect(await refusal({ keyShape })).toMatchObject({ code });
  });

  it.each([
    ["ENABLED", "enabled"],
    ["DISABLED", "disabled"],
    ["DISABLING", "disabled"],
    ["PENDING_DELETION", "pending-deletion"],
    ["SCHEDULING_DELETION", "pending-deletion"],
    ["DELETED", "destroyed"],
    ["DELETING", "destroyed"],
    ["CREATING", "unavailable"],
    ["ENABLING", "unavailable"],
    ["UPDATING", "unavailable"],
    ["CANCELLING_DELETION", "unavailable"],
    ["BACKUP_IN_PROGRESS", "unavailable"],
    ["RESTORING", "unavailable"],
    ["SOMETHING_NEW", "unavailable"],
    ["enabled", "unavailable"],
  ])("takes the lifecycle state %s for %s", async (lifecycleState, state) => {
    expect(await describeWith({ lifecycleState })).toMatchObject({ state });
    expect(await versionWith({}, { lifecycleState })).toMatchObject({ state });
  });

  it.each([
    ["HSM", "hsm", "unknown"],
    ["SOFTWARE", "software", "unknown"],
    ["EXTERNAL", "external", "external"],
    ["NEW", "unknown", "unknown"],
    [undefined, "unknown", "unknown"],
  ])("takes the protection mode %s for %s", async (protectionMode, protection, origin) => {
    expect(await describeWith({ protectionMode })).toMatchObject({ protection, origin });
  });

  it.each([
    [false, undefined, null],
    [true, { rotationIntervalInDays: 90 }, 90],
    [true, {}, undefined],
    [true, { rotationIntervalInDays: "90" }, undefined],
    [undefined, { rotationIntervalInDays: 90 }, undefined],
  ])("takes rotation %s, %j for %s days", async (isAutoRotationEnabled, autoKeyRotationDetails, days) => {
    expect((await describeWith({ isAutoRotationEnabled, autoKeyRotationDetails })).rotationDays).toBe(days);
  });

  it("says when a deletion takes place, which the SDK leaves as text", async () => {
    const timeOfDeletion = "2026-12-24T10:11:12.345Z";
    expect((await describeWith({ timeOfDeletion })).deletionAt).toEqual(new Date(timeOfDeletion));
    expect((await describeWith({ timeOfDeletion: new Date(timeOfDeletion) })).deletionAt).toEqual(new Date(timeOfDeletion));
    for (const wrong of ["tomorrow", "2026-12-24", "2026-13-24T10:11:12Z", 7, new Date(Number.NaN)]) {
      expect(await refusal({ timeOfDeletion: wrong })).toMatchObject({ code: "bad-answer" });
    }
  });

  it.each(["id", "keyShape", "lifecycleState", "currentKeyVersion"])("is a bad answer without %s", async (field) => {
    expect(await refusal({ [field]: undefined })).toMatchObject({ code: "bad-answer" });
    expect(await refusal({ [field]: 7 })).toMatchObject({ code: "bad-answer" });
  });

  it("is a bad answer for another key, and with a version that is none", async () => {
    expect(await refusal({ id: otherOcid })).toMatchObject({ code: "bad-answer" });
    expect(await refusal({ currentKeyVersion: keyOcid })).toMatchObject({ code: "bad-answer" });
    expect(await refusal({ currentKeyVersion: `${versionOcid}\n` })).toMatchObject({ code: "bad-answer" });
  });
});

describe("the description of a key version", () => {
  it.each([
    ["ENABLED", "ENABLED", "enabled"],
    ["DISABLED", "ENABLED", "disabled"],
    ["ENABLED", "DISABLED", "disabled"],
    ["DISABLED", "PENDING_DELETION", "pending-deletion"],
    ["PENDING_DELETION", "ENABLED", "pending-deletion"],
    ["PENDING_DELETION", "DELETED", "destroyed"],
    ["UPDATING", "ENABLED", "unavailable"],
    ["UPDATING", "DISABLED", "disabled"],
    ["ENABLED", "NEW", "unavailable"],
  ])("is the worse of a key that is %s and a version that is %s: %s", async (ofKey, ofVersion, state) => {
    expect(await versionWith({ lifecycleState: ofKey }, { lifecycleState: ofVersion })).toMatchObject({ state, requestId });
  });

  it.each([
    ["INTERNAL", "kms"],
    ["EXTERNAL", "imported"],
    ["NEW", "unknown"],
    [undefined, "unknown"],
  ])("takes the origin %s for %s", async (origin, expected) => {
    expect(await versionWith({}, { origin })).toMatchObject({ origin: expected, keyVersion: versionOcid });
    expect(await versionWith({ protectionMode: "EXTERNAL" }, { origin })).toMatchObject({ origin: "external" });
  });

  it("says when the version is deleted, unless the key is", async () => {
    const [ofKey, ofVersion] = ["2026-12-24T10:11:12Z", "2026-12-31T10:11:12Z"];
    expect(await versionWith({}, { timeOfDeletion: ofVersion })).toMatchObject({ deletionAt: new Date(ofVersion) });
    expect(await versionWith({ timeOfDeletion: ofKey }, { timeOfDeletion: ofVersion })).toMatchObject({
      deletionAt: new Date(ofKey),
    });
  });

  it("is a bad answer for another key or version, and without a state", async () => {
    const wrong = [{ keyId: otherOcid }, { id: otherVersionOcid }, { lifecycleState: undefined }, { id: undefined }];
    for (const changes of [...wrong, { keyId: 7 }, { timeOfDeletion: "soon" }]) {
      await expect(versionWith({}, changes)).rejects.toMatchObject({ code: "bad-answer" });
    }
  });
});

describe("the public key", () => {
  const publicKeyWith = async (changes: object): Promise<{ readonly spki: Uint8Array }> => {
    const client = fakeClient({ getKey: { key }, getKeyVersion: { keyVersion: { ...keyVersion, ...changes } } });
    return oci({ client }).open(keyOcid).publicKey(versionOcid, call);
  };
  const base64 = keyVersion.publicKey.replaceAll(/-----[A-Z ]+-----|\n/g, "");

  it("is the DER inside the version's PEM, whatever its line ends", async () => {
    const spki = new Uint8Array(Buffer.from(base64, "base64"));
    for (const publicKey of [keyVersion.publicKey, keyVersion.publicKey.replaceAll("\n", "\r\n"), keyVersion.publicKey.trim()]) {
      expect(await publicKeyWith({ publicKey })).toMatchObject({ answeredBy: keyOcid, keyVersion: versionOcid, spki });
    }
  });

  it("is asked for under the current version where none is named", async () => {
    const client = fakeClient({ getKey: { key }, getKeyVersion: { keyVersion } });
    expect(await oci({ client }).open(keyOcid).publicKey(null, call)).toMatchObject({ keyVersion: versionOcid });
    expect(client.calls.map(([name]) => name)).toEqual(["getKey", "getKeyVersion"]);
  });

  it.each([
    undefined,
    null,
    "",
    base64,
    keyVersion.publicKey.replaceAll("PUBLIC", "RSA PUBLIC"),
    keyVersion.publicKey.replaceAll("PUBLIC", "PRIVATE"),
    keyVersion.publicKey + keyVersion.publicKey,
    keyVersion.publicKey.replace("MII", "M\u{406}I"),
    "-----BEGIN PUBLIC KEY-----\n-----END PUBLIC KEY-----\n",
    "-----BEGIN PUBLIC KEY-----\nAAA\n-----END PUBLIC KEY-----\n",
  ])("is a bad answer when it is %j", async (publicKey) => {
    await expect(publicKeyWith({ publicKey })).rejects.toMatchObject({ code: "bad-answer" });
  });
});
