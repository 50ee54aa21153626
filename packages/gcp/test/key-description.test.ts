import { multiCloudKms, type KeyDescription, type KmsErrorCode } from "@cmkit/core";
import { describe, expect, it } from "vitest";
import { gcp } from "../src/index.ts";
import { cmk, fakeClient, keyName, keyVersion, rsaKey, rsaVersion, symmetricKey, versionOf, type FakeClient } from "./samples.ts";

type Answers = Parameters<typeof fakeClient>[0];

async function described(answers: Answers, resource: string = keyName): Promise<KeyDescription & { client: FakeClient }> {
  const client = fakeClient(answers);
  const kms = multiCloudKms({ adapters: [gcp({ client })] });
  const description = await kms.open({ provider: "gcp", resource }).describe();
  return { ...description, client };
}

/** A symmetric key whose primary is changed. */
const primary = (changes: object): Answers => ({ getCryptoKey: [{ ...symmetricKey, primary: keyVersion(3, changes) }] });
const versions = (...list: readonly object[]): Answers => ({ getCryptoKey: [rsaKey], listCryptoKeyVersions: [list, null, {}] });

describe("the description of a symmetric key", () => {
  it("is that of its primary version, in one request", async () => {
    const { client, ...description } = await described({ getCryptoKey: [symmetricKey] });
    expect(description).toEqual({
      provider: "gcp",
      resource: keyName,
      kind: "symmetric",
      bits: 256,
      state: "enabled",
      keyVersion: "3",
      protection: "software",
      origin: "kms",
      rotationDays: null,
      quota: { name: "gcp software", perSecond: 1000 },
      emulated: false,
    });
    expect(client.calls.map(({ method, request }) => ({ method, request }))).toEqual([
      { method: "getCryptoKey", request: { name: keyName } },
    ]);
  });

  it.each([
    ["ENABLED", "enabled"],
    ["DISABLED", "disabled"],
    ["DESTROY_SCHEDULED", "pending-deletion"],
    ["DESTROYED", "destroyed"],
    ["PENDING_EXTERNAL_DESTRUCTION", "destroyed"],
    ["EXTERNAL_DESTRUCTION_FAILED", "destroyed"],
    ["PENDING_IMPORT", "pending-import"],
    ["IMPORT_FAILED", "pending-import"],
    ["GENERATION_FAILED", "pending-import"],
    ["PENDING_GENERATION", "unavailable"],
    ["CRYPTO_KEY_VERSION_STATE_UNSPECIFIED", "unavailable"],
    ["enabled", "unavailable"],
    [99, "unavailable"],
    [1, "unavailable"],
    [undefined, "unavailable"],
    [null, "unavailable"],
  ])("has for the state %s: %s", async (state, expected) => {
    expect(await described(primary({ state }))).toMatchObject({ state: expected });
  });

  it.each([
    ["SOFTWARE", "", "software", "kms"],
    ["HSM", "", "hsm", "kms"],
    ["HSM_SINGLE_TENANT", "", "hsm", "kms"],
    ["HSM", "projects/p/locations/l/keyRings/r/importJobs/j", "hsm", "imported"],
    ["EXTERNAL", "", "external", "external"],
    ["EXTERNAL_VPC", "", "external", "external"],
    ["PROTECTION_LEVEL_UNSPECIFIED", "", "unknown", "unknown"],
    [7, "", "unknown", "unknown"],
  ])("of protection level %s, import job %j, is %s and %s", async (protectionLevel, importJob, protection, origin) => {
    expect(await described(primary({ protectionLevel, importJob }))).toMatchObject({ protection, origin });
  });

  it("says how often the key rotates", async () => {
    const rotating = { ...symmetricKey, rotationPeriod: { seconds: "7776000", nanos: 0 } };
    expect(await described({ getCryptoKey: [rotating] })).toMatchObject({ rotationDays: 90 });
  });

  it("says when a scheduled deletion takes place, and is silent about other times", async () => {
    const destroyTime = { seconds: "1800000000", nanos: 5 };
    const scheduled = await described(primary({ state: "DESTROY_SCHEDULED", destroyTime }));
    expect(scheduled).toMatchObject({ deletionAt: new Date(1_800_000_000_000) });
    expect(await described(primary({ state: "DISABLED", destroyTime }))).not.toHaveProperty("deletionAt");
    expect(await described(primary({ state: "DESTROY_SCHEDULED", destroyTime: null }))).not.toHaveProperty("deletionAt");
  });

  it.each([
    [false, "key-disabled", "its owner must make one primary"],
    [true, "key-pending-import", "no primary version"],
  ])("is refused where there is no primary; import only: %s", async (importOnly, code, words) => {
    const refused = described({ getCryptoKey: [{ ...symmetricKey, primary: null, importOnly }] });
    await expect(refused).rejects.toMatchObject({ code, message: expect.stringContaining(words) as string });
  });
});

describe("the description of an RSA key", () => {
  it("is that of the highest-numbered enabled version, by number", async () => {
    const { client, ...description } = await described(
      versions(rsaVersion(9), rsaVersion(10), rsaVersion(2), rsaVersion(11, { state: "DISABLED" })),
    );
    expect(description).toMatchObject({ kind: "rsa", bits: 2048, state: "enabled", keyVersion: "10", rotationDays: null });
    expect(client.calls.map(({ method, request }) => ({ method, request }))).toEqual([
      { method: "getCryptoKey", request: { name: keyName } },
      { method: "listCryptoKeyVersions", request: { parent: keyName, pageSize: 1000 } },
    ]);
    expect(client.calls[1]?.options).toMatchObject({ autoPaginate: false });
  });

  it("where none is enabled says in which state the highest-numbered one is", async () => {
    const gone = [rsaVersion(9, { state: "DISABLED" }), rsaVersion(10, { state: "DESTROY_SCHEDULED" })];
    expect(await described(versions(...gone))).toMatchObject({ state: "pending-deletion", keyVersion: "10" });
  });

  it("is read from all pages", async () => {
    const listCryptoKeyVersions = (request: object): unknown[] =>
      "pageToken" in request
        ? [[rsaVersion(20)], null, { nextPageToken: "" }]
        : [[rsaVersion(1)], { pageToken: "next" }, { nextPageToken: "next" }];
    const { client, keyVersion } = await described({ getCryptoKey: [rsaKey], listCryptoKeyVersions });
    expect(keyVersion).toBe("20");
    expect(client.calls[2]?.request).toEqual({ parent: keyName, pageSize: 1000, pageToken: "next" });
  });

  it("ends when pages do not", async () => {
    const client = fakeClient({ getCryptoKey: [rsaKey], listCryptoKeyVersions: [[], null, { nextPageToken: "more" }] });
    const key = multiCloudKms({ adapters: [gcp({ client })] }).open(cmk);
    await expect(key.describe()).rejects.toMatchObject({ code: "unsupported" });
    expect(client.calls).toHaveLength(21);
  });

  it.each([
    ["RSA_DECRYPT_OAEP_2048_SHA256", 2048],
    ["RSA_DECRYPT_OAEP_3072_SHA256", 3072],
    ["RSA_DECRYPT_OAEP_4096_SHA256", 4096],
  ])("of algorithm %s has %i bits", async (algorithm, bits) => {
    expect(await described(versions(rsaVersion(1, { algorithm })))).toMatchObject({ kind: "rsa", bits });
  });

  it("is refused while the key has no version", async () => {
    await expect(described(versions())).rejects.toMatchObject({ code: "key-disabled" });
  });

  it.each([
    ["another key's", { name: versionOf(1, `${keyName}2`) }],
    ["no version's", { name: keyName }],
    ["no name", { name: "" }],
  ])("is a bad answer where a version has %s name", async (_what, changes) => {
    await expect(described(versions(rsaVersion(1, changes)))).rejects.toMatchObject({ code: "bad-answer" });
  });
});

describe("the description of a key that is pinned to a version", () => {
  it.each([rsaVersion(2), keyVersion(2)])("is that version's, in one request: $algorithm", async (version) => {
    const { client, ...description } = await described({ getCryptoKeyVersion: [version] }, versionOf(2));
    expect(description).toMatchObject({ resource: versionOf(2), keyVersion: "2", state: "enabled" });
    expect(client.calls.map(({ method, request }) => ({ method, request }))).toEqual([
      { method: "getCryptoKeyVersion", request: { name: versionOf(2) } },
    ]);
  });

  it("is a bad answer when it is another version's", async () => {
    const other = described({ getCryptoKeyVersion: [rsaVersion(3)] }, versionOf(2));
    await expect(other).rejects.toMatchObject({ code: "bad-answer" });
  });
});

describe("a key that cannot be used", () => {
  it.each<[string, Answers, KmsErrorCode, string]>([
    ["signs", { getCryptoKey: [{ ...rsaKey, purpose: "ASYMMETRIC_SIGN" }] }, "wrong-key-type", "got ASYMMETRIC_SIGN"],
    ["is for raw encryption", { getCryptoKey: [{ ...rsaKey, purpose: "RAW_ENCRYPT_DECRYPT" }] }, "wrong-key-type", "RAW_"],
    ["makes MACs", { getCryptoKey: [{ ...rsaKey, purpose: "MAC" }] }, "wrong-key-type", "got MAC"],
    ["encapsulates", { getCryptoKey: [{ ...rsaKey, purpose: "KEY_ENCAPSULATION" }] }, "wrong-key-type", "KEY_ENCAPSULATION"],
    ["is of a purpose that is not known", { getCryptoKey: [{ ...rsaKey, purpose: 42 }] }, "bad-answer", "no purpose"],
    [
      "has an unspecified purpose",
      { getCryptoKey: [{ ...rsaKey, purpose: "CRYPTO_KEY_PURPOSE_UNSPECIFIED" }] },
      "wrong-key-type",
      "",
    ],
    [
      "decrypts with SHA-1",
      versions(rsaVersion(1, { algorithm: "RSA_DECRYPT_OAEP_2048_SHA1" })),
      "wrong-key-type",
      "OAEP_2048_SHA1",
    ],
    [
      "decrypts with SHA-512",
      versions(rsaVersion(1, { algorithm: "RSA_DECRYPT_OAEP_4096_SHA512" })),
      "wrong-key-type",
      "_SHA512",
    ],
    ["has an unknown algorithm", versions(rsaVersion(1, { algorithm: 77 })), "wrong-key-type", "one that is not known"],
    ["has an algorithm with control characters", versions(rsaVersion(1, { algorithm: "A\nB" })), "wrong-key-type", "not known"],
    ["has no name", { getCryptoKey: [{ ...symmetricKey, name: "" }] }, "bad-answer", "no name"],
    ["has another name", { getCryptoKey: [{ ...symmetricKey, name: `${keyName}x` }] }, "bad-answer", "another key"],
    [
      "has a name with a line end",
      { getCryptoKey: [{ ...symmetricKey, name: `${keyName}\n` }] },
      "bad-answer",
      "not that of a key",
    ],
    ["has another key's primary", primary({ name: versionOf(3, `${keyName}x`) }), "bad-answer", "another key"],
    ["has a primary without a version", primary({ name: keyName }), "bad-answer", "no key version"],
    ["is empty", { getCryptoKey: [undefined] }, "bad-answer", "empty"],
  ])("as it %s", async (_what, answers, code, words) => {
    await expect(described(answers)).rejects.toMatchObject({ code, message: expect.stringContaining(words) as string });
  });

  it("because the KMS names its project otherwise is refused, and the error says what to change", async () => {
    const name = keyName.replace("customer-project", "123456789012");
    const expected = { code: "bad-answer", message: expect.stringContaining("register the key by the name") as string };
    await expect(described({ getCryptoKey: [{ ...symmetricKey, name }] })).rejects.toMatchObject(expected);
    await expect(described({ getCryptoKey: [symmetricKey] }, name)).rejects.toMatchObject(expected);
  });

  it("is one that may be named by its project's number, where the KMS does so too", async () => {
    const resource = keyName.replace("customer-project", "123456789012");
    const answer = { ...symmetricKey, name: resource, primary: keyVersion(3, { name: versionOf(3, resource) }) };
    expect(await described({ getCryptoKey: [answer] }, resource)).toMatchObject({ resource, keyVersion: "3" });
  });
});
