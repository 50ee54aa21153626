import { randomUUID } from "node:crypto";
import { aws } from "@cmkit/aws";
import { awsEmulator, defaultAwsSeed, type AwsKeySpec } from "@cmkit/emulators";
import type { Peer } from "./peer.ts";
import { sdkPeer } from "./sdk-peer.ts";

const place = { region: "eu-west-1", account: "111122223333" } as const;

/** AWS's SDK for Python. */
export const boto3: Peer = sdkPeer({
  name: "boto3",
  from: "boto3 1.43.106 from PyPI, on our AWS emulator",
  script: "aws_sdk.py",
  provider: "aws",
  algorithms: [
    { kind: "rsa", name: "RSA_2048", creatable: true },
    { kind: "rsa", name: "RSA_4096", creatable: false },
    { kind: "symmetric", name: "SYMMETRIC_DEFAULT", creatable: true },
  ],
  states: { enabled: "Enabled", disabled: "Disabled" },
  errors: {
    disabled: "DisabledException",
    denied: "AccessDeniedException",
    missing: "NotFoundException",
    undecryptable: "InvalidCiphertextException",
  },
  async start() {
    const emulator = await awsEmulator({ seed: { ...defaultAwsSeed(place), keys: [] } });
    const { credentials, url: endpoint } = emulator;
    return {
      adapter: () => aws({ endpoint, credentials }),
      settings: { endpoint, region: place.region, credentials },
      createKey: async ({ name }) => emulator.createKey({ ...place, keySpec: name as AwsKeySpec }),
      missing: `arn:aws:kms:${place.region}:${place.account}:key/${randomUUID()}`,
      emulator,
    };
  },
});
