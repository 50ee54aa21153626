import type { Grant } from "../grant.ts";
import { azAccessPolicy, azManagedHsm, azRbac } from "./azure-cli-grants.ts";
import { dataActions, policyWords, readDeletedKeys } from "./azure-permissions.ts";
import { azureRequest, type AzureRequest } from "./azure-request.ts";
import { accessPolicyTerraform, managedHsmTerraform, rbacTerraform } from "./azure-terraform-grants.ts";
import type { CloudGrants } from "./cloud-grants.ts";
import { grantName } from "./grant-name.ts";
import { usesOf, type KeyUse } from "./key-use.ts";

/** What a grant makes: a role of exactly these data actions, under a name of its own, assigned on the key. */
export interface AzureRole {
  readonly name: string;
  readonly dataActions: readonly string[];
  /** A built-in role that does as well, for who may not make roles; undefined where each allows too much. */
  readonly builtIn: string | undefined;
}

/** A role on the key; in vaults without role-based access control, an access policy, which is for all keys of the vault. */
export const azureGrants: CloudGrants = {
  grants(request, uses, missing) {
    const azure = azureRequest(request);
    const name = grantName(request, uses);
    if (azure.managedHsm) {
      const withDeleted = missing ? [] : [readDeletedKeys];
      const role = { name, dataActions: [...dataActions(azure, uses), ...withDeleted], builtIn: builtIn(azure, missing) };
      return [azManagedHsm(azure, role), managedHsmTerraform(azure, role)];
    }
    const role = { name, dataActions: dataActions(azure, uses), builtIn: builtIn(azure, missing) };
    return [azRbac(azure, role), rbacTerraform(azure, role), ...accessPolicies(azure, uses, name)];
  },
  permission(request, use) {
    const azure = azureRequest(request);
    const actions = dataActions(azure, [use]).join(" and ");
    return azure.managedHsm ? actions : `${actions}, or ${policyWords(azure, [use]).join(" and ")} in an access policy`;
  },
};

/** Setting a policy takes away what it does not name, so it names everything, also where one permission is missing. */
function accessPolicies(azure: AzureRequest, uses: readonly KeyUse[], name: string): readonly Grant[] {
  const words = policyWords(azure, [...new Set([...usesOf(azure.kind), ...uses])]);
  return [azAccessPolicy(azure, words), accessPolicyTerraform(azure, words, name)];
}

// Read, wrap and unwrap; whoever has the public key of an RSA key can wrap without asking.
// https://learn.microsoft.com/azure/role-based-access-control/built-in-roles/security
function builtIn({ kind, managedHsm }: AzureRequest, missing: boolean): string | undefined {
  if (kind !== "rsa" || missing) return undefined;
  return managedHsm ? "Managed HSM Crypto Service Encryption User" : "Key Vault Crypto Service Encryption User";
}
