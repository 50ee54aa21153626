import { authorisedKey, type KmsCall, managedKey, type Operation, resolveKey } from "./call.ts";
import { refusals } from "./errors.ts";
import { flagOf, optionalChoice, optionalInteger, optionalText, refuseUnemulated, requiredText } from "./input.ts";
import { addKeys } from "./key-factory.ts";
import { algorithmsOf } from "./key-cipher.ts";
import { awsKeySpecs } from "./key-material.ts";
import type { KeyStore } from "./key-store.ts";
import { cancelDeletion, currentMaterial, type KmsKey, scheduleDeletion, setEnabled, stateOf } from "./kms-key.ts";
import { decide, parsePolicy } from "./policy.ts";

function seconds(ms: number): number {
  return ms / 1000;
}

function multiRegionConfiguration(store: KeyStore, key: KmsKey): object {
  const [primary = key, ...replicas] = store.related(key);
  const place = ({ arn, region }: KmsKey): object => ({ Arn: arn, Region: region });
  return {
    MultiRegionKeyType: primary === key ? "PRIMARY" : "REPLICA",
    PrimaryKey: place(primary),
    ReplicaKeys: replicas.map(place),
  };
}

function metadata(call: KmsCall, key: KmsKey): object {
  const state = stateOf(key, call.nowMs);
  const expires = key.validToMs !== undefined;
  return {
    AWSAccountId: key.account,
    KeyId: key.keyId,
    Arn: key.arn,
    CreationDate: seconds(key.createdAtMs),
    Enabled: state === "Enabled",
    Description: key.description,
    KeyUsage: "ENCRYPT_DECRYPT",
    KeyState: state,
    ...(key.deletionAtMs === undefined ? {} : { DeletionDate: seconds(key.deletionAtMs) }),
    Origin: key.origin,
    KeyManager: key.keyManager,
    ...(key.origin === "EXTERNAL" && key.materials.length > 0
      ? { ExpirationModel: expires ? "KEY_MATERIAL_EXPIRES" : "KEY_MATERIAL_DOES_NOT_EXPIRE" }
      : {}),
    ...(key.validToMs === undefined ? {} : { ValidTo: seconds(key.validToMs) }),
    CustomerMasterKeySpec: key.keySpec,
    KeySpec: key.keySpec,
    EncryptionAlgorithms: algorithmsOf(key.keySpec),
    MultiRegion: key.multiRegion,
    ...(key.multiRegion ? { MultiRegionConfiguration: multiRegionConfiguration(call.store, key) } : {}),
    ...(key.keySpec === "SYMMETRIC_DEFAULT" && key.materials.length > 0 ? { CurrentKeyMaterialId: currentMaterial(key).id } : {}),
  };
}

const createKey: Operation = async (call) => {
  const { input } = call;
  refuseUnemulated(input, ["CustomKeyStoreId", "XksKeyId"]);
  const keySpec = optionalChoice(input, "KeySpec", awsKeySpecs) ?? optionalChoice(input, "CustomerMasterKeySpec", awsKeySpecs);
  const usage = optionalChoice(input, "KeyUsage", ["ENCRYPT_DECRYPT"]);
  if (keySpec !== undefined && keySpec !== "SYMMETRIC_DEFAULT" && usage === undefined) {
    throw refusals.validation("You must specify a KeyUsage value for an asymmetric CMK.");
  }
  const origin = optionalChoice(input, "Origin", ["AWS_KMS", "EXTERNAL"]) ?? "AWS_KMS";
  const policy = optionalText(input, "Policy", 131_072);
  const seed = {
    region: call.region,
    account: call.principal.account,
    keySpec: keySpec ?? "SYMMETRIC_DEFAULT",
    origin,
    multiRegion: flagOf(input, "MultiRegion"),
    description: typeof input["Description"] === "string" ? input["Description"] : "",
    ...(origin === "EXTERNAL" ? { keyState: "PendingImport" as const } : {}),
    ...(policy === undefined ? {} : { policy }),
  };
  const [key] = await addKeys(call.store, [seed], call.nowMs);
  return key === undefined ? {} : { KeyMetadata: metadata(call, key) };
};

const describeKey: Operation = (call) => {
  refuseUnemulated(call.input, ["GrantTokens"]);
  return { KeyMetadata: metadata(call, authorisedKey(call, resolveKey(call, requiredText(call.input, "KeyId")))) };
};

function enabling(enabled: boolean): Operation {
  return (call) => {
    setEnabled(managedKey(call, requiredText(call.input, "KeyId")), enabled, call.nowMs);
    return {};
  };
}

const scheduleKeyDeletion: Operation = (call) => {
  const key = managedKey(call, requiredText(call.input, "KeyId"));
  const days = optionalInteger(call.input, "PendingWindowInDays", 7, 30) ?? 30;
  const deletionAtMs = scheduleDeletion(key, days, call.nowMs);
  return { KeyId: key.arn, DeletionDate: seconds(deletionAtMs), KeyState: "PendingDeletion", PendingWindowInDays: days };
};

const cancelKeyDeletion: Operation = (call) => {
  const key = managedKey(call, requiredText(call.input, "KeyId"));
  cancelDeletion(key);
  return { KeyId: key.arn };
};

const getKeyPolicy: Operation = (call) => {
  const key = managedKey(call, requiredText(call.input, "KeyId"));
  optionalChoice(call.input, "PolicyName", ["default"]);
  return { Policy: key.policy.document, PolicyName: "default" };
};

const putKeyPolicy: Operation = (call) => {
  const key = managedKey(call, requiredText(call.input, "KeyId"));
  optionalChoice(call.input, "PolicyName", ["default"]);
  const policy = parsePolicy(requiredText(call.input, "Policy", 131_072));
  const { arn: principalArn, account: principalAccount } = call.principal;
  const staysOpen = decide(policy, { principalArn, principalAccount, action: "kms:PutKeyPolicy", context: {} }) === "allow";
  if (!staysOpen && !flagOf(call.input, "BypassPolicyLockoutSafetyCheck")) {
    throw refusals.policy("The new key policy will not allow you to update the key policy in the future.");
  }
  key.policy = policy;
  return {};
};

/** The operations on keys themselves. */
export const keyOperations: Readonly<Record<string, Operation>> = {
  CreateKey: createKey,
  DescribeKey: describeKey,
  EnableKey: enabling(true),
  DisableKey: enabling(false),
  ScheduleKeyDeletion: scheduleKeyDeletion,
  CancelKeyDeletion: cancelKeyDeletion,
  GetKeyPolicy: getKeyPolicy,
  PutKeyPolicy: putKeyPolicy,
};
