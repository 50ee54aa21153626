import { azure } from "@cmkit/azure";
import type { ConformanceFault, ConformanceHarness, ConformanceKey } from "@cmkit/core/testing";
import { azureEmulator, type AzureEmulator, type AzureSeedKey, type Fault, type FaultEffect } from "@cmkit/emulators";
import { rsaSizes, type OpenHarness } from "./open-harness.ts";

const tenantId = "72f988bf-0000-4000-8000-2d7cd011db47";
const operator = { objectId: "b3a1f0c2-0000-4000-8000-0123456789ab", appId: "c4d2e1b3-0000-4000-8000-0123456789ab" } as const;
const vault = "conformance";
const hsm = "conformance-hsm";
// Sources differ on whether the service lets a disabled key be read: the suite must hold either way.
const readable = "conformance-reads";
const readableHsm = "conformance-reads-hsm";
const host = `https://${vault}.vault.azure.net`;

/** The Azure adapter over the official SDK, against an emulator with keys of every kind in vaults and managed HSMs. */
export async function azureHarness(sizes = rsaSizes): Promise<OpenHarness> {
  const emulator = await azureEmulator({
    seed: {
      cloud: "azure",
      tenantId,
      vaults: [
        { name: vault },
        { name: hsm, type: "managedhsm" },
        { name: readable, readsDisabledKeys: true },
        { name: readableHsm, type: "managedhsm", readsDisabledKeys: true },
      ],
      principals: [operator],
      keys: [],
    },
  });
  const keys: ConformanceKey[] = [];
  for (const keySize of sizes) {
    // Whether a disabled key can be read is not known of the cloud: both are tried.
    const from = keySize === 3072 ? readable : vault;
    keys.push(await conformanceKey(emulator, { vault: from, name: `rsa-${keySize}`, kty: "RSA", keySize }));
  }
  keys.push(
    await conformanceKey(emulator, { vault: hsm, name: "rsa-hsm-2048", kty: "RSA-HSM", keySize: 2048 }),
    await conformanceKey(emulator, { vault: hsm, name: "oct-hsm-256", kty: "oct-HSM", keySize: 256 }),
    await conformanceKey(emulator, { vault: readableHsm, name: "oct-hsm-256", kty: "oct-HSM", keySize: 256 }),
  );
  const symmetric = new Set(keys.filter(({ kind }) => kind === "symmetric").map(({ resource }) => resource));
  const harness: ConformanceHarness = {
    adapter: () => azure({ endpoint: emulator.url, ca: emulator.ca, credential: emulator.credential(), tenantId }),
    keys,
    missing: `${host}/keys/missing`,
    invalid: [
      "rsa-2048",
      "https://evil.example/keys/k",
      "https://conformance.vault.azure.net.evil.example/keys/k",
      "https://user@conformance.vault.azure.net/keys/k",
      "https://conformance.vault.azure.net:8443/keys/k",
      "https://conformance.privatelink.vaultcore.azure.net/keys/k",
      "https://c\u043enformance.vault.azure.net/keys/k",
      "http://conformance.vault.azure.net/keys/k",
      `${host}/keys/`,
      `${host}/keys/../secrets/k`,
      `${host}/keys/a%2fb`,
      `${host}/secrets/k`,
      `${host}/keys/k?x`,
      `${host}/keys/k#x`,
      `${host}/keys/k/1`,
    ],
    skips: {
      "resolves an alias once, and names the key itself in its wraps": "a key in Azure has no alias: its identifier is its name",
    },
    emulated: true,
    secrets: [...Object.values(emulator.credentials.accessTokens), operator.appId, operator.objectId],
    controls: {
      setState: (id, state) => setState(emulator, id, state),
      setAccess: (id, access) => (access === "denied" ? emulator.deny(id) : emulator.allow(id)),
      rotate: (id) => emulator.rotate(id),
      fault: (fault) => void emulator.faults.add(faultOf(fault, symmetric.has(fault.resource))),
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

const noDataKeys = "Azure generates no data keys: core draws them and has them wrapped";

async function conformanceKey(emulator: AzureEmulator, seed: AzureSeedKey): Promise<ConformanceKey> {
  const resource = await emulator.createKey(seed);
  const other = await emulator.createKey({ ...seed, name: `${seed.name}-other` });
  const common = { bits: seed.keySize ?? 0, resource, other, versions: "recorded" } as const;
  if (seed.kty !== "oct-HSM") return { ...common, kind: "rsa" };
  const skips = {
    "refuses a data key in the name of another key": noDataKeys,
    "refuses a generated data key of another length": noDataKeys,
  };
  return { ...common, kind: "symmetric", skips };
}

function setState(emulator: AzureEmulator, id: string, state: "enabled" | "disabled" | "pending-deletion"): void {
  const deleted = emulator.keys.find((key) => key.id === id)?.state === "Deleted";
  if (state === "pending-deletion") emulator.scheduleKeyDeletion(id);
  else {
    if (deleted) emulator.cancelKeyDeletion(id);
    if (state === "enabled") emulator.enableKey(id);
    else emulator.disableKey(id);
  }
}

function faultOf({ kind, operation, resource, times, other, text }: ConformanceFault, symmetric: boolean): Fault {
  const effects: Record<ConformanceFault["kind"], FaultEffect> = {
    throttle: { fault: "throttle" },
    unavailable: { fault: "server-error" },
    hang: { fault: "latency", latencyMs: 30_000 },
    html: { fault: "html-body" },
    empty: { fault: "empty-body" },
    "another-key": { fault: "other-key", answerKey: other },
    "wrong-length": { fault: "plaintext-length", bytes: 31 },
    talkative: { fault: "error", name: "SomeNewError", message: text },
  };
  const operations = {
    describe: "GetKey",
    publicKey: "GetKey",
    wrap: "Encrypt",
    generateDataKey: "Encrypt",
    unwrap: symmetric ? "Decrypt" : "UnwrapKey",
  } as const;
  return { ...effects[kind], operation: operations[operation], key: resource, times };
}
