import { randomUUID } from "node:crypto";
import { aws } from "@cmkit/aws";
import type { ConformanceFault, ConformanceHarness, ConformanceKey } from "@cmkit/core/testing";
import { awsEmulator, type AwsEmulator, type AwsKeySpec, type Fault, type FaultEffect } from "@cmkit/emulators";
import { rsaSizes, type OpenHarness } from "./open-harness.ts";

const place = { region: "eu-west-1", account: "111122223333" } as const;
const prefix = `arn:aws:kms:${place.region}:${place.account}`;

const operations = {
  describe: "DescribeKey",
  publicKey: "GetPublicKey",
  wrap: "Encrypt",
  unwrap: "Decrypt",
  generateDataKey: "GenerateDataKey",
} as const;

/** The AWS adapter over the official SDK, against an emulator with keys of every kind. */
export async function awsHarness(sizes = rsaSizes): Promise<OpenHarness> {
  const emulator = await awsEmulator({ seed: { cloud: "aws", region: place.region, principals: [operator], keys: [] } });
  const keys = [await conformanceKey(emulator, "SYMMETRIC_DEFAULT", 256)];
  for (const bits of sizes) keys.push(await conformanceKey(emulator, `RSA_${bits}` as AwsKeySpec, bits));
  const harness: ConformanceHarness = {
    adapter: () => aws({ endpoint: emulator.url, credentials: emulator.credentials }),
    keys,
    missing: `${prefix}:key/${randomUUID()}`,
    invalid: [
      randomUUID(),
      "alias/cmkit",
      `${prefix}:key/`,
      `${prefix}:key/not-a-uuid`,
      `${prefix}:key/${randomUUID().toUpperCase()}`,
      `${prefix}:key/../key/${randomUUID()}`,
      `${prefix}:alias/aws/s3`,
      `arn:aws:kms:eu-west-1.attacker.example/:${place.account}:key/${randomUUID()}`,
      `arn:aws:kms::${place.account}:key/${randomUUID()}`,
      `arn:aws:s3:${place.region}:${place.account}:key/${randomUUID()}`,
      `arn:other:kms:${place.region}:${place.account}:key/${randomUUID()}`,
    ],
    emulated: true,
    secrets: [operator.secretAccessKey, operator.accessKeyId, operator.arn],
    controls: {
      setState: (arn, state) => setState(emulator, arn, state),
      setAccess: (arn, access) => (access === "denied" ? emulator.deny(arn) : emulator.allow(arn)),
      rotate: (arn) => emulator.rotate(arn),
      fault: (fault) => void emulator.faults.add(faultOf(fault)),
    },
    requests: () => Object.values(emulator.counts()).reduce((sum, count) => sum + count, 0),
    reset: () => {
      emulator.faults.clear();
      for (const { arn } of emulator.keys) {
        emulator.allow(arn);
        setState(emulator, arn, "enabled");
      }
    },
  };
  return { harness, close: async () => emulator.close() };
}

const operator = {
  accessKeyId: "AKIACONFORMANCE00001",
  secretAccessKey: "conformance/secret+access/key",
  account: place.account,
  arn: `arn:aws:iam::${place.account}:user/conformance`,
} as const;

const unrotated = "AWS KMS does not rotate asymmetric keys";

async function conformanceKey(emulator: AwsEmulator, keySpec: AwsKeySpec, bits: number): Promise<ConformanceKey> {
  const name = `alias/${keySpec.toLowerCase()}`;
  const resource = await emulator.createKey({ ...place, keySpec, alias: name });
  const other = await emulator.createKey({ ...place, keySpec });
  const common = { bits, resource, other, alias: `${prefix}:${name}` };
  if (keySpec === "SYMMETRIC_DEFAULT") return { ...common, kind: "symmetric", versions: "generated" };
  const skips = {
    "opens old wraps after a rotation and makes new ones under the new version": unrotated,
    "opens no wrap under the label of another version": unrotated,
  };
  return { ...common, kind: "rsa", versions: "none", skips };
}

function setState(emulator: AwsEmulator, arn: string, state: "enabled" | "disabled" | "pending-deletion"): void {
  const pending = emulator.keys.find((key) => key.arn === arn)?.keyState === "PendingDeletion";
  if (state === "pending-deletion") emulator.scheduleKeyDeletion(arn);
  else {
    if (pending) emulator.cancelKeyDeletion(arn);
    if (state === "enabled") emulator.enableKey(arn);
    else emulator.disableKey(arn);
  }
}

function faultOf({ kind, operation, resource, times, other, text }: ConformanceFault): Fault {
  const effects: Record<ConformanceFault["kind"], FaultEffect> = {
    throttle: { fault: "throttle" },
    unavailable: { fault: "server-error" },
    hang: { fault: "latency", latencyMs: 30_000 },
    html: { fault: "html-body" },
    empty: { fault: "empty-body" },
    "another-key": { fault: "other-key", answerKey: other },
    "wrong-length": { fault: "plaintext-length", bytes: 31 },
    talkative: { fault: "error", name: "SomeNewException", message: text },
  };
  return { ...effects[kind], operation: operations[operation], key: resource, times };
}
