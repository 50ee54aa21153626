import type { Grant } from "../grant.ts";
import type { AzureRole } from "./azure-grants.ts";
import type { AzureRequest } from "./azure-request.ts";
import { shellQuoted } from "./shell-quoted.ts";

/** Stands for the vault's resource group, where the role can be assigned. */
const group = "RESOURCE_GROUP";
const description = "Wraps and unwraps data keys.";

/** For vaults with role-based access control. */
export function azRbac({ appId, vault, key }: AzureRequest, role: AzureRole): Grant {
  const definition = JSON.stringify({
    Name: role.name,
    Description: description,
    Actions: [],
    DataActions: role.dataActions,
    AssignableScopes: [group],
  });
  // The shell is let in where the group is named, and nowhere else.
  const quoted = shellQuoted(definition).replace(group, `'"\${GROUP:?}"'`);
  const text = `${servicePrincipal(appId)}
VAULT=$(az keyvault show --name ${vault} --query id --output tsv)
GROUP=\${VAULT%/providers/*}
${instead(role)}az role definition create --role-definition ${quoted}
# Azure may take some minutes to know a new role and a new service principal: then repeat this.
az role assignment create --assignee-object-id "\${SP:?}" --assignee-principal-type ServicePrincipal \\
  --role ${role.name} --scope "\${VAULT:?}/keys/${key}"
`;
  return {
    form: "az-rbac",
    title: "Azure CLI: a role on the key, in a vault with role-based access control",
    language: "sh",
    text,
  };
}

/** For vaults with access policies. */
export function azAccessPolicy({ appId, vault }: AzureRequest, words: readonly string[]): Grant {
  const text = `# It is for all keys of the vault, and takes the place of what the policy allowed the operator before.
${servicePrincipal(appId)}
az keyvault set-policy --name ${vault} --object-id "\${SP:?}" --key-permissions ${words.join(" ")}
`;
  return { form: "az-access-policy", title: "Azure CLI: an access policy, in a vault without roles", language: "sh", text };
}

/** For managed HSMs, which have roles of their own. */
export function azManagedHsm({ appId, vault, key }: AzureRequest, role: AzureRole): Grant {
  const definition = JSON.stringify({
    roleName: role.name,
    description,
    actions: [],
    notActions: [],
    dataActions: role.dataActions,
    notDataActions: [],
  });
  const text = `${servicePrincipal(appId)}
${instead(role)}az keyvault role definition create --hsm-name ${vault} --role-definition ${shellQuoted(definition)}
az keyvault role assignment create --hsm-name ${vault} \\
  --assignee-object-id "\${SP:?}" --assignee-principal-type ServicePrincipal --role ${role.name} --scope /keys/${key}
`;
  return { form: "az-managed-hsm", title: "Azure CLI: a role on the key, in a managed HSM", language: "sh", text };
}

/** The operator's application is another's in the customer's tenant until an administrator lets it in there. */
function servicePrincipal(appId: string): string {
  return `# The operator's service principal in your tenant, made where there is none.
SP=$(az ad sp show --id ${appId} --query id --output tsv 2>/dev/null || az ad sp create --id ${appId} --query id --output tsv)`;
}

function instead({ builtIn }: AzureRole): string {
  return builtIn === undefined ? "" : `# Or leave this out and assign "${builtIn}", which also allows wrap.\n`;
}
