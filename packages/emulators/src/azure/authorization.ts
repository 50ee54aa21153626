import { refusals, type ServiceRefusal } from "./errors.ts";
import type { AzureSeedPrincipal } from "./seed.ts";
import type { Vault } from "./vault.ts";

/** The operations of the REST API that are emulated, by their names in its reference. */
export type OperationName =
  | "CreateKey"
  | "ImportKey"
  | "GetKey"
  | "GetKeys"
  | "GetKeyVersions"
  | "UpdateKey"
  | "RotateKey"
  | "DeleteKey"
  | "GetDeletedKey"
  | "GetDeletedKeys"
  | "RecoverDeletedKey"
  | "PurgeDeletedKey"
  | "WrapKey"
  | "UnwrapKey"
  | "Encrypt"
  | "Decrypt";

// Microsoft.KeyVault data actions: https://learn.microsoft.com/azure/role-based-access-control/permissions/security
const vaultActions: Readonly<Record<OperationName, string>> = {
  CreateKey: "create/action",
  ImportKey: "import/action",
  GetKey: "read",
  GetKeys: "read",
  GetKeyVersions: "read",
  UpdateKey: "update/action",
  RotateKey: "rotate/action",
  DeleteKey: "delete",
  GetDeletedKey: "read",
  GetDeletedKeys: "read",
  RecoverDeletedKey: "recover/action",
  PurgeDeletedKey: "purge/action",
  WrapKey: "wrap/action",
  UnwrapKey: "unwrap/action",
  Encrypt: "encrypt/action",
  Decrypt: "decrypt/action",
};

// https://learn.microsoft.com/azure/key-vault/managed-hsm/built-in-roles: reading deleted keys is a permission of its own.
const hsmActions: Readonly<Record<OperationName, string>> = {
  ...vaultActions,
  CreateKey: "create",
  GetKey: "read/action",
  GetKeys: "read/action",
  GetKeyVersions: "read/action",
  UpdateKey: "write/action",
  GetDeletedKey: "deletedKeys/read/action",
  GetDeletedKeys: "deletedKeys/read/action",
  RecoverDeletedKey: "deletedKeys/recover/action",
  PurgeDeletedKey: "deletedKeys/delete",
};

// https://learn.microsoft.com/azure/key-vault/keys/about-keys-details#key-access-control
const permissions: Readonly<Record<OperationName, string>> = {
  CreateKey: "create",
  ImportKey: "import",
  GetKey: "get",
  GetKeys: "list",
  GetKeyVersions: "list",
  UpdateKey: "update",
  RotateKey: "rotate",
  DeleteKey: "delete",
  GetDeletedKey: "get",
  GetDeletedKeys: "list",
  RecoverDeletedKey: "recover",
  PurgeDeletedKey: "purge",
  WrapKey: "wrapKey",
  UnwrapKey: "unwrapKey",
  Encrypt: "encrypt",
  Decrypt: "decrypt",
};

/** The data action that an operation needs. */
export function dataActionOf(operation: OperationName, { type }: Pick<Vault, "type">): string {
  return type === "vault"
    ? `Microsoft.KeyVault/vaults/keys/${vaultActions[operation]}`
    : `Microsoft.KeyVault/managedHsm/keys/${hsmActions[operation]}`;
}

/** A denial added by hand; what is left out matches everything. */
export interface Denial {
  /** An operation (`UnwrapKey`), or a data action, whose parts may be `*` (`Microsoft.KeyVault/vaults/keys/unwrap/action`). */
  readonly action?: string;
  /** The principal's object id, its app id or its tenant. */
  readonly principal?: string;
}

/** What is asked for, and by whom. */
export interface AccessRequest {
  readonly principal: AzureSeedPrincipal;
  readonly tenantId: string;
  readonly operation: OperationName;
  readonly vault: Vault;
  /** The key's name; empty for a list. */
  readonly key: string;
}

function actionMatches(pattern: string, action: string): boolean {
  const escaped = pattern.replace(/[.+?^${}()|[\]\\]/g, String.raw`\$&`).replaceAll("*", ".*");
  return new RegExp(`^${escaped}$`, "i").test(action);
}

/** Whether a denial meets a request. */
export function denialMatches(denial: Denial, { principal, tenantId, operation, vault }: AccessRequest): boolean {
  const { action, principal: who } = denial;
  const named = [principal.objectId, principal.appId, principal.tenantId ?? tenantId];
  if (who !== undefined && !named.includes(who)) return false;
  return action === undefined || action === operation || actionMatches(action, dataActionOf(operation, vault));
}

/** Whether a principal's own grants cover a request; without a list, everything. */
export function isGranted({ principal, operation, vault }: AccessRequest): boolean {
  const action = dataActionOf(operation, vault);
  return principal.dataActions === undefined || principal.dataActions.some((pattern) => actionMatches(pattern, action));
}

/** The refusal of a request, in the words of the vault's permission model. */
export function deniedBy({ principal, tenantId, operation, vault, key }: AccessRequest): ServiceRefusal {
  const provider = vault.type === "vault" ? "vaults" : "managedhsms";
  const place = `/subscriptions/00000000-0000-0000-0000-000000000000/resourcegroups/emulator/providers/microsoft.keyvault/${provider}/${vault.name}`;
  const resource = key === "" ? place : `${place}/keys/${key.toLowerCase()}`;
  const call = { appId: principal.appId, objectId: principal.objectId, tenantId, vault: vault.name, resource };
  return vault.permissionModel === "rbac"
    ? refusals.denied({ ...call, action: dataActionOf(operation, vault) })
    : refusals.deniedByPolicy({ ...call, action: permissions[operation] });
}
