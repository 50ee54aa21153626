import { type KmsCall, managedKey, type Operation } from "./call.ts";
import { refusals, ServiceRefusal } from "./errors.ts";
import { optionalInteger, optionalText, refuseUnemulated, requiredText } from "./input.ts";
import { aliasArn, aliasPattern } from "./key-arn.ts";
import { type KmsKey, stateOf } from "./kms-key.ts";

function aliasName(call: KmsCall): string {
  const name = requiredText(call.input, "AliasName", 256);
  if (!aliasPattern.test(name))
    throw refusals.validation(
      "1 validation error detected: Value at 'aliasName' failed to satisfy constraint: Member must satisfy regular expression pattern: ^alias/[a-zA-Z0-9/_-]+$",
    );
  // The service keeps the names of its own keys to itself.
  if (name.startsWith("alias/aws/"))
    throw new ServiceRefusal("InvalidAliasNameException", "Aliases must not begin with alias/aws/");
  return name;
}

function targetKey(call: KmsCall): KmsKey {
  const key = managedKey(call, requiredText(call.input, "TargetKeyId"));
  if (stateOf(key, call.nowMs) === "PendingDeletion") throw refusals.state(key.arn, "pending deletion");
  return key;
}

function homeArn(call: KmsCall, name: string): string {
  return aliasArn(call.region, call.principal.account, name);
}

const createAlias: Operation = (call) => {
  const name = aliasName(call);
  const key = targetKey(call);
  const arn = homeArn(call, name);
  if (call.store.alias(arn) !== undefined)
    throw new ServiceRefusal("AlreadyExistsException", `An alias with the name ${arn} already exists`);
  call.store.setAlias(name, key);
  return {};
};

const updateAlias: Operation = (call) => {
  const name = aliasName(call);
  const key = targetKey(call);
  const arn = homeArn(call, name);
  const alias = call.store.alias(arn);
  if (alias === undefined) throw refusals.aliasNotFound(arn);
  const previous = call.store.get(alias.keyArn);
  if (previous !== undefined && (previous.keySpec === "SYMMETRIC_DEFAULT") !== (key.keySpec === "SYMMETRIC_DEFAULT")) {
    throw refusals.validation("Alias cannot be changed between symmetric and asymmetric keys.");
  }
  call.store.setAlias(name, key);
  return {};
};

const deleteAlias: Operation = (call) => {
  const arn = homeArn(call, aliasName(call));
  const alias = call.store.alias(arn);
  if (alias === undefined) throw refusals.aliasNotFound(arn);
  managedKey(call, alias.keyArn);
  call.store.deleteAlias(arn);
  return {};
};

const listAliases: Operation = (call) => {
  refuseUnemulated(call.input, ["Marker"]);
  optionalInteger(call.input, "Limit", 1, 100);
  const keyId = optionalText(call.input, "KeyId");
  const only = keyId === undefined ? undefined : managedKey(call, keyId).arn;
  const aliases = call.store.aliasesIn({ region: call.region, account: call.principal.account });
  return {
    Aliases: aliases
      .filter(({ keyArn }) => only === undefined || keyArn === only)
      .map(({ name, arn, keyArn, changedAtMs }) => ({
        AliasName: name,
        AliasArn: arn,
        TargetKeyId: keyArn.slice(keyArn.lastIndexOf("/") + 1),
        CreationDate: changedAtMs / 1000,
        LastUpdatedDate: changedAtMs / 1000,
      })),
    Truncated: false,
  };
};

/** The operations on aliases. */
export const aliasOperations: Readonly<Record<string, Operation>> = {
  CreateAlias: createAlias,
  UpdateAlias: updateAlias,
  DeleteAlias: deleteAlias,
  ListAliases: listAliases,
};
