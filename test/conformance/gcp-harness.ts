import type { ConformanceFault, ConformanceHarness, ConformanceKey } from "@cmkit/core/testing";
import { gcpEmulator, type Fault, type FaultEffect, type GcpAlgorithm, type GcpEmulator } from "@cmkit/emulators";
import { gcp, type GcpOptions } from "@cmkit/gcp";
import { rsaSizes, type OpenHarness } from "./open-harness.ts";

const place = { project: "conformance-project", location: "europe-west1", keyRing: "conformance" } as const;
const prefix = `projects/${place.project}/locations/${place.location}/keyRings/${place.keyRing}`;

const operations = {
  describe: "GetCryptoKey",
  publicKey: "GetPublicKey",
  wrap: "Encrypt",
  unwrap: "Decrypt",
  generateDataKey: "Encrypt",
} as const;

/** The GCP adapter over the official SDK, against an emulator with keys of every kind. */
export async function gcpHarness(
  sizes = rsaSizes,
  transport: NonNullable<GcpOptions["transport"]> = "rest",
): Promise<OpenHarness> {
  const emulator = await gcpEmulator({ seed: { cloud: "gcp", ...place, principals: [operator], keys: [] } });
  const keys = [await conformanceKey(emulator, "GOOGLE_SYMMETRIC_ENCRYPTION", 256)];
  for (const bits of sizes) {
    keys.push(await conformanceKey(emulator, `RSA_DECRYPT_OAEP_${bits}_SHA256` as GcpAlgorithm, bits));
  }
  const endpoint = transport === "rest" ? emulator.url : emulator.grpcUrl;
  const harness: ConformanceHarness = {
    adapter: () => gcp({ endpoint, transport, credentials: { accessToken: operator.accessToken } }),
    keys,
    missing: `${prefix}/cryptoKeys/missing`,
    invalid: [
      "missing",
      prefix,
      `${prefix}/cryptoKeys/`,
      `${prefix}/cryptoKeys/a.b`,
      `${prefix}/cryptoKeys/../cryptoKeys/missing`,
      `${prefix}/cryptoKeys/a%2fb`,
      `${prefix}/cryptoKeys/missing/cryptoKeyVersions/0`,
      `${prefix}/cryptoKeys/missing/cryptoKeyVersions/1/`,
      `${prefix.replace("europe-west1", "EUROPE-WEST1")}/cryptoKeys/missing`,
      `${prefix.replace("europe-west1", "attacker.example")}/cryptoKeys/missing`,
      `${prefix.replace(place.project, "p")}/cryptoKeys/missing`,
      `//cloudkms.googleapis.com/${prefix}/cryptoKeys/missing`,
      `https://cloudkms.googleapis.com/v1/${prefix}/cryptoKeys/missing`,
    ],
    skips: { "resolves an alias once, and names the key itself in its wraps": "Cloud KMS has no aliases: a key has one name" },
    emulated: true,
    secrets: [operator.accessToken, operator.email],
    controls: {
      setState: (name, state) => setState(emulator, name, state),
      setAccess: (name, access) => (access === "denied" ? emulator.deny(name) : emulator.allow(name)),
      rotate: (name) => emulator.rotate(name),
      fault: (fault) => void emulator.faults.add(faultOf(fault, emulator)),
    },
    requests: () => Object.values(emulator.counts()).reduce((sum, count) => sum + count, 0),
    reset: () => {
      emulator.faults.clear();
      for (const { name } of emulator.keys) {
        emulator.allow(name);
        setState(emulator, name, "enabled");
      }
    },
  };
  return { harness, close: async () => emulator.close() };
}

const operator = {
  email: "conformance@operator-project.iam.gserviceaccount.com",
  accessToken: "ya29.conformance-access-token",
} as const;

const unnamed = {
  "refuses an unwrap in the name of another key": "neither Decrypt nor AsymmetricDecrypt names the key that it used",
};
const noDataKeys = "Cloud KMS makes no data keys: core draws them, and wraps them like any other key";
const symmetricSkips = {
  "refuses a data key in the name of another key": noDataKeys,
  "refuses a generated data key of another length": noDataKeys,
  // Its other steps are in packages/gcp/test/emulator.test.ts.
  "opens no wrap under the label of another version":
    "Decrypt finds the version in the ciphertext and does not name it, so a wrap under another version's label opens",
};

async function conformanceKey(emulator: GcpEmulator, algorithm: GcpAlgorithm, bits: number): Promise<ConformanceKey> {
  const kind = algorithm.startsWith("RSA") ? "rsa" : "symmetric";
  const resource = await emulator.createKey({ name: `${kind}-${bits}`, algorithm });
  const other = await emulator.createKey({ name: `${kind}-${bits}-other`, algorithm });
  const skips = kind === "rsa" ? unnamed : { ...unnamed, ...symmetricSkips };
  return { kind, bits, resource, other, versions: "recorded", skips };
}

function setState(emulator: GcpEmulator, name: string, state: "enabled" | "disabled" | "pending-deletion"): void {
  if (state === "pending-deletion") return emulator.scheduleKeyDeletion(name);
  emulator.cancelKeyDeletion(name);
  if (state === "enabled") emulator.enableKey(name);
  else emulator.disableKey(name);
}

function faultOf({ kind, operation, resource, times, other, text }: ConformanceFault, emulator: GcpEmulator): Fault {
  const effects: Record<ConformanceFault["kind"], FaultEffect> = {
    throttle: { fault: "throttle" },
    unavailable: { fault: "server-error" },
    hang: { fault: "latency", latencyMs: 30_000 },
    html: { fault: "html-body" },
    empty: { fault: "empty-body" },
    "another-key": { fault: "other-key", answerKey: other },
    "wrong-length": { fault: "plaintext-length", bytes: 31 },
    talkative: { fault: "error", name: "DATA_LOSS", message: text },
  };
  const isRsa = emulator.keys.find(({ name }) => name === resource)?.purpose === "ASYMMETRIC_DECRYPT";
  const method = operation === "unwrap" && isRsa ? "AsymmetricDecrypt" : operations[operation];
  return { ...effects[kind], operation: method, key: resource, times };
}
