import type { ConformanceFault, ConformanceHarness, ConformanceKey } from "@cmkit/core/testing";
import { defaultOciSeed, ociEmulator, type Fault, type FaultEffect, type OciEmulator, type OciKeyShape } from "@cmkit/emulators";
import { oci } from "@cmkit/oci";
import { rsaSizes, type OpenHarness } from "./open-harness.ts";

const prefix = "conformance26";
const vault = `ocid1.vault.oc1.eu-frankfurt-1.${prefix}.${"v".repeat(60)}`;
const missing = `ocid1.key.oc1.eu-frankfurt-1.${prefix}.${"m".repeat(60)}`;

const operations = {
  describe: "GetKey",
  publicKey: "GetKeyVersion",
  wrap: "Encrypt",
  unwrap: "Decrypt",
  generateDataKey: "Encrypt",
} as const;

/** The OCI adapter, its requests signed by the official SDK, against an emulator with keys of every kind. */
export async function ociHarness(sizes = rsaSizes): Promise<OpenHarness> {
  const emulator = await ociEmulator({ seed: { ...defaultOciSeed(), vaults: [{ id: vault }], keys: [] } });
  const { tenancy, user, fingerprint, privateKey } = emulator.credentials;
  const keys = [await conformanceKey(emulator, { algorithm: "AES", length: 32 })];
  for (const bits of sizes) keys.push(await conformanceKey(emulator, { algorithm: "RSA", length: bits / 8 }));
  const harness: ConformanceHarness = {
    adapter: () => oci({ endpoint: emulator.url, credentials: { tenancy, user, fingerprint, privateKey } }),
    keys,
    missing,
    invalid: [
      vault,
      "m".repeat(60),
      missing.toUpperCase(),
      missing.slice(0, -1),
      `${missing}m`,
      missing.replace(".key.", ".keyversion."),
      missing.replace("oc1.", "oc999."),
      missing.replace("oc1.", "oc19."),
      missing.replace("eu-frankfurt-1", "xx-nowhere-1"),
      missing.replace("eu-frankfurt-1", "evil"),
      missing.replace("eu-frankfurt-1", ""),
      missing.replace(prefix, "attacker.example"),
      missing.replace(prefix, "attacker@example/"),
      missing.replace(prefix, "%2e%2e"),
    ],
    denied: "key-not-found",
    skips: { "resolves an alias once, and names the key itself in its wraps": "OCI has no aliases: a key has one OCID" },
    emulated: true,
    secrets: [privateKey, fingerprint, user, tenancy],
    controls: {
      setState: (id, state) => setState(emulator, id, state),
      setAccess: (id, access) => (access === "denied" ? emulator.deny(id) : emulator.allow(id)),
      rotate: (id) => emulator.rotate(id),
      fault: (fault) => void emulator.faults.add(faultOf(fault)),
    },
    requests: () => Object.values(emulator.counts()).reduce((sum, count) => sum + count, 0),
    reset: () => {
      emulator.faults.clear();
      for (const { id } of emulator.keys) {
        emulator.allow(id);
        setState(emulator, id, "enabled");
      }
    },
  };
  return { harness, close: async () => emulator.close() };
}

const noDataKeys = "GenerateDataEncryptionKey names no version and is not called: core draws the key and wraps it like any other";
const symmetricSkips = {
  "refuses a data key in the name of another key": noDataKeys,
  "refuses a generated data key of another length": noDataKeys,
};

async function conformanceKey(emulator: OciEmulator, keyShape: OciKeyShape): Promise<ConformanceKey> {
  const kind = keyShape.algorithm === "RSA" ? "rsa" : "symmetric";
  const bits = keyShape.length * 8;
  const resource = await emulator.createKey({ displayName: `${kind}-${bits}`, keyShape });
  const other = await emulator.createKey({ displayName: `${kind}-${bits}-other`, keyShape });
  return { kind, bits, resource, other, versions: "recorded", ...(kind === "symmetric" && { skips: symmetricSkips }) };
}

function setState(emulator: OciEmulator, id: string, state: "enabled" | "disabled" | "pending-deletion"): void {
  if (state === "pending-deletion") return emulator.scheduleKeyDeletion(id);
  if (emulator.keys.some((key) => key.id === id && key.lifecycleState === "PENDING_DELETION")) emulator.cancelKeyDeletion(id);
  if (state === "enabled") emulator.enableKey(id);
  else emulator.disableKey(id);
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
    talkative: { fault: "error", name: "SomethingNew", message: text },
  };
  return { ...effects[kind], operation: operations[operation], key: resource, times };
}
