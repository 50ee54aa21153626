import { createPublicKey } from "node:crypto";

import type { Outcome } from "./answer.ts";
import { changeableKey, keyInPath, type OciCall, type Operation, versionOf } from "./call.ts";
import { newSecret } from "./key-material.ts";
import { deletionTime } from "./key-operations.ts";
import { type Listed, pageOf } from "./page.ts";
import { refusals } from "./service-refusal.ts";
import {
  cancelDeletion,
  currentVersion,
  etagOf,
  type KeyVersion,
  rotate,
  scheduleDeletion,
  type VaultKey,
  versionStateAt,
} from "./vault-key.ts";

function summary({ nowMs }: OciCall, key: VaultKey, version: KeyVersion): Listed {
  return {
    compartmentId: key.compartmentId,
    id: version.id,
    keyId: key.id,
    lifecycleState: versionStateAt(key, version, nowMs),
    origin: version.origin,
    timeCreated: new Date(version.createdAtMs).toISOString(),
    ...(version.deletionAtMs === undefined ? {} : { timeOfDeletion: new Date(version.deletionAtMs).toISOString() }),
    vaultId: key.vault.id,
    isAutoRotated: false,
  };
}

function shown(call: OciCall, key: VaultKey, version: KeyVersion): Outcome {
  const { secret } = version;
  const publicKey =
    secret?.type === "private" ? { publicKey: createPublicKey(secret).export({ type: "spki", format: "pem" }) } : {};
  return { body: { ...summary(call, key, version), ...publicKey, isPrimary: true }, headers: { etag: etagOf(key) } };
}

function versionInPath(call: OciCall, key: VaultKey): KeyVersion {
  return versionOf(key, call.params["keyVersionId"] ?? "");
}

const getKeyVersion: Operation = (call) => {
  const key = keyInPath(call, "GetKeyVersion");
  return shown(call, key, versionInPath(call, key));
};

const listKeyVersions: Operation = (call) => {
  const key = keyInPath(call, "ListKeyVersions");
  return pageOf(
    key.versions.map((version) => summary(call, key, version)),
    call.query,
  );
};

const createKeyVersion: Operation = async (call) => {
  const key = changeableKey(call, "CreateKeyVersion");
  return shown(call, key, rotate(key, call.nowMs, await newSecret(key.keyShape)));
};

const scheduleKeyVersionDeletion: Operation = (call) => {
  const key = changeableKey(call, "ScheduleKeyVersionDeletion");
  const version = versionInPath(call, key);
  // As a live vault answered (409-Conflict, published by users of Terraform).
  if (version === currentVersion(key)) {
    throw refusals.conflict(`The Key Version ${version.id} cannot be deleted because it is the current key version of the key`);
  }
  scheduleDeletion(key, version, call.nowMs, deletionTime(call));
  return shown(call, key, version);
};

const cancelKeyVersionDeletion: Operation = (call) => {
  const key = changeableKey(call, "CancelKeyVersionDeletion");
  const version = versionInPath(call, key);
  cancelDeletion(key, version, call.nowMs);
  return shown(call, key, version);
};

/** The operations on the versions of a key. */
export const keyVersionOperations: Readonly<Record<string, Operation>> = {
  GetKeyVersion: getKeyVersion,
  ListKeyVersions: listKeyVersions,
  CreateKeyVersion: createKeyVersion,
  ScheduleKeyVersionDeletion: scheduleKeyVersionDeletion,
  CancelKeyVersionDeletion: cancelKeyVersionDeletion,
};
