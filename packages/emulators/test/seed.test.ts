import { generateKeyPairSync } from "node:crypto";

import { DecryptCommand, DescribeKeyCommand, EncryptCommand, GetPublicKeyCommand } from "@aws-sdk/client-kms";
import { describe, expect, test } from "vitest";

import { awsEmulator, type AwsSeed, defaultAwsSeed, parseAwsSeed } from "../src/index.ts";
import { clientOf, expectRefusal, manualClock, operator, region, seedOf, startForTest, stranger } from "./emulated-kms.ts";

const plaintext = new Uint8Array(32).fill(9);
const rsa = { EncryptionAlgorithm: "RSAES_OAEP_SHA_256" } as const;

describe("a snapshot", () => {
  test("brings keys, aliases, states, denials and rotated material back after a restart", async () => {
    const clock = manualClock();
    const seed = seedOf([
      { alias: "alias/rotated", aliases: ["alias/second"] },
      { alias: "alias/rsa", keySpec: "RSA_2048" },
      { alias: "alias/disabled" },
      { alias: "alias/leaving" },
      { alias: "alias/denied" },
      { alias: "alias/empty", origin: "EXTERNAL", keyState: "PendingImport" },
    ]);
    const blobs: Uint8Array[] = [];
    const first = await startForTest({ seed, clock });
    const firstKms = clientOf(first);
    const seal = async (KeyId: string, more: object = {}): Promise<void> => {
      const { CiphertextBlob } = await firstKms.send(new EncryptCommand({ KeyId, Plaintext: plaintext, ...more }));
      if (CiphertextBlob !== undefined) blobs.push(CiphertextBlob);
    };
    await seal("alias/rotated");
    first.rotate(first.keyArn("alias/rotated"));
    await seal("alias/rotated");
    await seal("alias/rsa", rsa);
    first.disableKey(first.keyArn("alias/disabled"));
    first.scheduleKeyDeletion(first.keyArn("alias/leaving"), 7);
    first.deny(first.keyArn("alias/denied"), { action: "Encrypt" });
    const document = JSON.stringify(first.snapshot());

    const second = await startForTest({ seed: JSON.parse(document) as AwsSeed, clock });
    const kms = clientOf(second);
    const [before, after, wrapped] = blobs;
    expect((await kms.send(new DecryptCommand({ CiphertextBlob: before }))).Plaintext).toEqual(plaintext);
    expect((await kms.send(new DecryptCommand({ CiphertextBlob: after, KeyId: "alias/second" }))).Plaintext).toEqual(plaintext);
    const opened = await kms.send(new DecryptCommand({ CiphertextBlob: wrapped, KeyId: "alias/rsa", ...rsa }));
    expect(opened.Plaintext).toEqual(plaintext);
    const states = Object.fromEntries(second.keys.map(({ aliases, keyState }) => [aliases[0], keyState]));
    expect(states).toMatchObject({
      "alias/disabled": "Disabled",
      "alias/leaving": "PendingDeletion",
      "alias/empty": "PendingImport",
    });
    await expectRefusal(kms.send(new EncryptCommand({ KeyId: "alias/denied", Plaintext: plaintext })), "AccessDeniedException");
    expect(JSON.stringify(second.snapshot())).toBe(document);
  });

  test("keeps a key without material without, also while its deletion is pending", async () => {
    const first = await startForTest({ seed: seedOf([{ alias: "alias/empty", origin: "EXTERNAL", keyState: "PendingImport" }]) });
    first.scheduleKeyDeletion(first.keyArn("alias/empty"));
    const second = await startForTest({ seed: first.snapshot() });
    second.cancelKeyDeletion(second.keyArn("alias/empty"));
    expect(second.keys[0]?.keyState).toBe("PendingImport");
  });

  test("keeps expired material expired", async () => {
    const clock = manualClock();
    const validTo = new Date(clock.nowMs + 1000).toISOString();
    const first = await startForTest({ seed: seedOf([{ origin: "EXTERNAL", validTo }]), clock });
    clock.nowMs += 1000;
    const second = await startForTest({ seed: first.snapshot(), clock });
    expect(second.keys[0]?.keyState).toBe("PendingImport");
  });
});

describe("a seed", () => {
  test("takes material, so that the same keys come back each time", async () => {
    const { privateKey } = generateKeyPairSync("rsa", { modulusLength: 2048 });
    const pem = privateKey.export({ type: "pkcs8", format: "pem" });
    const aes = Buffer.alloc(32, 5).toString("base64");
    const keys = [
      { alias: "alias/aes", material: aes, keyId: "11111111-2222-4333-8444-555555555555" },
      { alias: "alias/rsa", keySpec: "RSA_2048" as const, material: pem },
    ];
    const one = await startForTest({ seed: seedOf(keys) });
    const other = await startForTest({ seed: seedOf(keys) });
    const { CiphertextBlob } = await clientOf(one).send(new EncryptCommand({ KeyId: "alias/aes", Plaintext: plaintext }));
    expect((await clientOf(other).send(new DecryptCommand({ CiphertextBlob }))).Plaintext).toEqual(plaintext);
    const publicKeys = await Promise.all(
      [one, other].map((emulator) => clientOf(emulator).send(new GetPublicKeyCommand({ KeyId: "alias/rsa" }))),
    );
    expect(publicKeys[0]?.PublicKey).toEqual(publicKeys[1]?.PublicKey);
  });

  test("by default has one operator with throw-away credentials and a key of each common kind", async () => {
    const seed = defaultAwsSeed({ region: "eu-central-1" });
    expect(defaultAwsSeed().principals[0]?.secretAccessKey).not.toBe(seed.principals[0]?.secretAccessKey);
    expect(seed.keys.map(({ alias, keySpec }) => [alias, keySpec])).toEqual([
      ["alias/cmkit-rsa-2048", "RSA_2048"],
      ["alias/cmkit-rsa-4096", "RSA_4096"],
      ["alias/cmkit-symmetric", "SYMMETRIC_DEFAULT"],
    ]);
    const light = { ...seed, keys: seed.keys.filter(({ keySpec }) => keySpec !== "RSA_4096") };
    const emulator = await startForTest({ seed: light });
    const kms = clientOf(emulator, { ...operator, ...emulator.credentials }, emulator.region);
    const found = await kms.send(new DescribeKeyCommand({ KeyId: "alias/cmkit-symmetric" }));
    expect(found.KeyMetadata?.Arn).toBe(emulator.keyArn("alias/cmkit-symmetric"));
  });

  const key = { region, account: operator.account, keySpec: "RSA_2048" };
  const base = { cloud: "aws", principals: [operator], keys: [] };
  test.each<[string, unknown, string]>([
    ["another cloud", { ...base, cloud: "gcp" }, 'seed.cloud: expected one of aws, got "gcp"'],
    ["no principals", { ...base, principals: [] }, "seed.principals: expected at least one"],
    [
      "a missing secret",
      { ...base, principals: [{ ...operator, secretAccessKey: undefined }] },
      "seed.principals[0].secretAccessKey: expected a secret of 1 to 256 characters, got nothing",
    ],
    ["an unknown field", { ...base, keys: [{ ...key, colour: "red" }] }, 'got "colour"'],
    [
      "an unknown key spec",
      { ...base, keys: [{ ...key, keySpec: "RSA_1024" }] },
      'seed.keys[0].keySpec: expected one of RSA_2048, RSA_3072, RSA_4096, SYMMETRIC_DEFAULT, got "RSA_1024"',
    ],
    ["a key id that is none", { ...base, keys: [{ ...key, keyId: "main" }] }, "seed.keys[0].keyId: expected a UUID or mrk-"],
    ["a date that is none", { ...base, keys: [{ ...key, validTo: "soon" }] }, "seed.keys[0].validTo: expected an instant"],
  ])("is refused with %s, and the error says where", (_name, value, message) => {
    expect(() => parseAwsSeed(value)).toThrow(message);
  });

  test.each<[string, object, string]>([
    ["material of another length", { material: "AAAA" }, "expected base64 of 32 bytes"],
    ["material of another kind", { keySpec: "RSA_2048", material: "AAAA" }, "expected a PKCS#8 PEM"],
    ["an mrk id that is not multi-Region", { keyId: `mrk-${"0".repeat(32)}`, multiRegion: false }, "expected an id with mrk-"],
    ["no material where the service makes it", { materials: [] }, "expected material, or origin EXTERNAL"],
    ["the same alias twice", { alias: "alias/a", aliases: ["alias/a"] }, "expected each alias once"],
    ["pending import of the service's own material", { keyState: "PendingImport" }, "expected origin EXTERNAL"],
  ])("does not start with %s", async (_name, change, message) => {
    const starting = awsEmulator({ seed: seedOf([change]) });
    await expect(starting).rejects.toThrow(message);
    await expect(starting).rejects.not.toThrow("AAAA");
  });

  test("holds every principal it was given", async () => {
    const emulator = await startForTest({ seed: seedOf([]) });
    expect(emulator.snapshot().principals).toEqual([operator, stranger]);
    expect(emulator.credentials).toEqual({ accessKeyId: operator.accessKeyId, secretAccessKey: operator.secretAccessKey });
  });
});
