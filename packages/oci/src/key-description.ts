import { KmsError, type DriverDescription, type KeyKind, type KeyState } from "@cmkit/core";
import { badAnswer, dateIn, fieldsIn, optionalTextIn, requestIdIn, textIn } from "./answer.ts";
import type { KeyOcid } from "./key-ocid.ts";
import type { OciAnswer } from "./oci-client.ts";
import { quotaOf } from "./quota.ts";

const kinds: ReadonlyMap<string, KeyKind> = new Map([
  ["AES", "symmetric"],
  ["RSA", "rsa"],
]);

// Of keys and of versions. A state that is not here is `unavailable`: a key is used only in a state that is known to be good.
const states: ReadonlyMap<string, KeyState> = new Map([
  ["ENABLED", "enabled"],
  ["DISABLED", "disabled"],
  ["DISABLING", "disabled"],
  ["PENDING_DELETION", "pending-deletion"],
  ["SCHEDULING_DELETION", "pending-deletion"],
  ["DELETED", "destroyed"],
  ["DELETING", "destroyed"],
  ["CREATING", "unavailable"],
  ["ENABLING", "unavailable"],
  ["UPDATING", "unavailable"],
  ["CANCELLING_DELETION", "unavailable"],
  ["BACKUP_IN_PROGRESS", "unavailable"],
  ["RESTORING", "unavailable"],
]);

// What holds longest holds: a version that is scheduled for deletion stays so when its disabled key is enabled.
const worstFirst: readonly KeyState[] = ["destroyed", "pending-deletion", "disabled", "unavailable", "enabled"];

const protections: ReadonlyMap<unknown, DriverDescription["protection"]> = new Map([
  ["HSM", "hsm"],
  ["SOFTWARE", "software"],
  ["EXTERNAL", "external"],
]);

const origins: ReadonlyMap<unknown, DriverDescription["origin"]> = new Map([
  ["INTERNAL", "kms"],
  ["EXTERNAL", "imported"],
]);

/**
 * Reads the answer to GetKey.
 *
 * @throws {KmsError} `wrong-key-type`: a key for signatures. `bad-answer`: fields are missing.
 */
export function readKey(answer: OciAnswer, asked: KeyOcid, emulated: boolean): DriverDescription {
  const key = fieldsIn(answer.key, "key");
  const deletionAt = dateIn(key["timeOfDeletion"], "timeOfDeletion");
  const protection = protections.get(key["protectionMode"]) ?? "unknown";
  const rotationDays = rotationDaysIn(key["isAutoRotationEnabled"], key["autoKeyRotationDetails"]);
  return {
    resource: textIn(key["id"], "id"),
    ...shapeIn(key["keyShape"]),
    state: stateIn(key["lifecycleState"]),
    keyVersion: textIn(key["currentKeyVersion"], "currentKeyVersion"),
    protection,
    // Only a key version says whether its material was imported.
    origin: protection === "external" ? "external" : "unknown",
    ...(rotationDays === undefined ? {} : { rotationDays }),
    ...(deletionAt && { deletionAt }),
    ...(isReplicated(key) && { multiRegion: true }),
    quota: quotaOf(asked),
    emulated,
    requestId: requestIdIn(answer.opcRequestId),
  };
}

/** A key of a vault replica, or one that has replicas. What the service says of all other keys is not documented. */
function isReplicated(key: Readonly<Record<string, unknown>>): boolean {
  const details = key["replicaDetails"];
  const isOriginal = details instanceof Object && "replicationId" in details && typeof details.replicationId === "string";
  return isOriginal || key["isPrimary"] === false;
}

/** What GetKeyVersion says of one version of a key. */
export interface VersionDescription {
  readonly state: KeyState;
  readonly origin: DriverDescription["origin"];
  readonly deletionAt: Date | undefined;
  /** PEM; undefined for symmetric keys. */
  readonly publicKey: unknown;
  readonly requestId: string | undefined;
}

/** Reads the answer to GetKeyVersion. @throws {KmsError} `bad-answer`: another key or version, or fields are missing. */
export function readVersion(answer: OciAnswer, { ocid }: KeyOcid, keyVersion: string): VersionDescription {
  const version = fieldsIn(answer.keyVersion, "keyVersion");
  if (textIn(version["keyId"], "keyId") !== ocid) badAnswer("it names a version of another key than the one that was asked for");
  if (textIn(version["id"], "id") !== keyVersion) badAnswer("it names another key version than the one that was asked for");
  return {
    state: stateIn(version["lifecycleState"]),
    origin: origins.get(version["origin"]) ?? "unknown",
    deletionAt: dateIn(version["timeOfDeletion"], "timeOfDeletion"),
    publicKey: version["publicKey"],
    requestId: requestIdIn(answer.opcRequestId),
  };
}

/** A version of a key is as usable as the worse of the two. */
export function describeVersion(key: DriverDescription, keyVersion: string, version: VersionDescription): DriverDescription {
  const { deletionAt: keyDeletionAt, ...rest } = key;
  const deletionAt = keyDeletionAt ?? version.deletionAt;
  return {
    ...rest,
    keyVersion,
    state: worstFirst.find((state) => state === key.state || state === version.state) ?? "unavailable",
    origin: key.origin === "external" ? "external" : version.origin,
    ...(deletionAt && { deletionAt }),
    requestId: version.requestId,
  };
}

function stateIn(value: unknown): KeyState {
  return states.get(textIn(value, "lifecycleState")) ?? "unavailable";
}

/** `length` is in bytes; core refuses sizes other than those it supports. */
function shapeIn(value: unknown): { readonly kind: KeyKind; readonly bits: number } {
  const { algorithm, length } = fieldsIn(value, "keyShape");
  const kind = kinds.get(textIn(algorithm, "keyShape.algorithm"));
  if (kind === undefined) {
    throw new KmsError("wrong-key-type", { provider: "oci", detail: "expected a key of the algorithm AES or RSA" });
  }
  if (typeof length !== "number" || !Number.isSafeInteger(length)) return badAnswer("it has no keyShape.length");
  return { kind, bits: length * 8 };
}

function rotationDaysIn(enabled: unknown, details: unknown): number | null | undefined {
  if (enabled === false) return null;
  const days = enabled === true && details instanceof Object && "rotationIntervalInDays" in details;
  const interval = days ? details.rotationIntervalInDays : undefined;
  return typeof interval === "number" && Number.isFinite(interval) ? interval : undefined;
}

/** The algorithm by which the service says that it worked, where it says so. */
export function checkAlgorithm(value: unknown, expected: string): void {
  const algorithm = optionalTextIn(value, "encryptionAlgorithm");
  if (algorithm !== null && algorithm !== expected) badAnswer("it names another algorithm than the one that was asked for");
}
