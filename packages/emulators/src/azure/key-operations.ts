import type { KeyObject } from "node:crypto";

import type { Operation, VaultCall } from "./call.ts";
import { refusals } from "./errors.ts";
import { objectMember, optionalFlag, optionalNumber, optionalTags, optionalWords, requiredText } from "./input.ts";
import { keyBundle } from "./key-bundle.ts";
import { type AzureKeyType, defaultKeySize, isKeySize, newSecret, secretOfJwk } from "./key-material.ts";
import {
  findVersion,
  isBeingDeleted,
  keyIdOf,
  type KeyVersion,
  keyVersion,
  operationsOf,
  rotate as addVersion,
  type VaultKey,
  type VersionParts,
} from "./vault-key.ts";

// A managed HSM makes every key its own: RSA becomes RSA-HSM, oct becomes oct-HSM.
const hsmTypes: ReadonlyMap<string, AzureKeyType> = new Map<string, AzureKeyType>([
  ["RSA", "RSA-HSM"],
  ["RSA-HSM", "RSA-HSM"],
  ["oct", "oct-HSM"],
  ["oct-HSM", "oct-HSM"],
  ["AES", "oct-HSM"],
]);
const vaultTypes: ReadonlyMap<string, AzureKeyType> = new Map<string, AzureKeyType>([
  ["RSA", "RSA"],
  ["RSA-HSM", "RSA-HSM"],
]);

function keyTypeOf({ vault }: VaultCall, kty: string): AzureKeyType {
  const found = (vault.type === "vault" ? vaultTypes : hsmTypes).get(kty);
  // [unverified] The service says BadParameter; its words are not published.
  if (found === undefined) throw refusals.parameter(`The key type ${kty} is not emulated, or not held by a ${vault.type}.`);
  return found;
}

function millis(seconds: number | undefined): number | undefined {
  return seconds === undefined ? undefined : seconds * 1000;
}

type Settings = Pick<VersionParts, "enabled" | "notBeforeMs" | "expiresAtMs" | "keyOps" | "tags">;

function settingsOf(input: VaultCall["input"], kty: AzureKeyType, operations = input): Settings {
  const attributes = objectMember(input, "attributes");
  return {
    enabled: optionalFlag(attributes, "enabled"),
    notBeforeMs: millis(optionalNumber(attributes, "nbf")),
    expiresAtMs: millis(optionalNumber(attributes, "exp")),
    keyOps: optionalWords(operations, "key_ops", operationsOf(kty)),
    tags: optionalTags(input, "tags"),
  };
}

// The state is looked at before material is generated, and again after it: the clock and other calls have gone on.
function existing({ store, vault, name, nowMs }: VaultCall): VaultKey | undefined {
  const key = store.get(keyIdOf(vault, name));
  if (key?.deletion === undefined) return key;
  throw isBeingDeleted(key, nowMs) ? refusals.beingDeleted(key.name) : refusals.deleted(key.name);
}

function addTo(call: VaultCall, parts: VersionParts): object {
  const version = keyVersion(parts, call.nowMs);
  const found = existing(call);
  const key: VaultKey = found ?? {
    vault: call.vault,
    name: call.name,
    id: keyIdOf(call.vault, call.name),
    versions: [],
    denials: [],
    deletion: undefined,
  };
  key.versions.push(version);
  if (found === undefined) call.store.add(key);
  return keyBundle(key, version);
}

const createKey: Operation = async (call) => {
  const kty = keyTypeOf(call, requiredText(call.input, "kty"));
  const keySize = optionalNumber(call.input, "key_size") ?? defaultKeySize(kty);
  if (!isKeySize(kty, keySize)) throw refusals.parameter("Property key_size has invalid value\r\n");
  const settings = settingsOf(call.input, kty);
  existing(call);
  return addTo(call, { kty, secret: await newSecret(kty, keySize), ...settings });
};

const importKey: Operation = (call) => {
  const jwk = objectMember(call.input, "key");
  const given = keyTypeOf(call, requiredText(jwk, "kty"));
  const kty = given === "RSA" && optionalFlag(call.input, "Hsm") === true ? "RSA-HSM" : given;
  const secret: KeyObject | undefined = secretOfJwk(kty, jwk);
  if (secret === undefined) throw refusals.parameter();
  return addTo(call, { kty, secret, ...settingsOf(call.input, kty, jwk) });
};

const getKey: Operation = (call) => {
  const key = call.store.live(call.vault, call.name, call.version);
  const version = findVersion(key, call.version);
  if (!version.enabled && !call.vault.readsDisabledKeys) throw refusals.disabled("get");
  return keyBundle(key, version);
};

function update(version: KeyVersion, { enabled, notBeforeMs, expiresAtMs, keyOps, tags }: Settings, nowMs: number): void {
  version.enabled = enabled ?? version.enabled;
  version.notBeforeMs = notBeforeMs ?? version.notBeforeMs;
  version.expiresAtMs = expiresAtMs ?? version.expiresAtMs;
  version.keyOps = keyOps ?? version.keyOps;
  version.tags = tags ?? version.tags;
  version.updatedAtMs = nowMs;
}

const updateKey: Operation = (call) => {
  const key = call.store.live(call.vault, call.name, call.version);
  const version = findVersion(key, call.version);
  update(version, settingsOf(call.input, version.kty), call.nowMs);
  return keyBundle(key, version);
};

const rotateKey: Operation = (call) => {
  const key = call.store.live(call.vault, call.name);
  return keyBundle(key, addVersion(key, call.nowMs));
};

/** The operations on keys that are not deleted. */
export const keyOperations: Readonly<Record<"CreateKey" | "ImportKey" | "GetKey" | "UpdateKey" | "RotateKey", Operation>> = {
  CreateKey: createKey,
  ImportKey: importKey,
  GetKey: getKey,
  UpdateKey: updateKey,
  RotateKey: rotateKey,
};
