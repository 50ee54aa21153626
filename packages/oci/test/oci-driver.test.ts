import { crc32 } from "node:zlib";
import { multiCloudKms, type Context, type WrappedKey } from "@cmkit/core";
import { describe, expect, it } from "vitest";
import { oci, type OciAnswer, type OciClient } from "../src/index.ts";
import { cmk, context, fakeClient, key, keyOcid, otherOcid, otherVersionOcid, versionOcid, type FakeClient } from "./samples.ts";

const root = new Uint8Array(32).map((_, at) => at * 7);
const base64 = (bytes: Uint8Array): string => Buffer.from(bytes).toString("base64");
const wrappedBytes = new Uint8Array(100).fill(0xfb);

const encrypted = {
  ciphertext: base64(wrappedBytes),
  keyId: keyOcid,
  keyVersionId: versionOcid,
  encryptionAlgorithm: "AES_256_GCM",
};
const decrypted = {
  plaintext: base64(root),
  plaintextChecksum: String(crc32(root)),
  keyId: keyOcid,
  keyVersionId: versionOcid,
  encryptionAlgorithm: "AES_256_GCM",
};
const wrapped: WrappedKey = { cmk, keyVersion: versionOcid, bytes: wrappedBytes, kind: "symmetric" };

const wrapWith = async (changes: object, given: Context = context): Promise<readonly [WrappedKey, FakeClient]> => {
  const client = fakeClient({ getKey: { key }, encrypt: { encryptedData: { ...encrypted, ...changes } } });
  const kms = multiCloudKms({ adapters: [oci({ client })] });
  return [await kms.open(cmk).wrapKey(root, given), client];
};

const unwrapWith = async (client: OciClient, given: WrappedKey = wrapped): Promise<Uint8Array> =>
  multiCloudKms({ adapters: [oci({ client })] })
    .open(cmk)
    .unwrapKey(given, context);

const decryptsAs = (changes: object): FakeClient => fakeClient({ decrypt: { decryptedData: { ...decrypted, ...changes } } });

describe("a wrap", () => {
  it("names the version that was just described, and binds the context natively", async () => {
    const [made, client] = await wrapWith({}, { tenant: "acme", purpose: "crm" });
    expect(made).toEqual(wrapped);
    expect(client.calls).toEqual([
      ["getKey", { keyId: keyOcid }],
      [
        "encrypt",
        {
          encryptDataDetails: {
            keyId: keyOcid,
            keyVersionId: versionOcid,
            plaintext: base64(root),
            encryptionAlgorithm: "AES_256_GCM",
            associatedData: { purpose: "crm", tenant: "acme" },
          },
        },
      ],
    ]);
  });

  it("says the same of the same context, in whichever order its entries come", async () => {
    const texts = await Promise.all(
      [
        { tenant: "acme", a: "1", z: "2" },
        { z: "2", tenant: "acme", a: "1" },
      ].map(async (given) => JSON.stringify((await wrapWith({}, given))[1].calls[1])),
    );
    expect(texts[0]).toBe(texts[1]);
  });

  it.each([
    ["keyId", undefined],
    ["keyVersionId", null],
    ["encryptionAlgorithm", undefined],
  ])("records the version that it named when the answer leaves out %s", async (field, value) => {
    const [made] = await wrapWith({ [field]: value });
    expect(made).toEqual(wrapped);
  });

  it.each([
    ["another key", { keyId: otherOcid }],
    ["another version", { keyVersionId: otherVersionOcid }],
    ["a version that is none", { keyVersionId: "1" }],
    ["another algorithm", { encryptionAlgorithm: "AES_256_CBC" }],
    ["a key that is a number", { keyId: 7 }],
    ["no ciphertext", { ciphertext: undefined }],
    ["an empty ciphertext", { ciphertext: "" }],
    ["a ciphertext of bytes", { ciphertext: wrappedBytes }],
    ["base64 with a line end", { ciphertext: `${encrypted.ciphertext}\n` }],
    ["base64 without padding", { ciphertext: encrypted.ciphertext.replaceAll("=", "") }],
    ["base64url", { ciphertext: encrypted.ciphertext.replaceAll("+", "-") }],
    ["base64 with bits that are dropped", { ciphertext: "AB==" }],
    ["a ciphertext of 6,145 bytes", { ciphertext: base64(new Uint8Array(6145)) }],
  ])("is a bad answer with %s", async (_what, changes) => {
    await expect(wrapWith(changes)).rejects.toMatchObject({ code: "bad-answer" });
  });

  it("is not made by GenerateDataEncryptionKey, which says no version", async () => {
    expect("generateDataKey" in oci().open(keyOcid)).toBe(false);
    const [, client] = await wrapWith({});
    const kms = multiCloudKms({ adapters: [oci({ client })] });
    const { wrapped: made } = await kms.open(cmk).generateDataKey(context);
    expect(made.keyVersion).toBe(versionOcid);
  });
});

describe("an unwrap", () => {
  it("of a symmetric wrap sends canonical base64 and no version: the ciphertext carries it", async () => {
    const client = decryptsAs({});
    expect(await unwrapWith(client)).toEqual(root);
    expect(client.calls).toEqual([
      [
        "decrypt",
        {
          decryptDataDetails: {
            keyId: keyOcid,
            ciphertext: base64(wrappedBytes),
            encryptionAlgorithm: "AES_256_GCM",
            associatedData: context,
          },
        },
      ],
    ]);
  });

  it("says the same of the same context, in whichever order its entries come", async () => {
    const texts = await Promise.all(
      [
        { tenant: "acme", a: "1", z: "2" },
        { z: "2", tenant: "acme", a: "1" },
      ].map(async (given) => {
        const client = decryptsAs({});
        const wrapped = { cmk, keyVersion: versionOcid, bytes: wrappedBytes, kind: "symmetric" } as const;
        await multiCloudKms({ adapters: [oci({ client })] })
          .open(cmk)
          .unwrapKey(wrapped, given);
        return JSON.stringify(client.calls);
      }),
    );
    expect(texts[0]).toBe(texts[1]);
  });

  it("of an RSA wrap names the version and the algorithm, and no context", async () => {
    const client = decryptsAs({ encryptionAlgorithm: "RSA_OAEP_SHA_256" });
    const ciphertext = new Uint8Array(256).fill(1);
    // The plaintext is none that core sealed: that is all it says.
    await expect(unwrapWith(client, { ...wrapped, kind: "rsa", bytes: ciphertext })).rejects.toMatchObject({
      code: "decrypt-failed",
    });
    const decryptDataDetails = {
      keyId: keyOcid,
      keyVersionId: versionOcid,
      ciphertext: base64(ciphertext),
      encryptionAlgorithm: "RSA_OAEP_SHA_256",
    };
    expect(client.calls[0]).toEqual(["decrypt", { decryptDataDetails }]);
  });

  it.each(["keyId", "keyVersionId", "encryptionAlgorithm"])("does without %s in the answer", async (field) => {
    expect(await unwrapWith(decryptsAs({ [field]: null }))).toEqual(root);
    expect(await unwrapWith(decryptsAs({ [field]: undefined }))).toEqual(root);
  });

  it.each([
    ["another key", { keyId: otherOcid }],
    ["another version than the recorded one", { keyVersionId: otherVersionOcid }],
    ["another algorithm", { encryptionAlgorithm: "RSA_OAEP_SHA_1" }],
    ["no plaintext", { plaintext: undefined }],
    ["an empty plaintext", { plaintext: "", plaintextChecksum: "0" }],
    ["a plaintext that is no base64", { plaintext: "?" }],
    ["no checksum", { plaintextChecksum: undefined }],
    ["an empty checksum", { plaintextChecksum: "" }],
    ["a checksum that is a number", { plaintextChecksum: crc32(root) }],
    ["a checksum in hex", { plaintextChecksum: crc32(root).toString(16) }],
    ["a checksum with a zero before it", { plaintextChecksum: `0${crc32(root)}` }],
    ["the checksum of the base64", { plaintextChecksum: String(crc32(base64(root))) }],
  ])("is a bad answer with %s", async (_what, changes) => {
    await expect(unwrapWith(decryptsAs(changes))).rejects.toMatchObject({ code: "bad-answer" });
  });

  it("that is refused under a deleted key says so, without asking for a version that may be gone", async () => {
    const client = fakeClient({ getKey: { key: { ...key, lifecycleState: "DELETED" } } });
    const refused = async (): Promise<never> =>
      Promise.reject(Object.assign(new Error(), { statusCode: 409, serviceCode: "Conflict" }));
    const crypto = { ...client.crypto, decrypt: refused };
    await expect(unwrapWith({ ...client, crypto })).rejects.toMatchObject({ code: "key-destroyed" });
    expect(client.calls.map(([method]) => method)).toEqual(["getKey"]);
  });

  it("takes for the checksum the CRC-32 of IEEE 802.3, in decimal digits", async () => {
    const hello = new TextEncoder().encode("Hello, World!");
    const client = decryptsAs({ plaintext: base64(hello), plaintextChecksum: String(0xec4ac3d0) }); // a well-known value
    await expect(unwrapWith(client)).rejects.toMatchObject({ code: "decrypt-failed" }); // only for its length
  });

  it("is sent once more when the plaintext does not fit its checksum, and not again", async () => {
    const damaged = { decryptedData: { ...decrypted, plaintext: base64(root.map((byte) => byte ^ 1)) } };
    const answering = (...answers: OciAnswer[]): FakeClient => {
      const client = fakeClient({});
      const decrypt: OciClient["crypto"]["decrypt"] = async (request) => {
        client.calls.push(["decrypt", request]);
        return answers[client.calls.length - 1] ?? {};
      };
      return { ...client, crypto: { ...client.crypto, decrypt } };
    };
    const once = answering(damaged, { decryptedData: decrypted });
    expect(await unwrapWith(once)).toEqual(root);
    expect(once.calls).toHaveLength(2);
    const twice = answering(damaged, damaged, { decryptedData: decrypted });
    await expect(unwrapWith(twice)).rejects.toMatchObject({ code: "bad-answer" });
    expect(twice.calls).toHaveLength(2);
  });
});

describe("the associated data", () => {
  // Documented: "The length of the string representation of the associated data must be fewer than 4096 characters."
  it("of the largest context is within the service's limit, also when each character is written as two", async () => {
    const lengths: number[] = [];
    const client = fakeClient({ getKey: { key }, encrypt: { encryptedData: encrypted } });
    const kms = multiCloudKms({ adapters: [oci({ client })] });
    const largest = (fill: string): Context => {
      // Eight entries, keys as short as can be, and quotes as values: 2,048 bytes in canonical form.
      const values = Object.fromEntries(["a", "b", "c", "d", "e", "f", "g"].map((name) => [name, fill.repeat(251)]));
      return { ...values, tenant: fill.repeat(253) };
    };
    for (const fill of ['"', "\\"]) await kms.open(cmk).wrapKey(root, largest(fill));
    for (const [name, request] of client.calls) {
      if (name !== "encrypt") continue;
      const { encryptDataDetails } = request as Parameters<OciClient["crypto"]["encrypt"]>[0];
      lengths.push(JSON.stringify(encryptDataDetails.associatedData).length);
    }
    expect(lengths).toEqual([4082, 4082]);
    const more = { ...largest('"'), tenant: '"'.repeat(254) };
    await expect(kms.open(cmk).wrapKey(root, more)).rejects.toThrow(TypeError);
  });
});
