import {
  DescribeKeyCommand,
  DisableKeyCommand,
  EncryptCommand,
  GenerateDataKeyCommand,
  GetKeyPolicyCommand,
  PutKeyPolicyCommand,
} from "@aws-sdk/client-kms";
import { afterAll, beforeAll, beforeEach, describe, expect, test } from "vitest";

import { type AwsEmulator, awsEmulator } from "../src/index.ts";
import { account, clientOf, expectRefusal, region, seedOf, stranger } from "./emulated-kms.ts";

const root = { AWS: `arn:aws:iam::${account}:root` };
const administrators = { Effect: "Allow", Principal: root, Action: "kms:*", Resource: "*" };
const strangerRole = { AWS: `arn:aws:iam::${stranger.account}:role/App` };
let emulator: AwsEmulator;
let kms: ReturnType<typeof clientOf>;
let theirs: ReturnType<typeof clientOf>;
let KeyId: string;

beforeAll(async () => {
  emulator = await awsEmulator({ seed: seedOf([{ alias: "alias/main" }]) });
  kms = clientOf(emulator);
  theirs = clientOf(emulator, stranger);
  KeyId = emulator.keyArn("alias/main");
});
beforeEach(() => emulator.allow(KeyId));
afterAll(() => emulator.close());

async function put(...statements: readonly object[]): Promise<void> {
  const Policy = JSON.stringify({ Version: "2012-10-17", Statement: [administrators, ...statements] });
  await kms.send(new PutKeyPolicyCommand({ KeyId, Policy }));
}

function dataKey(EncryptionContext?: Record<string, string>): GenerateDataKeyCommand {
  return new GenerateDataKeyCommand({ KeyId, KeySpec: "AES_256", EncryptionContext });
}

describe("a key policy", () => {
  test("lets nobody of another account in by default, nor tells them whether a key exists", async () => {
    await put();
    const missing = `arn:aws:kms:${region}:${account}:key/00000000-0000-4000-8000-000000000000`;
    for (const unseen of [KeyId, missing]) {
      await expectRefusal(
        theirs.send(new DescribeKeyCommand({ KeyId: unseen })),
        "AccessDeniedException",
        "does not exist in this Region",
      );
    }
  });

  test("lets a role of another account do what it names, and nothing else", async () => {
    await put({ Effect: "Allow", Principal: strangerRole, Action: ["kms:GenerateDataKey*"], Resource: "*" });
    expect((await theirs.send(dataKey())).KeyId).toBe(KeyId);
    await expectRefusal(theirs.send(new EncryptCommand({ KeyId, Plaintext: new Uint8Array(1) })), "AccessDeniedException");
  });

  test("never lets another account manage a key", async () => {
    await put({ Effect: "Allow", Principal: "*", Action: "kms:*", Resource: "*" });
    await theirs.send(dataKey());
    await expectRefusal(theirs.send(new DisableKeyCommand({ KeyId })), "AccessDeniedException");
  });

  test("allows by encryption context", async () => {
    const Condition = { StringEquals: { "kms:EncryptionContext:Tenant": ["t1", "t2"] } };
    await put({ Effect: "Allow", Principal: strangerRole, Action: "kms:GenerateDataKey", Resource: "*", Condition });
    await theirs.send(dataKey({ tenant: "t1" }));
    await theirs.send(dataKey({ tenant: "t2", more: "" }));
    await expectRefusal(theirs.send(dataKey({ tenant: "t3" })), "AccessDeniedException");
    await expectRefusal(theirs.send(dataKey()), "AccessDeniedException");
  });

  test("denies over every allow, by context, pattern and absence", async () => {
    const deny = { Effect: "Deny", Principal: "*", Action: "kms:GenerateDataKey", Resource: "*" };
    await put(
      { ...deny, Condition: { StringLike: { "kms:EncryptionContext:tenant": "blocked-*" } } },
      { ...deny, Condition: { Null: { "kms:EncryptionContext:tenant": "true" } } },
      { ...deny, Condition: { "ForAnyValue:StringEquals": { "kms:EncryptionContextKeys": "secret" } } },
    );
    await kms.send(dataKey({ tenant: "fine" }));
    await expectRefusal(kms.send(dataKey({ tenant: "blocked-1" })), "AccessDeniedException", "with an explicit deny");
    await expectRefusal(kms.send(dataKey()), "AccessDeniedException");
    await expectRefusal(kms.send(dataKey({ tenant: "fine", secret: "x" })), "AccessDeniedException");
    await put({ ...deny, Condition: { StringNotEquals: { "kms:EncryptionContext:tenant": "fine" } } });
    await expectRefusal(kms.send(dataKey()), "AccessDeniedException");
    await kms.send(dataKey({ tenant: "fine" }));
  });

  test("is given back as it was put", async () => {
    await put();
    const { Policy } = await kms.send(new GetKeyPolicyCommand({ KeyId }));
    expect(JSON.parse(Policy ?? "")).toEqual({ Version: "2012-10-17", Statement: [administrators] });
  });

  test("is refused when it is malformed, holds what is not emulated, or locks its author out", async () => {
    const attempt = (Policy: string): Promise<unknown> => kms.send(new PutKeyPolicyCommand({ KeyId, Policy }));
    await expectRefusal(attempt("{"), "MalformedPolicyDocumentException");
    const odd = { ...administrators, Condition: { IpAddress: { "aws:SourceIp": "10.0.0.0/8" } } };
    await expectRefusal(put(odd), "MalformedPolicyDocumentException", "IpAddress");
    await expectRefusal(put({ ...administrators, NotAction: "kms:Decrypt" }), "MalformedPolicyDocumentException", "NotAction");
    const lockout = JSON.stringify({ Statement: { ...administrators, Action: "kms:Describe*" } });
    await expectRefusal(attempt(lockout), "MalformedPolicyDocumentException", "in the future");
  });
});

describe("a denial by hand", () => {
  test("meets the action, principal and context it names, until it is taken back", async () => {
    await put({ Effect: "Allow", Principal: strangerRole, Action: "kms:*", Resource: "*" });
    emulator.deny(KeyId, { action: "GenerateDataKey", principal: stranger.arn, context: { tenant: "t1" } });
    await kms.send(dataKey({ tenant: "t1" }));
    await theirs.send(dataKey({ tenant: "t2" }));
    await expectRefusal(theirs.send(dataKey({ tenant: "t1" })), "AccessDeniedException");
    emulator.allow(KeyId);
    await theirs.send(dataKey({ tenant: "t1" }));
  });

  test("without a filter meets everything", async () => {
    emulator.deny(KeyId);
    await expectRefusal(kms.send(new DescribeKeyCommand({ KeyId })), "AccessDeniedException", "kms:DescribeKey");
  });
});
