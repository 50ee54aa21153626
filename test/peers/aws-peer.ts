import { randomUUID } from "node:crypto";
import {
  CancelKeyDeletionCommand,
  CreateAliasCommand,
  CreateKeyCommand,
  DescribeKeyCommand,
  DisableKeyCommand,
  EnableKeyCommand,
  KMSClient,
  ScheduleKeyDeletionCommand,
  type KeySpec,
} from "@aws-sdk/client-kms";
import { aws } from "@cmkit/aws";
import type { ConformanceHarness, ConformanceKey } from "@cmkit/core/testing";
import { conformancePeer } from "./conformance-peer.ts";
import type { Peer } from "./peer.ts";
import { freePort, startServer, type ServerCommand } from "./started-process.ts";

/** What differs between emulators of AWS KMS by strangers. */
export interface AwsPeer extends Pick<Peer, "name" | "from" | "deviations" | "untried" | "install"> {
  command(port: number): Omit<ServerCommand, "name">;
  readonly keys: readonly AwsPeerKey[];
}

export interface AwsPeerKey extends Pick<ConformanceKey, "versions"> {
  readonly keySpec: KeySpec;
  readonly bits: number;
}

const region = "eu-west-1";
const account = "123456789012";
const prefix = `arn:aws:kms:${region}:${account}`;
const credentials = { accessKeyId: "AKIAPEERS00000000001", secretAccessKey: "peers/secret+access/key" } as const;

/** Our adapter over the official SDK, against an emulator of AWS KMS by strangers; keys are made over its own API. */
export function awsPeer(peer: AwsPeer): Peer {
  return conformancePeer({
    ...peer,
    paper: harness(peer, "http://127.0.0.1:1", peer.keys.map(paperKey)),
    async start() {
      const port = await freePort();
      const stop = await startServer({ name: peer.name, ...peer.command(port) });
      const endpoint = `http://127.0.0.1:${port}`;
      const keys = await Promise.all(peer.keys.map(async (key) => createKeys(client(endpoint), key)));
      return { harness: harness(peer, endpoint, keys), stop };
    },
  });
}

function client(endpoint: string): KMSClient {
  return new KMSClient({ region, endpoint, credentials, maxAttempts: 1 });
}

function harness(peer: AwsPeer, endpoint: string, keys: readonly ConformanceKey[]): ConformanceHarness {
  const kms = client(endpoint);
  return {
    adapter: () => aws({ endpoint, credentials }),
    keys,
    missing: `${prefix}:key/${randomUUID()}`,
    invalid: ["alias/cmkit", `${prefix}:key/`, `${prefix}:key/../key/${randomUUID()}`],
    emulated: true,
    secrets: Object.values(credentials),
    controls: {
      setState: async (arn, state) => setState(kms, arn, state),
      setAccess: `${peer.name} cannot deny a key to its caller`,
      rotate: `${peer.name} does not rotate a key's material`,
      fault: `${peer.name} makes no faults on demand`,
    },
  };
}

async function setState(kms: KMSClient, arn: string, state: "enabled" | "disabled" | "pending-deletion"): Promise<void> {
  // Not by its ARN: moto answers 500 to that.
  const KeyId = arn.slice(arn.lastIndexOf("/") + 1);
  const { KeyMetadata } = await kms.send(new DescribeKeyCommand({ KeyId }));
  if (KeyMetadata?.KeyState === "PendingDeletion" && state !== "pending-deletion")
    await kms.send(new CancelKeyDeletionCommand({ KeyId }));
  if (state === "enabled") await kms.send(new EnableKeyCommand({ KeyId }));
  else if (state === "disabled") await kms.send(new DisableKeyCommand({ KeyId }));
  else await kms.send(new ScheduleKeyDeletionCommand({ KeyId, PendingWindowInDays: 7 }));
}

async function createKeys(kms: KMSClient, key: AwsPeerKey): Promise<ConformanceKey> {
  const { keySpec } = key;
  const [resource, other] = [await createKey(kms, keySpec), await createKey(kms, keySpec)];
  const name = `alias/${keySpec.toLowerCase()}`;
  await kms.send(new CreateAliasCommand({ AliasName: name, TargetKeyId: resource }));
  return { ...paperKey(key), resource, other, alias: `${prefix}:${name}` };
}

async function createKey(kms: KMSClient, KeySpec: KeySpec): Promise<string> {
  const { KeyMetadata } = await kms.send(new CreateKeyCommand({ KeySpec, KeyUsage: "ENCRYPT_DECRYPT" }));
  if (KeyMetadata?.Arn === undefined) throw new Error(`no ARN for a new key ${KeySpec}`);
  return KeyMetadata.Arn;
}

function paperKey({ keySpec, bits, versions }: AwsPeerKey): ConformanceKey {
  const kind = keySpec === "SYMMETRIC_DEFAULT" ? "symmetric" : "rsa";
  const [resource, other] = [`${prefix}:key/${randomUUID()}`, `${prefix}:key/${randomUUID()}`];
  return { kind, bits, versions, resource, other, alias: `${prefix}:alias/paper` };
}
