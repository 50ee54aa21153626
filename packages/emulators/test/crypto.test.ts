import { constants, createPublicKey, publicEncrypt } from "node:crypto";

import {
  DecryptCommand,
  type EncryptionAlgorithmSpec,
  EncryptCommand,
  GenerateDataKeyCommand,
  GenerateDataKeyWithoutPlaintextCommand,
  GetPublicKeyCommand,
  ReEncryptCommand,
} from "@aws-sdk/client-kms";
import { afterAll, beforeAll, describe, expect, test } from "vitest";

import { type AwsEmulator, awsEmulator } from "../src/index.ts";
import { account, clientOf, expectRefusal, region, seedOf, stranger } from "./emulated-kms.ts";

const plaintext = new Uint8Array(32).map((_, index) => index);
const EncryptionContext = { tenant: "t1", purpose: "test" };
let emulator: AwsEmulator;
let kms: ReturnType<typeof clientOf>;

beforeAll(async () => {
  emulator = await awsEmulator({
    seed: seedOf([
      { alias: "alias/one" },
      { alias: "alias/two" },
      { alias: "alias/rsa", keySpec: "RSA_2048" },
      { alias: "alias/other-rsa", keySpec: "RSA_2048" },
      { alias: "alias/far", region: "us-east-1" },
    ]),
  });
  kms = clientOf(emulator);
});
afterAll(() => emulator.close());

async function sealed(KeyId = "alias/one"): Promise<Uint8Array> {
  const { CiphertextBlob } = await kms.send(new EncryptCommand({ KeyId, Plaintext: plaintext, EncryptionContext }));
  return CiphertextBlob ?? new Uint8Array();
}

async function publicKey(): Promise<ReturnType<typeof createPublicKey>> {
  const { PublicKey } = await kms.send(new GetPublicKeyCommand({ KeyId: "alias/rsa" }));
  return createPublicKey({ key: Buffer.from(PublicKey ?? []), format: "der", type: "spki" });
}

describe("symmetric keys", () => {
  test("open what they encrypted, with and without the key being named", async () => {
    const CiphertextBlob = await sealed();
    for (const KeyId of [undefined, "alias/one", emulator.keyArn("alias/one")]) {
      const opened = await kms.send(new DecryptCommand({ KeyId, CiphertextBlob, EncryptionContext }));
      expect(opened).toMatchObject({ KeyId: emulator.keyArn("alias/one"), EncryptionAlgorithm: "SYMMETRIC_DEFAULT" });
      expect(opened.Plaintext).toEqual(plaintext);
      expect(opened.KeyMaterialId).toMatch(/^[0-9a-f]{64}$/);
    }
  });

  test("take an encryption context in any order, and no other", async () => {
    const CiphertextBlob = await sealed();
    const open = (context: Record<string, string> | undefined): Promise<{ Plaintext?: Uint8Array | undefined }> =>
      kms.send(new DecryptCommand({ CiphertextBlob, EncryptionContext: context }));
    expect((await open({ purpose: "test", tenant: "t1" })).Plaintext).toEqual(plaintext);
    for (const context of [
      undefined,
      {},
      { tenant: "t1" },
      { tenant: "t2", purpose: "test" },
      { ...EncryptionContext, more: "" },
    ]) {
      await expectRefusal(open(context), "InvalidCiphertextException");
    }
  });

  test("refuse another key's name as incorrect", async () => {
    const CiphertextBlob = await sealed();
    await expectRefusal(
      kms.send(new DecryptCommand({ KeyId: "alias/two", CiphertextBlob, EncryptionContext })),
      "IncorrectKeyException",
    );
  });

  test("refuse a blob after any change to it", async () => {
    const blob = await sealed();
    const step = Math.ceil(blob.byteLength / 24);
    for (let index = 0; index < blob.byteLength; index += step) {
      const changed = Uint8Array.from(blob, (byte, at) => (at === index ? byte ^ 1 : byte));
      const call = kms.send(new DecryptCommand({ CiphertextBlob: changed, EncryptionContext }));
      // Where the key's name is changed, the service cannot find the key and says no more than that.
      await expect(call).rejects.toHaveProperty("name", expect.stringMatching(/^(InvalidCiphertext|AccessDenied)Exception$/));
      const named = kms.send(new DecryptCommand({ KeyId: "alias/one", CiphertextBlob: changed, EncryptionContext }));
      await expect(named).rejects.toHaveProperty("name", expect.stringMatching(/^(InvalidCiphertext|IncorrectKey)Exception$/));
    }
    const prefix = kms.send(new DecryptCommand({ CiphertextBlob: blob.subarray(0, -1), EncryptionContext }));
    await expectRefusal(prefix, "InvalidCiphertextException");
  });

  test("give data keys with their ciphertext, of 16, 32 or a wanted number of bytes", async () => {
    const KeyId = "alias/one";
    const lengths = [{ KeySpec: "AES_128" as const }, { KeySpec: "AES_256" as const }, { NumberOfBytes: 64 }];
    for (const [index, wanted] of lengths.entries()) {
      const made = await kms.send(new GenerateDataKeyCommand({ KeyId, EncryptionContext, ...wanted }));
      expect(made.Plaintext).toHaveLength([16, 32, 64][index] ?? 0);
      expect(made.KeyMaterialId).toMatch(/^[0-9a-f]{64}$/);
      const opened = await kms.send(new DecryptCommand({ CiphertextBlob: made.CiphertextBlob, EncryptionContext }));
      expect(opened.Plaintext).toEqual(made.Plaintext);
    }
    const withheld = await kms.send(new GenerateDataKeyWithoutPlaintextCommand({ KeyId, KeySpec: "AES_256" }));
    expect(withheld).not.toHaveProperty("Plaintext");
    await expectRefusal(kms.send(new GenerateDataKeyCommand({ KeyId })), "ValidationException");
    await expectRefusal(
      kms.send(new GenerateDataKeyCommand({ KeyId, KeySpec: "AES_256", NumberOfBytes: 32 })),
      "ValidationException",
    );
  });

  test("re-encrypt from one key and context to another", async () => {
    const moved = await kms.send(
      new ReEncryptCommand({
        CiphertextBlob: await sealed(),
        SourceEncryptionContext: EncryptionContext,
        DestinationKeyId: "alias/two",
        DestinationEncryptionContext: { tenant: "t2" },
      }),
    );
    expect(moved).toMatchObject({ SourceKeyId: emulator.keyArn("alias/one"), KeyId: emulator.keyArn("alias/two") });
    expect(moved.DestinationKeyMaterialId).not.toBe(moved.SourceKeyMaterialId);
    const opened = await kms.send(
      new DecryptCommand({ CiphertextBlob: moved.CiphertextBlob, EncryptionContext: { tenant: "t2" } }),
    );
    expect(opened.Plaintext).toEqual(plaintext);
  });

  test("refuse plaintext that is empty or longer than 4096 bytes, and have no public key", async () => {
    const encrypt = (length: number): Promise<unknown> =>
      kms.send(new EncryptCommand({ KeyId: "alias/one", Plaintext: new Uint8Array(length) }));
    await encrypt(4096);
    await expectRefusal(encrypt(0), "ValidationException");
    await expectRefusal(encrypt(4097), "ValidationException");
    await expectRefusal(kms.send(new GetPublicKeyCommand({ KeyId: "alias/one" })), "UnsupportedOperationException");
  });

  test("tell nobody without permission whether a blob's key exists", async () => {
    const call = clientOf(emulator, stranger).send(new DecryptCommand({ CiphertextBlob: await sealed(), EncryptionContext }));
    await expectRefusal(call, "AccessDeniedException", "the resource associated with this ciphertext");
  });

  test("do not open in another region", async () => {
    const far = clientOf(emulator, undefined, "us-east-1");
    const CiphertextBlob = await sealed();
    await expectRefusal(far.send(new DecryptCommand({ CiphertextBlob, EncryptionContext })), "AccessDeniedException");
    const KeyId = emulator.keyArn("alias/one");
    await expectRefusal(far.send(new DecryptCommand({ KeyId, CiphertextBlob })), "NotFoundException", `Invalid arn ${region}`);
    await far.send(new EncryptCommand({ KeyId: "alias/far", Plaintext: plaintext }));
  });
});

describe("RSA keys", () => {
  const hashes: readonly [EncryptionAlgorithmSpec, string][] = [
    ["RSAES_OAEP_SHA_256", "sha256"],
    ["RSAES_OAEP_SHA_1", "sha1"],
  ];

  test.each(hashes)("open with %s what was wrapped offline with the public key", async (EncryptionAlgorithm, oaepHash) => {
    const padding = constants.RSA_PKCS1_OAEP_PADDING;
    const CiphertextBlob = publicEncrypt({ key: await publicKey(), padding, oaepHash }, plaintext);
    const opened = await kms.send(new DecryptCommand({ KeyId: "alias/rsa", EncryptionAlgorithm, CiphertextBlob }));
    expect(opened).toMatchObject({ KeyId: emulator.keyArn("alias/rsa"), EncryptionAlgorithm });
    expect(opened.Plaintext).toEqual(plaintext);
    expect(opened).not.toHaveProperty("KeyMaterialId");
  });

  test("open what they encrypted, and nothing of another key, hash or length", async () => {
    const EncryptionAlgorithm = "RSAES_OAEP_SHA_256";
    const KeyId = "alias/rsa";
    const { CiphertextBlob } = await kms.send(new EncryptCommand({ KeyId, Plaintext: plaintext, EncryptionAlgorithm }));
    expect(CiphertextBlob).toHaveLength(256);
    const decrypt = (change: object): Promise<{ Plaintext?: Uint8Array | undefined }> =>
      kms.send(new DecryptCommand({ KeyId, EncryptionAlgorithm, CiphertextBlob, ...change }));
    expect((await decrypt({})).Plaintext).toEqual(plaintext);
    await expectRefusal(decrypt({ KeyId: "alias/other-rsa" }), "InvalidCiphertextException");
    await expectRefusal(decrypt({ EncryptionAlgorithm: "RSAES_OAEP_SHA_1" }), "InvalidCiphertextException");
    await expectRefusal(decrypt({ CiphertextBlob: plaintext }), "InvalidCiphertextException");
    await expectRefusal(decrypt({ KeyId: "alias/one" }), "InvalidKeyUsageException");
    await expectRefusal(decrypt({ KeyId: undefined }), "ValidationException");
    await expectRefusal(decrypt({ EncryptionAlgorithm: undefined }), "InvalidCiphertextException");
  });

  test("refuse an encryption context, the symmetric algorithm, data keys and too long a plaintext", async () => {
    const rsa = { KeyId: "alias/rsa", Plaintext: plaintext, EncryptionAlgorithm: "RSAES_OAEP_SHA_256" } as const;
    const encrypt = (change: object): Promise<unknown> => kms.send(new EncryptCommand({ ...rsa, ...change }));
    await expectRefusal(encrypt({ EncryptionContext }), "ValidationException", "EncryptionContext is not supported");
    await expectRefusal(
      encrypt({ EncryptionAlgorithm: undefined }),
      "InvalidKeyUsageException",
      "incompatible with key spec RSA_2048",
    );
    await expectRefusal(encrypt({ EncryptionAlgorithm: "ROT13" }), "ValidationException", "enum value set");
    await expectRefusal(encrypt({ Plaintext: new Uint8Array(191) }), "ValidationException", "190 bytes");
    await encrypt({ Plaintext: new Uint8Array(190) });
    const dataKey = new GenerateDataKeyCommand({ KeyId: "alias/rsa", KeySpec: "AES_256" });
    await expectRefusal(kms.send(dataKey), "InvalidKeyUsageException");
  });

  test.each([
    ["RSA_3072", 318],
    ["RSA_4096", 446],
  ] as const)("of %s take up to %i bytes", async (keySpec, maxBytes) => {
    const KeyId = await emulator.createKey({ region, account, keySpec });
    const EncryptionAlgorithm = "RSAES_OAEP_SHA_256";
    const long = new Uint8Array(maxBytes).fill(1);
    const { CiphertextBlob } = await kms.send(new EncryptCommand({ KeyId, Plaintext: long, EncryptionAlgorithm }));
    const opened = await kms.send(new DecryptCommand({ KeyId, CiphertextBlob, EncryptionAlgorithm }));
    expect(opened.Plaintext).toEqual(long);
    const longer = new EncryptCommand({ KeyId, Plaintext: new Uint8Array(maxBytes + 1), EncryptionAlgorithm });
    await expectRefusal(kms.send(longer), "ValidationException", `${maxBytes} bytes`);
  });

  test("give their public key only while enabled", async () => {
    const { KeyUsage, KeySpec, KeyId } = await kms.send(new GetPublicKeyCommand({ KeyId: "alias/other-rsa" }));
    expect({ KeyUsage, KeySpec }).toEqual({ KeyUsage: "ENCRYPT_DECRYPT", KeySpec: "RSA_2048" });
    emulator.disableKey(KeyId ?? "");
    await expectRefusal(kms.send(new GetPublicKeyCommand({ KeyId })), "DisabledException");
    emulator.enableKey(KeyId ?? "");
  });
});

describe("a dry run", () => {
  test("says that the call would have succeeded, and gives nothing", async () => {
    const CiphertextBlob = await sealed();
    const dry = { KeyId: "alias/one", EncryptionContext, DryRun: true };
    await expectRefusal(kms.send(new EncryptCommand({ ...dry, Plaintext: plaintext })), "DryRunOperationException");
    await expectRefusal(kms.send(new GenerateDataKeyCommand({ ...dry, KeySpec: "AES_256" })), "DryRunOperationException");
    await expectRefusal(kms.send(new DecryptCommand({ ...dry, CiphertextBlob })), "DryRunOperationException");
    await expectRefusal(kms.send(new DecryptCommand({ ...dry, CiphertextBlob: plaintext })), "InvalidCiphertextException");
  });

  test("needs no ciphertext when it is to be ignored", async () => {
    const probe = (KeyId: string | undefined, EncryptionAlgorithm?: EncryptionAlgorithmSpec): Promise<unknown> =>
      kms.send(new DecryptCommand({ KeyId, EncryptionAlgorithm, DryRun: true, DryRunModifiers: ["IGNORE_CIPHERTEXT"] }));
    await expectRefusal(probe("alias/one"), "DryRunOperationException");
    await expectRefusal(probe("alias/rsa", "RSAES_OAEP_SHA_256"), "DryRunOperationException");
    await expectRefusal(probe("alias/rsa"), "InvalidKeyUsageException");
    await expectRefusal(probe(undefined), "ValidationException");
    const arn = emulator.keyArn("alias/one");
    emulator.deny(arn, { action: "Decrypt" });
    await expectRefusal(probe("alias/one"), "AccessDeniedException");
    emulator.allow(arn);
  });
});

test("what is not emulated is refused rather than ignored", async () => {
  const call = kms.send(new EncryptCommand({ KeyId: "alias/one", Plaintext: plaintext, GrantTokens: ["token"] }));
  await expectRefusal(call, "UnsupportedOperationException", "GrantTokens");
});
