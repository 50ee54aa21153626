import {
  CancelKeyDeletionCommand,
  CreateAliasCommand,
  CreateKeyCommand,
  DecryptCommand,
  DeleteAliasCommand,
  DescribeKeyCommand,
  DisableKeyCommand,
  DisableKeyRotationCommand,
  EnableKeyCommand,
  EnableKeyRotationCommand,
  EncryptCommand,
  GenerateDataKeyCommand,
  GetKeyRotationStatusCommand,
  GetPublicKeyCommand,
  ListAliasesCommand,
  ListKeyRotationsCommand,
  RotateKeyOnDemandCommand,
  ScheduleKeyDeletionCommand,
  UpdateAliasCommand,
} from "@aws-sdk/client-kms";
import { afterAll, beforeAll, describe, expect, test } from "vitest";

import { type AwsEmulator, awsEmulator } from "../src/index.ts";
import { account, clientOf, expectRefusal, manualClock, operator, region, seedOf } from "./emulated-kms.ts";

const dayMs = 86_400_000;
const plaintext = new Uint8Array(32).fill(7);
const clock = manualClock();
const mrk = `mrk-${"0f".repeat(16)}`;
let emulator: AwsEmulator;
let kms: ReturnType<typeof clientOf>;

beforeAll(async () => {
  const seed = seedOf([
    { alias: "alias/rsa", keySpec: "RSA_2048" },
    { alias: "alias/aws/rds", keyManager: "AWS" },
    { alias: "alias/empty", origin: "EXTERNAL", keyState: "PendingImport" },
    { alias: "alias/expiring", origin: "EXTERNAL", validTo: new Date(clock.nowMs + dayMs).toISOString() },
    { alias: "alias/global", keyId: mrk },
    { keyId: mrk, region: "us-east-1" },
  ]);
  emulator = await awsEmulator({ seed, clock });
  kms = clientOf(emulator);
});
afterAll(() => emulator.close());

async function create(): Promise<string> {
  const { KeyMetadata: made } = await kms.send(new CreateKeyCommand({}));
  return made?.Arn ?? "";
}

describe("key lifecycle", () => {
  test("creates a symmetric key by default and describes it by id, ARN, alias and alias ARN", async () => {
    const { KeyMetadata: made } = await kms.send(new CreateKeyCommand({ Description: "first" }));
    await kms.send(new CreateAliasCommand({ AliasName: "alias/first", TargetKeyId: made?.KeyId }));
    expect(made).toMatchObject({ AWSAccountId: account, KeySpec: "SYMMETRIC_DEFAULT", KeyState: "Enabled", Enabled: true });
    expect(made).toMatchObject({ KeyManager: "CUSTOMER", Origin: "AWS_KMS", MultiRegion: false, Description: "first" });
    expect(made?.Arn).toMatch(new RegExp(`^arn:aws:kms:${region}:${account}:key/[0-9a-f-]{36}$`));
    expect(made?.CurrentKeyMaterialId).toMatch(/^[0-9a-f]{64}$/);
    expect(Math.abs((made?.CreationDate?.getTime() ?? 0) - clock.nowMs)).toBeLessThan(1000);
    for (const KeyId of [made?.KeyId, made?.Arn, "alias/first", `arn:aws:kms:${region}:${account}:alias/first`]) {
      expect((await kms.send(new DescribeKeyCommand({ KeyId }))).KeyMetadata).toEqual(made);
    }
  });

  test("creates RSA keys only with a usage, and describes their algorithms", async () => {
    await expectRefusal(kms.send(new CreateKeyCommand({ KeySpec: "RSA_2048" })), "ValidationException", "KeyUsage");
    const { KeyMetadata: made } = await kms.send(new CreateKeyCommand({ KeySpec: "RSA_2048", KeyUsage: "ENCRYPT_DECRYPT" }));
    expect(made?.EncryptionAlgorithms).toEqual(["RSAES_OAEP_SHA_1", "RSAES_OAEP_SHA_256"]);
    expect(made?.CurrentKeyMaterialId).toBeUndefined();
  });

  test("gives multi-Region keys an mrk id", async () => {
    const { KeyMetadata: made } = await kms.send(new CreateKeyCommand({ MultiRegion: true }));
    expect(made?.KeyId).toMatch(/^mrk-[0-9a-f]{32}$/);
    expect(made?.MultiRegionConfiguration?.MultiRegionKeyType).toBe("PRIMARY");
  });

  test("lets a replica open what the primary encrypted, and names both", async () => {
    const { CiphertextBlob } = await kms.send(new EncryptCommand({ KeyId: mrk, Plaintext: plaintext }));
    const elsewhere = clientOf(emulator, operator, "us-east-1");
    const replica = `arn:aws:kms:us-east-1:${account}:key/${mrk}`;
    expect((await elsewhere.send(new DecryptCommand({ KeyId: replica, CiphertextBlob }))).KeyId).toBe(replica);
    expect((await elsewhere.send(new DecryptCommand({ CiphertextBlob }))).Plaintext).toEqual(plaintext);
    const { KeyMetadata: found } = await elsewhere.send(new DescribeKeyCommand({ KeyId: replica }));
    expect(found?.MultiRegionConfiguration).toMatchObject({ MultiRegionKeyType: "REPLICA", PrimaryKey: { Region: region } });
    await expectRefusal(elsewhere.send(new RotateKeyOnDemandCommand({ KeyId: mrk })), "UnsupportedOperationException");
  });

  test("tells apart what does not exist, is elsewhere or is no name at all", async () => {
    const missing = `arn:aws:kms:${region}:${account}:key/00000000-0000-4000-8000-000000000000`;
    await expectRefusal(
      kms.send(new DescribeKeyCommand({ KeyId: missing })),
      "NotFoundException",
      `Key '${missing}' does not exist`,
    );
    await expectRefusal(kms.send(new DescribeKeyCommand({ KeyId: "alias/none" })), "NotFoundException", "is not found.");
    await expectRefusal(kms.send(new DescribeKeyCommand({ KeyId: "nonsense" })), "NotFoundException", "Invalid keyId");
    await expectRefusal(kms.send(new DescribeKeyCommand({ KeyId: "arn:aws:s3:::x" })), "InvalidArnException");
    const foreign = missing.replace(region, "us-east-1");
    await expectRefusal(kms.send(new DescribeKeyCommand({ KeyId: foreign })), "NotFoundException", "Invalid arn us-east-1");
  });

  test("refuses a disabled key by name, and serves it again once enabled", async () => {
    const KeyId = await create();
    await kms.send(new DisableKeyCommand({ KeyId }));
    expect((await kms.send(new DescribeKeyCommand({ KeyId }))).KeyMetadata).toMatchObject({
      KeyState: "Disabled",
      Enabled: false,
    });
    await expectRefusal(kms.send(new GenerateDataKeyCommand({ KeyId, KeySpec: "AES_256" })), "DisabledException", "is disabled.");
    await kms.send(new EnableKeyCommand({ KeyId }));
    expect((await kms.send(new GenerateDataKeyCommand({ KeyId, KeySpec: "AES_256" }))).Plaintext).toHaveLength(32);
  });

  test("schedules a deletion, cancels it into Disabled, and deletes when the time has come", async () => {
    const KeyId = await create();
    const answer = await kms.send(new ScheduleKeyDeletionCommand({ KeyId, PendingWindowInDays: 7 }));
    expect(answer).toMatchObject({ KeyId, KeyState: "PendingDeletion", PendingWindowInDays: 7 });
    const use = new EncryptCommand({ KeyId, Plaintext: plaintext });
    await expectRefusal(kms.send(use), "KMSInvalidStateException", "is pending deletion.");
    await expectRefusal(kms.send(new EnableKeyCommand({ KeyId })), "KMSInvalidStateException");
    await kms.send(new CancelKeyDeletionCommand({ KeyId }));
    await expectRefusal(kms.send(use), "DisabledException");
    await expectRefusal(kms.send(new CancelKeyDeletionCommand({ KeyId })), "KMSInvalidStateException", "not pending deletion");

    emulator.scheduleKeyDeletion(KeyId, 7);
    const before = clock.nowMs;
    clock.nowMs += 7 * dayMs;
    expect(emulator.keys.map(({ arn }) => arn)).not.toContain(KeyId);
    clock.nowMs = before;
    await expectRefusal(kms.send(new DescribeKeyCommand({ KeyId })), "NotFoundException");
  });

  test("shows a key without imported material, or with expired material, as pending import", async () => {
    const use = (KeyId: string): Promise<unknown> => kms.send(new EncryptCommand({ KeyId, Plaintext: plaintext }));
    await expectRefusal(use("alias/empty"), "KMSInvalidStateException", "is pending import.");
    await use("alias/expiring");
    const describeExpiring = new DescribeKeyCommand({ KeyId: "alias/expiring" });
    expect((await kms.send(describeExpiring)).KeyMetadata).toMatchObject({
      Origin: "EXTERNAL",
      ExpirationModel: "KEY_MATERIAL_EXPIRES",
    });
    emulator.scheduleKeyDeletion(emulator.keyArn("alias/empty"));
    emulator.cancelKeyDeletion(emulator.keyArn("alias/empty"));
    const before = clock.nowMs;
    clock.nowMs += dayMs;
    const keys = new Map(emulator.keys.map(({ arn, keyState }) => [arn, keyState]));
    clock.nowMs = before;
    expect(keys.get(emulator.keyArn("alias/expiring"))).toBe("PendingImport");
    expect(keys.get(emulator.keyArn("alias/empty"))).toBe("PendingImport");
  });

  test("shows an AWS managed key, and lets nobody use it", async () => {
    const { KeyMetadata: found } = await kms.send(new DescribeKeyCommand({ KeyId: "alias/aws/rds" }));
    expect(found?.KeyManager).toBe("AWS");
    await expectRefusal(kms.send(new EncryptCommand({ KeyId: "alias/aws/rds", Plaintext: plaintext })), "AccessDeniedException");
    const mine = new CreateAliasCommand({ AliasName: "alias/aws/mine", TargetKeyId: found?.KeyId });
    await expectRefusal(kms.send(mine), "InvalidAliasNameException");
  });
});

describe("aliases", () => {
  test("are created once, moved, listed and deleted", async () => {
    const [one, other] = [await create(), await create()];
    const AliasName = "alias/moving";
    await kms.send(new CreateAliasCommand({ AliasName, TargetKeyId: one }));
    await expectRefusal(kms.send(new CreateAliasCommand({ AliasName, TargetKeyId: one })), "AlreadyExistsException");
    await kms.send(new UpdateAliasCommand({ AliasName, TargetKeyId: other }));
    expect((await kms.send(new ListAliasesCommand({ KeyId: other }))).Aliases).toMatchObject([{ AliasName }]);
    const described = await kms.send(new DescribeKeyCommand({ KeyId: AliasName }));
    expect(described.KeyMetadata?.Arn).toBe(other);
    await kms.send(new DeleteAliasCommand({ AliasName }));
    await expectRefusal(kms.send(new DescribeKeyCommand({ KeyId: AliasName })), "NotFoundException");
  });

  test("cannot name the key of a management operation", async () => {
    await expectRefusal(kms.send(new DisableKeyCommand({ KeyId: "alias/rsa" })), "NotFoundException", "Invalid keyId");
  });
});

describe("rotation", () => {
  test("on demand gives new material, and what was encrypted before still opens with its own", async () => {
    const KeyId = await create();
    const before = await kms.send(new GenerateDataKeyCommand({ KeyId, KeySpec: "AES_256" }));
    await kms.send(new RotateKeyOnDemandCommand({ KeyId }));
    const after = await kms.send(new GenerateDataKeyCommand({ KeyId, KeySpec: "AES_256" }));
    expect(after.KeyMaterialId).not.toBe(before.KeyMaterialId);
    const opened = await kms.send(new DecryptCommand({ KeyId, CiphertextBlob: before.CiphertextBlob }));
    expect(opened).toMatchObject({ KeyMaterialId: before.KeyMaterialId, Plaintext: before.Plaintext });
    const described = await kms.send(new DescribeKeyCommand({ KeyId }));
    expect(described.KeyMetadata?.CurrentKeyMaterialId).toBe(after.KeyMaterialId);

    const rotations = await kms.send(new ListKeyRotationsCommand({ KeyId }));
    expect(rotations.Rotations).toMatchObject([
      { RotationType: "ON_DEMAND", KeyMaterialState: "CURRENT", KeyMaterialId: after.KeyMaterialId },
    ]);
    const all = await kms.send(new ListKeyRotationsCommand({ KeyId, IncludeKeyMaterial: "ALL_KEY_MATERIAL" }));
    expect(all.Rotations?.map(({ KeyMaterialId }) => KeyMaterialId)).toEqual([before.KeyMaterialId, after.KeyMaterialId]);
  });

  test("on demand is refused for RSA, for imported and for disabled keys, and after 25 times", async () => {
    const rotate = (KeyId: string): Promise<unknown> => kms.send(new RotateKeyOnDemandCommand({ KeyId }));
    await expectRefusal(rotate(emulator.keyArn("alias/rsa")), "UnsupportedOperationException");
    await expectRefusal(rotate(emulator.keyArn("alias/expiring")), "KMSInvalidStateException", "pending rotation");
    const KeyId = await create();
    emulator.disableKey(KeyId);
    await expectRefusal(rotate(KeyId), "DisabledException");
    emulator.enableKey(KeyId);
    for (let times = 0; times < 25; times += 1) emulator.rotate(KeyId);
    await expectRefusal(rotate(KeyId), "LimitExceededException");
  });

  test("automatic is a setting of symmetric keys", async () => {
    const KeyId = await create();
    const status = new GetKeyRotationStatusCommand({ KeyId });
    expect((await kms.send(status)).KeyRotationEnabled).toBe(false);
    await kms.send(new EnableKeyRotationCommand({ KeyId, RotationPeriodInDays: 90 }));
    expect(await kms.send(status)).toMatchObject({ KeyRotationEnabled: true, RotationPeriodInDays: 90 });
    await kms.send(new DisableKeyRotationCommand({ KeyId }));
    expect((await kms.send(status)).KeyRotationEnabled).toBe(false);
    const rsa = emulator.keyArn("alias/rsa");
    await expectRefusal(kms.send(new EnableKeyRotationCommand({ KeyId: rsa })), "UnsupportedOperationException");
    expect((await kms.send(new GetKeyRotationStatusCommand({ KeyId: rsa }))).KeyRotationEnabled).toBe(false);
  });
});

test("an operation that is not emulated is unknown", async () => {
  const { ListGrantsCommand } = await import("@aws-sdk/client-kms");
  await expectRefusal(kms.send(new ListGrantsCommand({ KeyId: mrk })), "UnknownOperationException");
  await expectRefusal(kms.send(new GetPublicKeyCommand({ KeyId: "alias/empty" })), "UnsupportedOperationException");
});
