import { type GcpAlgorithm, gcpAlgorithms, traitsOf } from "./algorithm.ts";
import { keyNamed, type KmsCall, type Operation } from "./call.ts";
import { addVersion, type CryptoKey, newSecret, type ProtectionLevel, scheduleMistake } from "./crypto-key.ts";
import { parseDuration } from "./duration.ts";
import { maskOf, messageOf, textOf } from "./input.ts";
import { defaultDestroyMs } from "./key-factory.ts";
import { listPage } from "./list-page.ts";
import type { Message } from "./message-shape.ts";
import { shortNamePattern } from "./resource-name.ts";
import { keyView } from "./resource-view.ts";
import { ringNamed } from "./ring-operations.ts";
import { refusals } from "./rpc-error.ts";

function algorithmOf(template: Message, purpose: string): GcpAlgorithm {
  const given = textOf(template, "algorithm");
  const name = given === "" && purpose === "ENCRYPT_DECRYPT" ? "GOOGLE_SYMMETRIC_ENCRYPTION" : given;
  const algorithm = gcpAlgorithms.find((candidate) => candidate === name);
  if (algorithm === undefined) throw refusals.invalid(`The algorithm ${name} is not emulated.`);
  if (traitsOf(algorithm).purpose !== purpose) {
    throw refusals.invalid(`The algorithm ${algorithm} is not compatible with the purpose ${purpose}.`);
  }
  return algorithm;
}

function protectionLevelOf(template: Message): ProtectionLevel {
  const level = textOf(template, "protectionLevel");
  if (level !== "" && level !== "SOFTWARE" && level !== "HSM") {
    throw refusals.invalid(`The protection level ${level} is not emulated.`);
  }
  return level === "HSM" ? "HSM" : "SOFTWARE";
}

function periodOf(input: Message): number | undefined {
  const period = textOf(input, "rotationPeriod");
  return period === "" ? undefined : parseDuration(period);
}

function nextRotationOf(input: Message): number | undefined {
  const next = textOf(input, "nextRotationTime");
  return next === "" ? undefined : Date.parse(next);
}

function assertSchedule(key: CryptoKey): void {
  const mistake = scheduleMistake(key);
  if (mistake !== undefined) throw refusals.invalid(mistake);
}

function buildKey(call: KmsCall, name: string, wanted: Message): CryptoKey {
  const purpose = textOf(wanted, "purpose");
  const algorithm = algorithmOf(messageOf(wanted, "versionTemplate"), purpose);
  const destroyAfter = textOf(wanted, "destroyScheduledDuration");
  return {
    name,
    purpose: traitsOf(algorithm).purpose,
    createdAtMs: call.nowMs,
    importOnly: wanted["importOnly"] === true,
    destroyScheduledMs: destroyAfter === "" ? defaultDestroyMs : parseDuration(destroyAfter),
    versions: [],
    algorithm,
    protectionLevel: protectionLevelOf(messageOf(wanted, "versionTemplate")),
    labels: messageOf(wanted, "labels") as Readonly<Record<string, string>>,
    primary: undefined,
    rotationPeriodMs: periodOf(wanted),
    nextRotationAtMs: nextRotationOf(wanted),
    denials: [],
  };
}

const createCryptoKey: Operation = async (call) => {
  const ring = ringNamed(call, textOf(call.input, "parent"));
  const id = textOf(call.input, "cryptoKeyId");
  if (!shortNamePattern.test(id)) throw refusals.invalid(`The crypto_key_id must match ${shortNamePattern.source}.`);
  const key = buildKey(call, `${ring.name}/cryptoKeys/${id}`, messageOf(call.input, "cryptoKey"));
  assertSchedule(key);
  if (call.input["skipInitialVersionCreation"] !== true && !key.importOnly) {
    const version = addVersion(key, await newSecret(key.algorithm), call.nowMs);
    if (key.purpose === "ENCRYPT_DECRYPT") key.primary = version;
  }
  if (call.store.get(key.name) !== undefined) throw refusals.alreadyExists("CryptoKey", key.name);
  call.store.add(key);
  return keyView(key);
};

const listCryptoKeys: Operation = (call) => {
  const ring = ringNamed(call, textOf(call.input, "parent"));
  const keys = call.store.list().filter(({ name }) => name.startsWith(`${ring.name}/cryptoKeys/`));
  return listPage(call.input, "cryptoKeys", keys.map(keyView));
};

type Change = (key: CryptoKey, wanted: Message) => void;

const changeTemplate =
  (what: "algorithm" | "protectionLevel" | "both"): Change =>
  (key, wanted) => {
    const template = messageOf(wanted, "versionTemplate");
    if (what !== "protectionLevel") key.algorithm = algorithmOf(template, key.purpose);
    if (what !== "algorithm") key.protectionLevel = protectionLevelOf(template);
  };

const changeLabels: Change = (key, wanted) => {
  key.labels = messageOf(wanted, "labels") as Readonly<Record<string, string>>;
};
const changePeriod: Change = (key, wanted) => {
  key.rotationPeriodMs = periodOf(wanted);
};
const changeNextRotation: Change = (key, wanted) => {
  key.nextRotationAtMs = nextRotationOf(wanted);
};

const changes: ReadonlyMap<string, Change> = new Map([
  ["labels", changeLabels],
  ["rotationPeriod", changePeriod],
  ["nextRotationTime", changeNextRotation],
  ["versionTemplate", changeTemplate("both")],
  ["versionTemplate.algorithm", changeTemplate("algorithm")],
  ["versionTemplate.protectionLevel", changeTemplate("protectionLevel")],
]);

const updateCryptoKey: Operation = (call) => {
  const wanted = messageOf(call.input, "cryptoKey");
  const key = keyNamed(call, textOf(wanted, "name"));
  const changed = { ...key };
  for (const path of maskOf(call.input, "updateMask")) {
    const change = changes.get(path);
    if (change === undefined) throw refusals.invalid(`The field ${path} cannot be updated.`);
    change(changed, wanted);
  }
  assertSchedule(changed);
  return keyView(Object.assign(key, changed));
};

const updatePrimaryVersion: Operation = (call) => {
  const name = textOf(call.input, "name");
  const key = keyNamed(call, name);
  if (key.purpose !== "ENCRYPT_DECRYPT") throw refusals.purpose(name, key.purpose);
  const id = textOf(call.input, "cryptoKeyVersionId");
  const version = key.versions.find((candidate) => String(candidate.id) === id);
  if (version === undefined) throw refusals.notFound("CryptoKeyVersion", `${name}/cryptoKeyVersions/${id}`);
  if (version.state !== "ENABLED") throw refusals.notEnabled(version.name, version.state);
  key.primary = version;
  return keyView(key);
};

/** The operations on keys. */
export const keyOperations: Readonly<
  Record<"GetCryptoKey" | "CreateCryptoKey" | "ListCryptoKeys" | "UpdateCryptoKey" | "UpdateCryptoKeyPrimaryVersion", Operation>
> = {
  GetCryptoKey: (call) => keyView(keyNamed(call, textOf(call.input, "name"))),
  CreateCryptoKey: createCryptoKey,
  ListCryptoKeys: listCryptoKeys,
  UpdateCryptoKey: updateCryptoKey,
  UpdateCryptoKeyPrimaryVersion: updatePrimaryVersion,
};
