import type { AwsAnswer, AwsClient, AwsCommand, AwsCredentials } from "../src/index.ts";

export const credentials: AwsCredentials = { accessKeyId: "AKIAEXAMPLE", secretAccessKey: "not-a-secret" };
export const keyArn = "arn:aws:kms:eu-west-1:111122223333:key/1234abcd-12ab-34cd-56ef-1234567890ab";
export const aliasArn = "arn:aws:kms:eu-west-1:111122223333:alias/customer/data";
export const cmk = { provider: "aws", resource: keyArn } as const;
export const materialId = "0b7fd7ddbac6eef27907413567cad8c810e2883dc8a7534067a82ee1142fc1e6";
export const context = { tenant: "acme" };

/** What DescribeKey says of a symmetric key, as the SDK gives it. */
export const metadata = {
  Arn: keyArn,
  KeyManager: "CUSTOMER",
  KeyUsage: "ENCRYPT_DECRYPT",
  KeySpec: "SYMMETRIC_DEFAULT",
  KeyState: "Enabled",
  Origin: "AWS_KMS",
  CurrentKeyMaterialId: materialId,
};

export interface FakeClient extends AwsClient {
  readonly commands: AwsCommand[];
}

/** A client that answers each command by its name. */
export function fakeClient(answers: Readonly<Record<string, AwsAnswer>>): FakeClient {
  const commands: AwsCommand[] = [];
  return {
    commands,
    async send(command) {
      commands.push(command);
      return answers[command.constructor.name] ?? {};
    },
  };
}
