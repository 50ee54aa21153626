import { KMSClient } from "@aws-sdk/client-kms";
import { expect, onTestFinished } from "vitest";

import {
  type AwsEmulator,
  awsEmulator,
  type AwsEmulatorOptions,
  type AwsSeed,
  type AwsSeedKey,
  type AwsSeedPrincipal,
} from "../src/index.ts";

export const region = "eu-west-1";
export const account = "111122223333";

/** Made-up principals: an operator who owns the keys, and a role of another account. */
export const operator: AwsSeedPrincipal = {
  accessKeyId: "AKIAOPERATOR",
  secretAccessKey: "made-up-operator-secret",
  account,
  arn: `arn:aws:iam::${account}:user/operator`,
};
export const stranger: AwsSeedPrincipal = {
  accessKeyId: "AKIASTRANGER",
  secretAccessKey: "made-up-stranger-secret",
  account: "444455556666",
  arn: "arn:aws:sts::444455556666:assumed-role/App/session-1",
};

/** A seed with the two principals and these keys, all in one place. */
export function seedOf(keys: readonly Partial<AwsSeedKey>[]): AwsSeed {
  const place = { region, account, keySpec: "SYMMETRIC_DEFAULT" as const };
  return { cloud: "aws", region, principals: [operator, stranger], keys: keys.map((key) => Object.assign({}, place, key)) };
}

/** The official client, pointed at an emulator; it tries once. */
export function clientOf(
  emulator: Pick<AwsEmulator, "url">,
  principal: AwsSeedPrincipal = operator,
  inRegion = region,
): KMSClient {
  const { accessKeyId, secretAccessKey, sessionToken } = principal;
  return new KMSClient({
    region: inRegion,
    endpoint: emulator.url,
    maxAttempts: 1,
    credentials: { accessKeyId, secretAccessKey, ...(sessionToken === undefined ? {} : { sessionToken }) },
  });
}

/** Expects a refusal with this name; the message holds `part`. */
export async function expectRefusal(call: Promise<unknown>, name: string, part = ""): Promise<void> {
  const error = await call.then(
    () => new Error("the call succeeded"),
    (reason: unknown) => reason as Error,
  );
  expect(error.name).toBe(name);
  expect(error.message).toContain(part);
}

/** A clock that a test moves by hand. */
export function manualClock(nowMs = Date.now()): { (): number; nowMs: number } {
  const clock = Object.assign(() => clock.nowMs, { nowMs });
  return clock;
}

/** An emulator for one test, closed when the test ends. */
export async function startForTest(options: AwsEmulatorOptions): Promise<AwsEmulator> {
  const emulator = await awsEmulator(options);
  onTestFinished(() => emulator.close());
  return emulator;
}
