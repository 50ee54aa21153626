import { gcp } from "@cmkit/gcp";
import { defaultGcpSeed, gcpEmulator, type GcpSeedKey } from "@cmkit/emulators";
import type { Peer } from "./peer.ts";
import { sdkPeer } from "./sdk-peer.ts";

/** Google's SDK for Python, over gRPC as it is by default. */
export const googleCloudKmsGrpc: Peer = googleCloudKms("grpc");

/** The same over REST. */
export const googleCloudKmsRest: Peer = googleCloudKms("rest");

function googleCloudKms(transport: "grpc" | "rest"): Peer {
  return sdkPeer({
    name: `google-cloud-kms-${transport}`,
    from: `google-cloud-kms 3.18.0 from PyPI over ${transport}, on our GCP emulator`,
    script: "gcp_sdk.py",
    provider: "gcp",
    algorithms: [
      { kind: "rsa", name: "RSA_DECRYPT_OAEP_2048_SHA256", creatable: true },
      { kind: "rsa", name: "RSA_DECRYPT_OAEP_4096_SHA256", creatable: false },
      { kind: "symmetric", name: "GOOGLE_SYMMETRIC_ENCRYPTION", creatable: true },
    ],
    states: { enabled: "ENABLED", disabled: "DISABLED" },
    errors: {
      disabled: "FAILED_PRECONDITION",
      denied: "PERMISSION_DENIED",
      missing: "NOT_FOUND",
      undecryptable: "INVALID_ARGUMENT",
    },
    async start() {
      const seed = defaultGcpSeed();
      const keyRing = `projects/${seed.project}/locations/${seed.location}/keyRings/${seed.keyRing}`;
      const emulator = await gcpEmulator({ seed: { ...seed, keyRings: [keyRing], keys: [] } });
      const { accessToken } = emulator.credentials;
      const endpoint = transport === "grpc" ? emulator.grpcUrl : emulator.url;
      let made = 0;
      return {
        adapter: () => gcp({ endpoint, transport, credentials: { accessToken } }),
        settings: { transport, accessToken, keyRing, address: new URL(endpoint).host },
        async createKey({ name }) {
          made += 1;
          return emulator.createKey({ name: `key-${made}`, algorithm: name as GcpSeedKey["algorithm"] });
        },
        missing: `${keyRing}/cryptoKeys/missing`,
        emulator,
      };
    },
  });
}
