import type { Grant } from "../grant.ts";
import type { AzureRole } from "./azure-grants.ts";
import type { AzureRequest } from "./azure-request.ts";
import { grantUuid } from "./grant-name.ts";
import { hclBlock, hclLines, hclList, hclString } from "./hcl.ts";

const hsm = "azurerm_key_vault_managed_hardware_security_module";

/** For vaults with role-based access control. */
export function rbacTerraform(request: AzureRequest, { name, dataActions }: AzureRole): Grant {
  const vault = `data.azurerm_resources.${name}.resources[0].id`;
  return terraform("terraform", "Terraform: a role on the key, in a vault with role-based access control", request, name, [
    hclBlock(
      `resource "azurerm_role_definition" "${name}"`,
      { name: hclString(name), scope: `split("/providers/", ${vault})[0]` },
      [hclBlock("permissions", {}, [hclLines("data_actions", dataActions)])],
    ),
    hclBlock(`resource "azurerm_role_assignment" "${name}"`, {
      scope: `"\${${vault}}/keys/${request.key}"`,
      role_definition_id: `azurerm_role_definition.${name}.role_definition_resource_id`,
      principal_id: `data.azuread_service_principal.${name}.object_id`,
    }),
  ]);
}

/** For managed HSMs. */
export function managedHsmTerraform(request: AzureRequest, { name, dataActions }: AzureRole): Grant {
  const id = `data.azurerm_resources.${name}.resources[0].id`;
  return terraform("terraform", "Terraform: a role on the key, in a managed HSM", request, name, [
    hclBlock(
      `resource "${hsm}_role_definition" "${name}"`,
      { name: hclString(grantUuid(name, "definition")), role_name: hclString(name), managed_hsm_id: id },
      [hclBlock("permission", {}, [hclLines("data_actions", dataActions)])],
    ),
    hclBlock(`resource "${hsm}_role_assignment" "${name}"`, {
      name: hclString(grantUuid(name, "assignment")),
      managed_hsm_id: id,
      scope: hclString(`/keys/${request.key}`),
      role_definition_id: `${hsm}_role_definition.${name}.resource_manager_id`,
      principal_id: `data.azuread_service_principal.${name}.object_id`,
    }),
  ]);
}

/** For vaults with access policies. */
export function accessPolicyTerraform(request: AzureRequest, words: readonly string[], name: string): Grant {
  const title = "Terraform: an access policy, for all keys of a vault without roles";
  return terraform("terraform-access-policy", title, request, name, [
    hclBlock(`data "azurerm_client_config" "${name}"`, {}),
    hclBlock(`resource "azurerm_key_vault_access_policy" "${name}"`, {
      key_vault_id: `data.azurerm_resources.${name}.resources[0].id`,
      tenant_id: `data.azurerm_client_config.${name}.tenant_id`,
      object_id: `data.azuread_service_principal.${name}.object_id`,
      key_permissions: hclList(words.map((word) => `${word.slice(0, 1).toUpperCase()}${word.slice(1)}`)),
    }),
  ]);
}

function terraform(
  form: string,
  title: string,
  { appId, vault, managedHsm }: AzureRequest,
  name: string,
  blocks: readonly string[],
): Grant {
  const found = [
    `# Made once in your tenant: az ad sp create --id ${appId}`,
    hclBlock(`data "azuread_service_principal" "${name}"`, { client_id: hclString(appId) }),
  ].join("\n");
  const resources = hclBlock(`data "azurerm_resources" "${name}"`, {
    type: hclString(managedHsm ? "Microsoft.KeyVault/managedHSMs" : "Microsoft.KeyVault/vaults"),
    name: hclString(vault),
  });
  return { form, title, language: "hcl", text: `${[found, resources, ...blocks].join("\n\n")}\n` };
}
