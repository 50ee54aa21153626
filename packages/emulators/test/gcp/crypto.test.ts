import { constants, createPublicKey, generateKeyPairSync, publicEncrypt, randomBytes } from "node:crypto";

import { afterAll, beforeAll, beforeEach, describe, expect, test } from "vitest";

import { crc32c } from "../../src/gcp/crc32c.ts";
import { type GcpAlgorithm, type GcpEmulator, gcpEmulator } from "../../src/index.ts";
import { expectRefusal, type Sdk, sdkOf, seedOf, symmetric, transports } from "./emulated-kms.ts";

const algorithms: readonly GcpAlgorithm[] = [
  "RSA_DECRYPT_OAEP_2048_SHA256",
  "RSA_DECRYPT_OAEP_3072_SHA256",
  "RSA_DECRYPT_OAEP_4096_SHA256",
  "RSA_DECRYPT_OAEP_4096_SHA512",
  "RSA_DECRYPT_OAEP_2048_SHA1",
];

// Finding primes takes as long as it takes, on a machine that is busy too.
const generationMs = 120_000;

/** One key of each length: generating them is what takes the time. */
const materials = new Map<string, string>();

function materialOf(algorithm: GcpAlgorithm): string {
  const bits = algorithm.split("_")[3] ?? "";
  const known = materials.get(bits);
  if (known !== undefined) return known;
  const { privateKey } = generateKeyPairSync("rsa", { modulusLength: Number(bits) });
  const made = privateKey.export({ type: "pkcs8", format: "pem" });
  materials.set(bits, made);
  return made;
}

let emulator: GcpEmulator;
let main: string;

beforeAll(async () => {
  emulator = await gcpEmulator({
    seed: seedOf([
      symmetric("main"),
      symmetric("other"),
      symmetric("hsm", { protectionLevel: "HSM" }),
      symmetric("empty", { versions: [] }),
      ...algorithms.map((algorithm) => ({ name: algorithm, algorithm, versions: [{ material: materialOf(algorithm) }] })),
    ]),
  });
  main = emulator.keyNamed("main");
}, generationMs);
beforeEach(() => emulator.resetCalls());
afterAll(() => emulator.close());

const checksum = (bytes: Uint8Array): { value: number } => ({ value: crc32c(bytes) });
const bytesOf = (value: unknown): Buffer => Buffer.from(value as Uint8Array);

function encryptLocally(pem: string, plaintext: Uint8Array, oaepHash: string): Buffer {
  return publicEncrypt({ key: pem, padding: constants.RSA_PKCS1_OAEP_PADDING, oaepHash }, plaintext);
}

async function sealed({ kms, call }: Sdk, name = main): Promise<Uint8Array> {
  const [answer] = await kms.encrypt(
    { name, plaintext: Buffer.from("plain"), additionalAuthenticatedData: Buffer.from("aad") },
    call,
  );
  return bytesOf(answer.ciphertext);
}

test("CRC-32C is that of RFC 3720", () => {
  expect(crc32c(new TextEncoder().encode("123456789"))).toBe(0xe3069283);
  expect(crc32c(new Uint8Array(32))).toBe(0x8a9136aa);
  expect(crc32c(new Uint8Array())).toBe(0);
});

describe.each(transports)("symmetric keys over %s", (transport) => {
  test("encrypt under the primary version, and decrypt by the key's name", async () => {
    const { kms, call } = sdkOf(emulator, transport);
    const plaintext = randomBytes(64);
    const additionalAuthenticatedData = randomBytes(32);
    const [wrapped] = await kms.encrypt(
      {
        name: main,
        plaintext,
        plaintextCrc32c: checksum(plaintext),
        additionalAuthenticatedData,
        additionalAuthenticatedDataCrc32c: checksum(additionalAuthenticatedData),
      },
      call,
    );
    const ciphertext = bytesOf(wrapped.ciphertext);
    expect(wrapped).toMatchObject({
      name: `${main}/cryptoKeyVersions/1`,
      ciphertextCrc32c: { value: String(crc32c(ciphertext)) },
      verifiedPlaintextCrc32c: true,
      verifiedAdditionalAuthenticatedDataCrc32c: true,
      protectionLevel: "SOFTWARE",
    });
    const [opened] = await kms.decrypt(
      {
        name: main,
        ciphertext,
        ciphertextCrc32c: checksum(ciphertext),
        additionalAuthenticatedData,
        additionalAuthenticatedDataCrc32c: checksum(additionalAuthenticatedData),
      },
      call,
    );
    expect(bytesOf(opened.plaintext)).toEqual(plaintext);
    expect(opened).toMatchObject({
      plaintextCrc32c: { value: String(crc32c(plaintext)) },
      usedPrimary: true,
      protectionLevel: "SOFTWARE",
    });
    expect(emulator.counts()).toEqual({ Encrypt: 1, Decrypt: 1 });
  });

  test("say so when no checksum was sent", async () => {
    const { kms, call } = sdkOf(emulator, transport);
    const [wrapped] = await kms.encrypt({ name: main, plaintext: Buffer.from("x") }, call);
    expect(wrapped).toMatchObject({ verifiedPlaintextCrc32c: false, verifiedAdditionalAuthenticatedDataCrc32c: false });
  });

  test("encrypt under a version that is named", async () => {
    const { kms, call } = sdkOf(emulator, transport);
    const [wrapped] = await kms.encrypt({ name: `${main}/cryptoKeyVersions/1`, plaintext: Buffer.from("x") }, call);
    expect(wrapped.name).toBe(`${main}/cryptoKeyVersions/1`);
    await expectRefusal(kms.encrypt({ name: `${main}/cryptoKeyVersions/9`, plaintext: Buffer.from("x") }, call), 5, "not found");
  });

  test("refuse other additional data, another key and every change of a bit, in the service's words", async () => {
    const sdk = sdkOf(emulator, transport);
    const ciphertext = await sealed(sdk);
    const decrypt = (change: object): Promise<unknown> =>
      sdk.kms.decrypt({ name: main, ciphertext, additionalAuthenticatedData: Buffer.from("aad"), ...change }, sdk.call);
    await decrypt({});
    const invalid = "Decryption failed: the ciphertext is invalid.";
    const wrongKey = "Decryption failed: verify that 'name' refers to the correct CryptoKey.";
    await expectRefusal(decrypt({ additionalAuthenticatedData: Buffer.from("aaa") }), 3, invalid);
    await expectRefusal(decrypt({ additionalAuthenticatedData: undefined }), 3, invalid);
    await expectRefusal(decrypt({ name: emulator.keyNamed("other") }), 3, wrongKey);
    await expectRefusal(decrypt({ ciphertext: randomBytes(80) }), 3, wrongKey);
    await expectRefusal(decrypt({ ciphertext: ciphertext.subarray(0, 20) }), 3, wrongKey);
    for (const at of [0, 10, 24, 40, ciphertext.byteLength - 1]) {
      const changed = Buffer.from(ciphertext);
      changed[at] = (changed[at] ?? 0) ^ 1;
      await expectRefusal(decrypt({ ciphertext: changed }), 3, "Decryption failed: ");
    }
  });

  test("hold requests against their checksums", async () => {
    const { kms, call } = sdkOf(emulator, transport);
    const plaintext = Buffer.from("plain");
    const wrong = { value: 1 };
    const message = (field: string): string => `The checksum in field ${field}_crc32c did not match the data in field ${field}.`;
    await expectRefusal(kms.encrypt({ name: main, plaintext, plaintextCrc32c: wrong }, call), 3, message("plaintext"));
    await expectRefusal(
      kms.encrypt({ name: main, plaintext, additionalAuthenticatedDataCrc32c: wrong }, call),
      3,
      message("additional_authenticated_data"),
    );
    await expectRefusal(
      kms.decrypt({ name: main, ciphertext: plaintext, ciphertextCrc32c: wrong }, call),
      3,
      message("ciphertext"),
    );
    await expectRefusal(
      kms.asymmetricDecrypt(
        {
          name: `${emulator.keyNamed("RSA_DECRYPT_OAEP_2048_SHA256")}/cryptoKeyVersions/1`,
          ciphertext: plaintext,
          ciphertextCrc32c: wrong,
        },
        call,
      ),
      3,
      message("ciphertext"),
    );
    // A checksum of zero is a checksum: that of no bytes.
    await kms.encrypt({ name: main, plaintext, additionalAuthenticatedDataCrc32c: { value: 0 } }, call);
  });

  test("take 64 KiB, and 8 KiB in an HSM with the additional data", async () => {
    const { kms, call } = sdkOf(emulator, transport);
    const hsm = emulator.keyNamed("hsm");
    const largest = randomBytes(65_536);
    const [wrapped] = await kms.encrypt({ name: main, plaintext: largest, additionalAuthenticatedData: largest }, call);
    const [opened] = await kms.decrypt(
      { name: main, ciphertext: wrapped.ciphertext ?? "", additionalAuthenticatedData: largest },
      call,
    );
    expect(bytesOf(opened.plaintext).equals(largest)).toBe(true);
    await expectRefusal(kms.encrypt({ name: main, plaintext: randomBytes(65_537) }, call), 3, "at most 65536");
    const [small] = await kms.encrypt(
      { name: hsm, plaintext: randomBytes(8000), additionalAuthenticatedData: randomBytes(192) },
      call,
    );
    expect(small.protectionLevel).toBe("HSM");
    await expectRefusal(
      kms.encrypt({ name: hsm, plaintext: randomBytes(8000), additionalAuthenticatedData: randomBytes(193) }, call),
      3,
      "at most 8192",
    );
  });

  test("need a primary version to encrypt", async () => {
    const { kms, call } = sdkOf(emulator, transport);
    await expectRefusal(
      kms.encrypt({ name: emulator.keyNamed("empty"), plaintext: Buffer.from("x") }, call),
      9,
      "primary version",
    );
  });
});

describe.each(transports)("RSA keys over %s", (transport) => {
  test.each(algorithms)("decrypt what was encrypted locally with %s", async (algorithm) => {
    const { kms, call } = sdkOf(emulator, transport);
    const name = `${emulator.keyNamed(algorithm)}/cryptoKeyVersions/1`;
    const [publicKey] = await kms.getPublicKey({ name }, call);
    const pem = publicKey.pem ?? "";
    expect(publicKey).toMatchObject({
      name,
      algorithm,
      protectionLevel: "SOFTWARE",
      pemCrc32c: { value: String(crc32c(Buffer.from(pem))) },
    });
    expect(createPublicKey(pem).asymmetricKeyDetails?.modulusLength).toBe(Number(algorithm.split("_")[3]));
    const plaintext = randomBytes(64);
    const ciphertext = encryptLocally(pem, plaintext, algorithm.slice(algorithm.lastIndexOf("_") + 1).toLowerCase());
    const [opened] = await kms.asymmetricDecrypt({ name, ciphertext, ciphertextCrc32c: checksum(ciphertext) }, call);
    expect(bytesOf(opened.plaintext)).toEqual(plaintext);
    expect(opened).toMatchObject({
      plaintextCrc32c: { value: String(crc32c(plaintext)) },
      verifiedCiphertextCrc32c: true,
      protectionLevel: "SOFTWARE",
    });
  });

  test("give their public key in the format that is asked for", async () => {
    const { kms, call } = sdkOf(emulator, transport);
    const name = `${emulator.keyNamed("RSA_DECRYPT_OAEP_2048_SHA256")}/cryptoKeyVersions/1`;
    const [{ pem }] = await kms.getPublicKey({ name }, call);
    const [asDer] = await kms.getPublicKey({ name, publicKeyFormat: "DER" }, call);
    const der = bytesOf(asDer.publicKey?.data);
    expect(der).toEqual(createPublicKey(pem ?? "").export({ type: "spki", format: "der" }));
    expect(asDer).toMatchObject({
      publicKeyFormat: "DER",
      pem: "",
      publicKey: { crc32cChecksum: { value: String(crc32c(der)) } },
    });
    const [asPem] = await kms.getPublicKey({ name, publicKeyFormat: "PEM" }, call);
    expect(bytesOf(asPem.publicKey?.data).toString()).toBe(pem);
  });

  test("say no more than that decryption failed", async () => {
    const { kms, call } = sdkOf(emulator, transport);
    const key = emulator.keyNamed("RSA_DECRYPT_OAEP_2048_SHA256");
    const name = `${key}/cryptoKeyVersions/1`;
    const [{ pem }] = await kms.getPublicKey({ name }, call);
    const otherHash = encryptLocally(pem ?? "", randomBytes(64), "sha1");
    for (const ciphertext of [otherHash, randomBytes(256), randomBytes(10)]) {
      await expectRefusal(kms.asymmetricDecrypt({ name, ciphertext }, call), 3, "Decryption failed.");
    }
  });
});
