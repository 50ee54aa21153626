import { keyNamed, type Operation, versionNamed } from "./call.ts";
import { addVersion, newSecret, restore, scheduleDestruction, setEnabled } from "./crypto-key.ts";
import { maskOf, messageOf, textOf } from "./input.ts";
import { listPage } from "./list-page.ts";
import { versionView } from "./resource-view.ts";
import { refusals } from "./rpc-error.ts";

const createVersion: Operation = async (call) => {
  const key = keyNamed(call, textOf(call.input, "parent"));
  if (key.importOnly) {
    throw refusals.precondition(`${key.name} can only have imported versions.`, "IMPORT_ONLY", key.name);
  }
  const secret = await newSecret(key.algorithm);
  return versionView(addVersion(key, secret, call.nowMs));
};

const listVersions: Operation = (call) => {
  const key = keyNamed(call, textOf(call.input, "parent"));
  return listPage(call.input, "cryptoKeyVersions", key.versions.map(versionView));
};

const updateVersion: Operation = (call) => {
  const wanted = messageOf(call.input, "cryptoKeyVersion");
  const { version } = versionNamed(call, textOf(wanted, "name"));
  for (const path of maskOf(call.input, "updateMask")) {
    const state = textOf(wanted, "state");
    if (path !== "state") throw refusals.invalid(`The field ${path} cannot be updated.`);
    if (state !== "ENABLED" && state !== "DISABLED") {
      throw refusals.invalid(`The state of a version can be updated to ENABLED and DISABLED only, not to ${state}.`);
    }
    setEnabled(version, state === "ENABLED");
  }
  return versionView(version);
};

const destroyVersion: Operation = (call) => {
  const { key, version } = versionNamed(call, textOf(call.input, "name"));
  scheduleDestruction(version, key.destroyScheduledMs, call.nowMs);
  return versionView(version);
};

const restoreVersion: Operation = (call) => {
  const { version } = versionNamed(call, textOf(call.input, "name"));
  restore(version);
  return versionView(version);
};

/** The operations on versions. */
export const versionOperations: Readonly<
  Record<
    | "GetCryptoKeyVersion"
    | "CreateCryptoKeyVersion"
    | "ListCryptoKeyVersions"
    | "UpdateCryptoKeyVersion"
    | "DestroyCryptoKeyVersion"
    | "RestoreCryptoKeyVersion",
    Operation
  >
> = {
  GetCryptoKeyVersion: (call) => versionView(versionNamed(call, textOf(call.input, "name")).version),
  CreateCryptoKeyVersion: createVersion,
  ListCryptoKeyVersions: listVersions,
  UpdateCryptoKeyVersion: updateVersion,
  DestroyCryptoKeyVersion: destroyVersion,
  RestoreCryptoKeyVersion: restoreVersion,
};
