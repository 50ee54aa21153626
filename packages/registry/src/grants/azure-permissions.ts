import type { AzureRequest } from "./azure-request.ts";
import type { KeyUse } from "./key-use.ts";

/** One permission in the words of roles and of access policies. */
interface AzurePermission {
  /** The end of a role's data action in vaults; in managed HSMs, where it is another. */
  readonly action: string;
  readonly hsmAction?: string;
  /** Of an access policy. */
  readonly word: string;
}

const get: AzurePermission = { action: "read", hsmAction: "read/action", word: "get" };
const encrypt: AzurePermission = { action: "encrypt/action", word: "encrypt" };
const unwrapKey: AzurePermission = { action: "unwrap/action", word: "unwrapKey" };
const decrypt: AzurePermission = { action: "decrypt/action", word: "decrypt" };

function permissionsFor({ kind }: AzureRequest, uses: readonly KeyUse[]): readonly AzurePermission[] {
  return [
    ...(uses.includes("describe") || uses.includes("public-key") ? [get] : []),
    ...(uses.includes("unwrap") && kind !== "symmetric" ? [unwrapKey] : []),
    ...(uses.includes("generate") || uses.includes("wrap") ? [encrypt] : []),
    ...(uses.includes("unwrap") && kind !== "rsa" ? [decrypt] : []),
  ];
}

/** The data actions of a role, by their whole names. */
export function dataActions(request: AzureRequest, uses: readonly KeyUse[]): readonly string[] {
  const prefix = request.managedHsm ? "Microsoft.KeyVault/managedHsm/keys/" : "Microsoft.KeyVault/vaults/keys/";
  return permissionsFor(request, uses).map(
    ({ action, hsmAction = action }) => `${prefix}${request.managedHsm ? hsmAction : action}`,
  );
}

/** The words of an access policy. */
export function policyWords(request: AzureRequest, uses: readonly KeyUse[]): readonly string[] {
  return permissionsFor(request, uses).map(({ word }) => word);
}

/** Tells a deleted key from one that never was. In vaults it comes with read. */
export const readDeletedKeys = "Microsoft.KeyVault/managedHsm/keys/deletedKeys/read/action";
