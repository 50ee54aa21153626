import { mkdirSync, writeFileSync } from "node:fs";
import { gcpPeer, keyIds, keyRing } from "./gcp-peer.ts";
import { goCommand } from "./go-module.ts";
import type { Peer } from "./peer.ts";
import { peersCache } from "./peers-cache.ts";

const { install, command } = goCommand("github.com/winor30/fake-cloud-kms/cmd/fake-cloud-kms@v0.0.1");
const seed = `${peersCache}/fake-cloud-kms.yaml`;

/** Google Cloud KMS over gRPC in Go, on Tink. */
export const fakeCloudKms: Peer = gcpPeer({
  name: "fake-cloud-kms",
  from: "github.com/winor30/fake-cloud-kms v0.0.1, a Go module",
  transport: "grpc",
  noRotation: "fake-cloud-kms makes key versions, but the call for it is not written here",
  untried: true,
  install,
  command(port) {
    mkdirSync(peersCache, { recursive: true });
    // YAML takes JSON.
    writeFileSync(seed, JSON.stringify(seeded()));
    return {
      command,
      args: ["--grpc-listen-addr", `127.0.0.1:${port}`, "--seed-file", seed],
      health: `tcp://127.0.0.1:${port}`,
    };
  },
  createKeys: async () => undefined,
  deviations: {},
});

function seeded(): unknown {
  const [, project = "", , location = ""] = keyRing.location.split("/");
  const key = { purpose: "ENCRYPT_DECRYPT", versions: [{}] };
  const cryptoKeys = Object.fromEntries(Object.values(keyIds).map((id) => [id, key]));
  return { projects: { [project]: { locations: { [location]: { keyRings: { [keyRing.id]: { cryptoKeys } } } } } } };
}
