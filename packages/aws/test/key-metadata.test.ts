import { multiCloudKms, type KeyDescription, type KmsErrorCode } from "@cmkit/core";
import { describe, expect, it } from "vitest";
import { aws } from "../src/index.ts";
import { aliasArn, cmk, context, fakeClient, keyArn, materialId, metadata } from "./samples.ts";

const describeKey = async (changes: object, resource: string = keyArn): Promise<KeyDescription> => {
  const client = fakeClient({ DescribeKeyCommand: { KeyMetadata: { ...metadata, ...changes } } });
  return multiCloudKms({ adapters: [aws({ client })] })
    .open({ provider: "aws", resource })
    .describe();
};

describe("a key's description", () => {
  it("says everything that one request tells", async () => {
    expect(await describeKey({})).toEqual({
      provider: "aws",
      resource: keyArn,
      kind: "symmetric",
      bits: 256,
      state: "enabled",
      keyVersion: materialId,
      protection: "hsm",
      origin: "kms",
      quota: { name: "aws eu-west-1 symmetric", perSecond: 100_000 },
      emulated: false,
    });
  });

  it("names the key that an alias leads to", async () => {
    expect(await describeKey({}, aliasArn)).toMatchObject({ resource: keyArn });
  });

  it.each([
    ["SYMMETRIC_DEFAULT", "symmetric", 256, materialId],
    ["RSA_2048", "rsa", 2048, null],
    ["RSA_3072", "rsa", 3072, null],
    ["RSA_4096", "rsa", 4096, null],
  ])("takes the key spec %s", async (KeySpec, kind, bits, keyVersion) => {
    expect(await describeKey({ KeySpec })).toMatchObject({ kind, bits, keyVersion });
  });

  it.each([
    ["Enabled", "enabled"],
    ["Disabled", "disabled"],
    ["PendingDeletion", "pending-deletion"],
    ["PendingReplicaDeletion", "pending-deletion"],
    ["PendingImport", "pending-import"],
    ["Creating", "unavailable"],
    ["Updating", "unavailable"],
    ["Unavailable", "unavailable"],
    ["SomethingNew", "unavailable"],
  ])("calls %s %s", async (KeyState, state) => {
    expect(await describeKey({ KeyState })).toMatchObject({ state });
  });

  it.each([
    ["AWS_KMS", "kms", "hsm"],
    ["EXTERNAL", "imported", "hsm"],
    ["AWS_CLOUDHSM", "external", "hsm"],
    ["EXTERNAL_KEY_STORE", "external", "external"],
    ["SOMETHING_NEW", "unknown", "unknown"],
    [undefined, "unknown", "unknown"],
  ])("tells of the origin %s", async (Origin, origin, protection) => {
    expect(await describeKey({ Origin })).toMatchObject({ origin, protection });
  });

  it("carries the dates of expiry and deletion", async () => {
    const [ValidTo, DeletionDate] = [new Date("2027-01-01T00:00:00Z"), new Date("2027-02-01T00:00:00Z")];
    expect(await describeKey({ ValidTo, DeletionDate })).toMatchObject({ expiresAt: ValidTo, deletionAt: DeletionDate });
  });

  it.each([true, false, undefined, "yes"])("says whether the key has copies in other regions: %s", async (MultiRegion) => {
    expect((await describeKey({ MultiRegion })).multiRegion).toBe(typeof MultiRegion === "boolean" ? MultiRegion : undefined);
  });

  it("says that an RSA key does not rotate, and nothing of a symmetric one", async () => {
    expect((await describeKey({ KeySpec: "RSA_3072" })).rotationDays).toBeNull();
    expect(await describeKey({})).not.toHaveProperty("rotationDays");
  });

  it("has no version where the KMS names no material", async () => {
    expect(await describeKey({ CurrentKeyMaterialId: undefined })).toMatchObject({ keyVersion: null });
  });

  const refused: readonly (readonly [object, KmsErrorCode])[] = [
    [{ KeyManager: "AWS" }, "unsupported"],
    [{ KeyUsage: "SIGN_VERIFY", KeySpec: "RSA_2048" }, "wrong-key-type"],
    [{ KeyUsage: "GENERATE_VERIFY_MAC", KeySpec: "HMAC_256" }, "wrong-key-type"],
    [{ KeyUsage: "KEY_AGREEMENT", KeySpec: "ECC_NIST_P256" }, "wrong-key-type"],
    [{ KeyUsage: "ENCAPSULATE_DECAPSULATE", KeySpec: "ML_KEM_768" }, "wrong-key-type"],
    [{ KeySpec: "SM2" }, "wrong-key-type"],
    [{ KeySpec: "SOMETHING_NEW" }, "wrong-key-type"],
    [{ ValidTo: new Date(Number.NaN) }, "bad-answer"],
    [{ DeletionDate: "tomorrow" }, "bad-answer"],
  ];
  it.each(refused)("refuses %j as %s", async (changes, code) => {
    await expect(describeKey(changes)).rejects.toMatchObject({ code });
  });
});

describe("a public key", () => {
  const rsa = { ...metadata, KeySpec: "RSA_2048" };
  it.each([
    [{ KeyUsage: "SIGN_VERIFY", KeySpec: "RSA_2048" }, "wrong-key-type"],
    [{ KeyUsage: "ENCRYPT_DECRYPT", KeySpec: "SM2" }, "wrong-key-type"],
    [{ KeyUsage: "ENCRYPT_DECRYPT", KeySpec: "SYMMETRIC_DEFAULT" }, "wrong-key-type"],
    [{}, "bad-answer"],
    [{ KeyUsage: "ENCRYPT_DECRYPT", KeySpec: "RSA_2048", PublicKey: new Uint8Array(0) }, "bad-answer"],
    [{ KeyUsage: "ENCRYPT_DECRYPT", KeySpec: "RSA_2048", PublicKey: "MIIB" }, "bad-answer"],
  ])("is refused with %j as %s", async (answer, code) => {
    const client = fakeClient({
      DescribeKeyCommand: { KeyMetadata: rsa },
      GetPublicKeyCommand: { KeyId: keyArn, PublicKey: new Uint8Array(8), ...answer },
    });
    const kms = multiCloudKms({ adapters: [aws({ client })] });
    await expect(kms.open(cmk).publicKey()).rejects.toMatchObject({ code });
  });
});

describe("requests", () => {
  const bytes = new Uint8Array(48).fill(1);
  const made = { KeyId: keyArn, KeyMaterialId: materialId, Plaintext: new Uint8Array(32), CiphertextBlob: bytes };

  it("name the key, the algorithm and the context", async () => {
    const client = fakeClient({
      DescribeKeyCommand: { KeyMetadata: metadata },
      GenerateDataKeyCommand: made,
      EncryptCommand: made,
      DecryptCommand: made,
    });
    const key = multiCloudKms({ adapters: [aws({ client })] }).open(cmk);
    const { wrapped } = await key.generateDataKey(context);
    expect(wrapped.keyVersion).toBe(materialId);
    const plaintext = new Uint8Array(32).fill(7);
    expect((await key.wrapKey(plaintext, context)).keyVersion).toBeNull();
    await key.unwrapKey(wrapped, context);
    expect(client.commands.slice(1).map(({ input }) => input)).toEqual([
      { KeyId: keyArn, KeySpec: "AES_256", EncryptionContext: context },
      { KeyId: keyArn, Plaintext: plaintext, EncryptionAlgorithm: "SYMMETRIC_DEFAULT", EncryptionContext: context },
      { KeyId: keyArn, CiphertextBlob: bytes, EncryptionAlgorithm: "SYMMETRIC_DEFAULT", EncryptionContext: context },
    ]);
  });

  it("carry no context for an RSA key, which has none", async () => {
    const client = fakeClient({ DecryptCommand: { KeyId: keyArn, Plaintext: new Uint8Array(64) } });
    const key = multiCloudKms({ adapters: [aws({ client })] }).open(cmk);
    const rsaBytes = new Uint8Array(256).fill(7);
    const wrapped = { cmk, keyVersion: null, bytes: rsaBytes, kind: "rsa" } as const;
    await expect(key.unwrapKey(wrapped, context)).rejects.toMatchObject({ code: "decrypt-failed" });
    expect(client.commands.map(({ input }) => input)).toEqual([
      { KeyId: keyArn, CiphertextBlob: rsaBytes, EncryptionAlgorithm: "RSAES_OAEP_SHA_256" },
    ]);
  });

  it("are not made for a key version that is none of AWS's", async () => {
    const client = fakeClient({});
    const key = multiCloudKms({ adapters: [aws({ client })] }).open(cmk);
    for (const keyVersion of ["1", materialId.toUpperCase(), `${materialId}\n`, materialId.slice(1)]) {
      const wrapped = { cmk, keyVersion, bytes, kind: "symmetric" } as const;
      await expect(key.unwrapKey(wrapped, context)).rejects.toMatchObject({ code: "malformed" });
    }
    expect(client.commands).toEqual([]);
  });
});
