import { randomBytes } from "node:crypto";
import { readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { type AwsEmulator, awsEmulator } from "@cmkit/emulators";
import { onTestFinished } from "vitest";

import { writeDevFile } from "../src/dev-file.ts";
import { cmkit, type Given, type Outcome } from "./command.ts";
import { devSample } from "./dev-sample.ts";
import { scratch } from "./scratch.ts";

const alias = "alias/main";
const otherAlias = "alias/other";
const credentials = { accessKeyId: "AKIATEST", secretAccessKey: "of-the-emulator" };
const account = "111122223333";

/** A directory with the file of a KMS emulator that runs in this process. */
export interface Workshop {
  readonly dir: string;
  readonly emulator: AwsEmulator;
  /** The ARN of a symmetric key. */
  readonly key: string;
  /** The same of another one. */
  readonly otherKey: string;
  readonly recordKey: Uint8Array;
  path(name: string): string;
  write(name: string, content: string | Uint8Array): void;
  read(name: string): string;
  /** Runs a command in the directory, until it ends by itself. */
  cmkit(argv: readonly string[], given?: Given): Promise<Outcome>;
  /** Seals or opens with the usual fields, tenant and table, through `--dev`. */
  seal(...more: readonly string[]): Promise<Outcome>;
  open(...more: readonly string[]): Promise<Outcome>;
}

/** Who, what and where, as most tests give it. */
export const usual: readonly string[] = [
  "--dev",
  "cmkit.dev.json",
  "--fields",
  "email,phone",
  "--row-id",
  "id",
  "--table",
  "customers",
  "--tenant",
  "acme",
];

export async function workshop(): Promise<Workshop> {
  const dir = scratch();
  const key = { region: "us-east-1", account, keySpec: "SYMMETRIC_DEFAULT" } as const;
  const seededKeys = [
    { ...key, alias },
    { ...key, alias: otherAlias },
  ];
  const principal = { ...credentials, account, arn: `arn:aws:iam::${account}:user/test` };
  const emulator = await awsEmulator({ seed: { cloud: "aws", principals: [principal], keys: seededKeys } });
  onTestFinished(async () => emulator.close());
  const symmetric = emulator.keyArn(alias);
  const recordKey = new Uint8Array(randomBytes(32));
  const { url: endpoint, controlToken, region } = emulator;
  const keys = { rsa2048: symmetric, rsa4096: symmetric, symmetric };
  const aws = { endpoint, controlToken, region, credentials, keys };
  await writeDevFile(join(dir, "cmkit.dev.json"), devSample({ recordKey, aws }));
  const run: Workshop["cmkit"] = async (argv, given = {}) =>
    cmkit(argv, { cwd: dir, untilAskedToEnd: async () => new Promise(() => {}), ...given });
  return {
    dir,
    emulator,
    key: symmetric,
    otherKey: emulator.keyArn(otherAlias),
    recordKey,
    path: (name) => join(dir, name),
    write: (name, content) => writeFileSync(join(dir, name), content),
    read: (name) => readFileSync(join(dir, name), "utf8"),
    cmkit: run,
    seal: async (...more) => run(["seal", ...usual, ...more]),
    open: async (...more) => run(["open", ...usual, ...more]),
  };
}
