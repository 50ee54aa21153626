import { constants, createPublicKey, publicEncrypt } from "node:crypto";

import { models } from "oci-keymanagement";
import { afterAll, beforeAll, describe, expect, test } from "vitest";

import { type OciEmulator, ociEmulator } from "../../src/index.ts";
import { base64, type Clients, clientsOf, expectRefusal, seedOf, startForTest } from "./emulated-vault.ts";

const { EncryptionAlgorithm } = models.EncryptDataDetails;
const { EncryptionAlgorithm: Opening } = models.DecryptDataDetails;
const dataKeyShape = { algorithm: models.KeyShape.Algorithm.Aes, length: 32 };
const plaintext = base64(new Uint8Array(32).fill(7));
let emulator: OciEmulator;
let oci: Clients;
let keyId: string;
let rsaId: string;

beforeAll(async () => {
  emulator = await ociEmulator({
    seed: seedOf([
      { displayName: "aes" },
      { displayName: "aes-16", keyShape: { algorithm: "AES", length: 16 } },
      { displayName: "aes-24", keyShape: { algorithm: "AES", length: 24 } },
      { displayName: "aes-other" },
      { displayName: "rsa", keyShape: { algorithm: "RSA", length: 256 } },
    ]),
  });
  oci = clientsOf(emulator);
  keyId = emulator.keyNamed("aes");
  rsaId = emulator.keyNamed("rsa");
});
afterAll(() => emulator.close());

async function seal(details: Partial<models.EncryptDataDetails> = {}): Promise<models.EncryptedData> {
  return (await oci.crypto.encrypt({ encryptDataDetails: { keyId, plaintext, ...details } })).encryptedData;
}

async function open(details: Partial<models.DecryptDataDetails>): Promise<models.DecryptedData> {
  return (await oci.crypto.decrypt({ decryptDataDetails: { keyId, ciphertext: "", ...details } })).decryptedData;
}

async function versionOf(key: string): Promise<models.KeyVersion> {
  const { key: shown } = await oci.management.getKey({ keyId: key });
  return (await oci.management.getKeyVersion({ keyId: key, keyVersionId: shown.currentKeyVersion })).keyVersion;
}

describe("a key of AES", () => {
  test.each(["aes", "aes-16", "aes-24"])("%s encrypts and decrypts, naming key, version and algorithm", async (name) => {
    const id = emulator.keyNamed(name);
    const names = { keyId: id, keyVersionId: (await versionOf(id)).id, encryptionAlgorithm: "AES_256_GCM" };
    const { ciphertext, ...sealed } = await seal({ keyId: id });
    expect(sealed).toEqual(names);
    expect(await open({ keyId: id, ciphertext })).toMatchObject({ plaintext, ...names });
  });

  test("gives the decimal CRC-32 of the plaintext, as in a published answer of the OCI CLI", async () => {
    const { ciphertext } = await seal({ plaintext: "SEVMTE8gV09STEQ=" });
    expect(await open({ ciphertext })).toMatchObject({ plaintext: "SEVMTE8gV09STEQ=", plaintextChecksum: "2279966299" });
  });

  test("binds the associated data, whatever the order of its pairs", async () => {
    const { ciphertext } = await seal({ associatedData: { tenant: "t1", purpose: "p" } });
    expect(await open({ ciphertext, associatedData: { purpose: "p", tenant: "t1" } })).toMatchObject({ plaintext });
    for (const associatedData of [{}, { tenant: "t1" }, { tenant: "t2", purpose: "p" }, { tenantt1: "", purpose: "p" }]) {
      await expectRefusal(open({ ciphertext, associatedData }), 400, "InvalidParameter");
    }
    expect(await open({ ciphertext: (await seal()).ciphertext, associatedData: {} })).toMatchObject({ plaintext });
  });

  test("takes less than 4096 characters of associated data, in strings", async () => {
    await seal({ associatedData: { name: "x".repeat(4084) } });
    await expectRefusal(seal({ associatedData: { name: "x".repeat(4085) } }), 400, "InvalidParameter", "too long");
    await expectRefusal(seal({ associatedData: { name: 1 as never } }), 400, "InvalidParameter", "strings");
  });

  test("opens with the version that the ciphertext names, also after a rotation", async () => {
    const first = await seal();
    const { keyVersion: rotated } = await oci.management.createKeyVersion({ keyId });
    const second = await seal();
    expect(second.keyVersionId).toBe(rotated.id);
    expect(await open({ ciphertext: first.ciphertext })).toMatchObject({ plaintext, keyVersionId: first.keyVersionId });
    expect(await open({ ciphertext: second.ciphertext, keyVersionId: rotated.id })).toMatchObject({ plaintext });
    const misnamed = open({ ciphertext: second.ciphertext, keyVersionId: first.keyVersionId ?? "" });
    await expectRefusal(misnamed, 400, "InvalidParameter");
    expect((await seal({ keyVersionId: first.keyVersionId ?? "" })).keyVersionId).toBe(first.keyVersionId);
  });

  test("does not open what another key sealed", async () => {
    const { ciphertext } = await seal({ keyId: emulator.keyNamed("aes-other") });
    await expectRefusal(open({ ciphertext }), 400, "InvalidParameter");
  });

  test("opens no ciphertext that was changed or cut off", async () => {
    const bytes = Buffer.from((await seal()).ciphertext, "base64");
    const flipped = Buffer.from(bytes);
    flipped.writeUInt8(flipped.readUInt8(bytes.byteLength - 20) ^ 1, bytes.byteLength - 20);
    await expectRefusal(open({ ciphertext: base64(flipped) }), 400, "InvalidParameter", "The ciphertext is not valid");
    await expectRefusal(open({ ciphertext: base64(bytes.subarray(1)) }), 400, "InvalidParameter", "The ciphertext is not valid");
  });

  test("takes 4096 bytes of base64, and no algorithm of RSA", async () => {
    await seal({ plaintext: base64(new Uint8Array(4096)) });
    await expectRefusal(seal({ plaintext: base64(new Uint8Array(4097)) }), 400, "InvalidParameter", "at most 4096");
    await expectRefusal(seal({ plaintext: "not base64" }), 400, "InvalidParameter", "base64");
    await expectRefusal(seal({ plaintext: "" }), 400, "MissingParameter", "plaintext");
    await expectRefusal(open({ ciphertext: "AAAA" }), 400, "InvalidParameter");
    const rsa = { encryptionAlgorithm: EncryptionAlgorithm.RsaOaepSha256 };
    await expectRefusal(seal(rsa), 400, "InvalidParameter", "does not go with a key of AES");
    await expectRefusal(seal({ encryptionAlgorithm: "ROT13" as never }), 400, "InvalidParameter", "must be one of");
  });

  test("generates data keys that decrypt opens, with plaintext and checksum only on demand", async () => {
    const generateKeyDetails = { keyId, keyShape: dataKeyShape, includePlaintextKey: true, associatedData: { tenant: "t1" } };
    const { generatedKey } = await oci.crypto.generateDataEncryptionKey({ generateKeyDetails });
    expect(Object.keys(generatedKey).sort()).toEqual(["ciphertext", "plaintext", "plaintextChecksum"]);
    const opened = await open({ ciphertext: generatedKey.ciphertext, associatedData: { tenant: "t1" } });
    expect(opened.plaintext).toBe(generatedKey.plaintext);
    expect(opened.plaintextChecksum).toBe(generatedKey.plaintextChecksum);
    expect(Buffer.from(opened.plaintext, "base64")).toHaveLength(32);
    const hidden = await oci.crypto.generateDataEncryptionKey({
      generateKeyDetails: { ...generateKeyDetails, includePlaintextKey: false },
    });
    expect(Object.keys(hidden.generatedKey)).toEqual(["ciphertext"]);
  });

  test.each([
    [{ algorithm: "AES", length: 33 }, "InvalidParameter"],
    [{ algorithm: "RSA", length: 256 }, "InvalidParameter"],
    [{ algorithm: "AES" }, "MissingParameter"],
    [undefined, "MissingParameter"],
  ])("generates no data key of the shape %j", async (keyShape, code) => {
    const generateKeyDetails = { keyId, includePlaintextKey: true, keyShape: keyShape as never };
    await expectRefusal(oci.crypto.generateDataEncryptionKey({ generateKeyDetails }), 400, code);
  });
});

describe("a key of RSA", () => {
  test.each([
    [Opening.RsaOaepSha256, "sha256", 190],
    [Opening.RsaOaepSha1, "sha1", 214],
  ])("opens by %s what was encrypted to its public key elsewhere", async (encryptionAlgorithm, oaepHash, longest) => {
    const { id: keyVersionId, publicKey } = await versionOf(rsaId);
    expect(publicKey).toMatch(/^-----BEGIN PUBLIC KEY-----\n/);
    const key = createPublicKey(publicKey ?? "");
    const sealed = publicEncrypt({ key, padding: constants.RSA_PKCS1_OAEP_PADDING, oaepHash }, Buffer.from(plaintext, "base64"));
    const details = { keyId: rsaId, keyVersionId, encryptionAlgorithm };
    expect(await open({ ...details, ciphertext: base64(sealed) })).toMatchObject({ plaintext, ...details });
    const { ciphertext, ...names } = await seal({ ...details, plaintext: base64(new Uint8Array(longest)) });
    expect(names).toEqual(details);
    expect((await open({ ...details, ciphertext })).plaintext).toBe(base64(new Uint8Array(longest)));
    await expectRefusal(seal({ ...details, plaintext: base64(new Uint8Array(longest + 1)) }), 400, "InvalidParameter");
  });

  test("opens with the version named, and not with another", async () => {
    const details = { keyId: rsaId, encryptionAlgorithm: EncryptionAlgorithm.RsaOaepSha256 };
    const { ciphertext, keyVersionId = "" } = await seal(details);
    emulator.rotate(rsaId);
    const opening = { keyId: rsaId, ciphertext, encryptionAlgorithm: Opening.RsaOaepSha256 };
    expect(await open({ ...opening, keyVersionId })).toMatchObject({ plaintext, keyVersionId });
    await expectRefusal(open(opening), 400, "InvalidParameter");
    const another = keyVersionId.slice(0, -1) + (keyVersionId.endsWith("a") ? "b" : "a");
    await expectRefusal(open({ ...opening, keyVersionId: another }), 404, "NotAuthorizedOrNotFound");
  });

  test("needs an algorithm of its own, and binds no associated data", async () => {
    await expectRefusal(seal({ keyId: rsaId }), 400, "InvalidParameter", "does not go with a key of RSA");
    const details = { keyId: rsaId, encryptionAlgorithm: EncryptionAlgorithm.RsaOaepSha256, associatedData: { tenant: "t1" } };
    await expectRefusal(seal(details), 400, "InvalidParameter", "associatedData");
    const generateKeyDetails = { keyId: rsaId, includePlaintextKey: true, keyShape: dataKeyShape };
    await expectRefusal(oci.crypto.generateDataEncryptionKey({ generateKeyDetails }), 400, "InvalidParameter", "RSA");
  });
});

describe("where the live service is not known", () => {
  test("answers can name nothing but null", async () => {
    const nameless = await startForTest({ seed: seedOf([{}]), quirks: { namelessAnswers: true } });
    const { crypto } = clientsOf(nameless);
    const id = nameless.keyNamed("key");
    const { encryptedData } = await crypto.encrypt({ encryptDataDetails: { keyId: id, plaintext } });
    const nothing = { keyId: null, keyVersionId: null, encryptionAlgorithm: null };
    expect(encryptedData).toMatchObject(nothing);
    const { decryptedData } = await crypto.decrypt({ decryptDataDetails: { keyId: id, ciphertext: encryptedData.ciphertext } });
    expect(decryptedData).toMatchObject({ plaintext, ...nothing });
  });

  test("a key that is not enabled can be refused in other words", async () => {
    const stateRefusal = { status: 400, code: "InvalidParameter" };
    const odd = await startForTest({ seed: seedOf([{ lifecycleState: "DISABLED" }]), quirks: { stateRefusal } });
    const call = clientsOf(odd).crypto.encrypt({ encryptDataDetails: { keyId: odd.keyNamed("key"), plaintext } });
    await expectRefusal(call, 400, "InvalidParameter", "DISABLED");
  });
});
