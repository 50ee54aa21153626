import { awsPeer } from "./aws-peer.ts";
import { goCommand } from "./go-module.ts";
import type { Peer } from "./peer.ts";
import { peersCache } from "./peers-cache.ts";

// Its tags have no `v`, so Go knows no version of it but its branches. Its rewrite has the command in `cmd/local-kms`, 3.x at the root.
const { install, command } = goCommand("github.com/nsmithuk/local-kms@master");

/** AWS KMS in Go, with real RSA-OAEP, AES-GCM and key states. */
export const localKms: Peer = awsPeer({
  name: "local-kms",
  from: "github.com/nsmithuk/local-kms, a Go module",
  untried: true,
  install,
  command: (port) => ({
    command,
    args: [],
    env: {
      // There is no setting for the address: it listens on every interface.
      PORT: String(port),
      KMS_ACCOUNT_ID: "123456789012",
      KMS_REGION: "eu-west-1",
      KMS_DATA_PATH: `${peersCache}/local-kms-${port}`,
      KMS_SEED_PATH: "",
    },
    health: `tcp://127.0.0.1:${port}`,
  }),
  keys: [
    { keySpec: "RSA_2048", bits: 2048, versions: "none" },
    { keySpec: "RSA_3072", bits: 3072, versions: "none" },
    { keySpec: "RSA_4096", bits: 4096, versions: "none" },
    { keySpec: "SYMMETRIC_DEFAULT", bits: 256, versions: "none" },
  ],
  deviations: {},
});
