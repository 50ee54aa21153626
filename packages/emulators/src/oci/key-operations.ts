import type { Outcome } from "./answer.ts";
import { changeableKey, keyInPath, mayUse, type OciCall, type Operation, reaches } from "./call.ts";
import { keyShapeOf, optionalChoice, optionalInstant, optionalText, refuseUnemulated, requiredText } from "./input.ts";
import { addKeys } from "./key-factory.ts";
import { isKeyShape, type KeyShape } from "./key-material.ts";
import { stateAt } from "./lifecycle-state.ts";
import { type Listed, pageOf } from "./page.ts";
import { refusals } from "./service-refusal.ts";
import { cancelDeletion, currentVersion, etagOf, scheduleDeletion, setEnabled, type Vault, type VaultKey } from "./vault-key.ts";

function isoOf(ms: number): string {
  return new Date(ms).toISOString();
}

function common({ nowMs }: OciCall, key: VaultKey): Listed {
  return {
    compartmentId: key.compartmentId,
    displayName: key.displayName,
    id: key.id,
    lifecycleState: stateAt(key, nowMs),
    timeCreated: isoOf(key.createdAtMs),
    vaultId: key.vault.id,
    protectionMode: key.protectionMode,
  };
}

function shown(call: OciCall, key: VaultKey): Outcome {
  return {
    body: {
      ...common(call, key),
      currentKeyVersion: currentVersion(key).id,
      keyShape: { ...key.keyShape, curveId: null },
      ...(key.deletionAtMs === undefined ? {} : { timeOfDeletion: isoOf(key.deletionAtMs) }),
      isPrimary: true,
      isAutoRotationEnabled: false,
      freeformTags: {},
      definedTags: {},
    },
    headers: { etag: etagOf(key) },
  };
}

const getKey: Operation = (call) => shown(call, keyInPath(call, "GetKey"));

const listKeys: Operation = (call) => {
  const { query, store } = call;
  const compartmentId = query.get("compartmentId");
  if (compartmentId === null) throw refusals.missing("compartmentId");
  const wanted = (name: string, value: string): boolean => (query.get(name) ?? value) === value;
  const keys = store
    .list()
    .filter((key) => key.compartmentId === compartmentId && mayUse(call, key, "ListKeys"))
    .filter(
      ({ protectionMode, keyShape }) =>
        wanted("protectionMode", protectionMode) &&
        wanted("algorithm", keyShape.algorithm) &&
        wanted("length", String(keyShape.length)),
    );
  return pageOf(
    keys.map((key) => ({ ...common(call, key), algorithm: key.keyShape.algorithm })),
    query,
  );
};

// A management endpoint is one vault's own. This one is every vault's, so the compartment decides: its vault, else the first.
function vaultFor(call: OciCall, compartmentId: string): Vault {
  const vaults = call.store.vaults().filter((vault) => reaches(call, vault, compartmentId));
  const vault = vaults.find((candidate) => candidate.compartmentId === compartmentId) ?? vaults[0];
  if (vault === undefined) throw refusals.notFound();
  return vault;
}

const tags = ["definedTags", "freeformTags"];

const createKey: Operation = async (call) => {
  const { input, store, nowMs } = call;
  refuseUnemulated(input, [...tags, "isAutoRotationEnabled", "autoKeyRotationDetails", "externalKeyReference"]);
  const compartmentId = requiredText(input, "compartmentId");
  const displayName = requiredText(input, "displayName");
  const protectionMode = optionalChoice(input, "protectionMode", ["HSM", "SOFTWARE"]) ?? "HSM";
  const shape = keyShapeOf(input);
  if (!isKeyShape(shape)) throw refusals.invalid("keyShape is not a supported shape of AES or RSA.");
  const keyShape: KeyShape = { algorithm: shape.algorithm === "AES" ? "AES" : "RSA", length: shape.length };
  const vault = vaultFor(call, compartmentId).id;
  const [key] = await addKeys(store, [{ vault, compartmentId, displayName, keyShape, protectionMode }], nowMs);
  if (key === undefined) throw refusals.internal();
  return shown(call, key);
};

const updateKey: Operation = (call) => {
  const key = changeableKey(call, "UpdateKey");
  refuseUnemulated(call.input, [...tags, "isAutoRotationEnabled", "autoKeyRotationDetails"]);
  key.displayName = optionalText(call.input, "displayName") ?? key.displayName;
  key.revision += 1;
  return shown(call, key);
};

function enabling(enabled: boolean): Operation {
  return (call) => {
    const key = changeableKey(call, enabled ? "EnableKey" : "DisableKey");
    setEnabled(key, enabled, call.nowMs);
    return shown(call, key);
  };
}

const dayMs = 86_400_000;

/** When a deletion that is scheduled now is to happen: between 7 and 30 days from now, and in 30 days when it does not say. */
export function deletionTime({ input, nowMs }: OciCall): number | undefined {
  const atMs = optionalInstant(input, "timeOfDeletion");
  if (atMs !== undefined && (atMs < nowMs + 7 * dayMs || atMs > nowMs + 30 * dayMs)) {
    throw refusals.invalid("timeOfDeletion must be between 7 and 30 days from now.");
  }
  return atMs;
}

const scheduleKeyDeletion: Operation = (call) => {
  const key = changeableKey(call, "ScheduleKeyDeletion");
  scheduleDeletion(key, key, call.nowMs, deletionTime(call));
  return shown(call, key);
};

const cancelKeyDeletion: Operation = (call) => {
  const key = changeableKey(call, "CancelKeyDeletion");
  cancelDeletion(key, key, call.nowMs);
  return shown(call, key);
};

/** The operations on keys themselves. */
export const keyOperations: Readonly<Record<string, Operation>> = {
  GetKey: getKey,
  ListKeys: listKeys,
  CreateKey: createKey,
  UpdateKey: updateKey,
  EnableKey: enabling(true),
  DisableKey: enabling(false),
  ScheduleKeyDeletion: scheduleKeyDeletion,
  CancelKeyDeletion: cancelKeyDeletion,
};
