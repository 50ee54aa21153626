import { describe, expect, it } from "vitest";

import { hclBlocks } from "./hcl-text.ts";
import { accessors, grantText, type KeyName } from "./requests.ts";
import { option, runScript } from "./run-script.ts";

const vaultKeys = (...ends: readonly string[]): readonly string[] => ends.map((end) => `Microsoft.KeyVault/vaults/keys/${end}`);
const hsmKeys = (...ends: readonly string[]): readonly string[] =>
  [...ends, "deletedKeys/read/action"].map((end) => `Microsoft.KeyVault/managedHsm/keys/${end}`);

const inVault = {
  rsa: vaultKeys("read", "unwrap/action"),
  symmetric: vaultKeys("read", "encrypt/action", "decrypt/action"),
  unknown: vaultKeys("read", "unwrap/action", "encrypt/action", "decrypt/action"),
};
const inHsm = {
  rsa: hsmKeys("read/action", "unwrap/action"),
  symmetric: hsmKeys("read/action", "encrypt/action", "decrypt/action"),
  unknown: hsmKeys("read/action", "unwrap/action", "encrypt/action", "decrypt/action"),
};
const words = {
  rsa: ["get", "unwrapKey"],
  symmetric: ["get", "encrypt", "decrypt"],
  unknown: ["get", "unwrapKey", "encrypt", "decrypt"],
};
const kinds = [
  ["rsa", "rsa"],
  ["symmetric", "symmetric"],
  ["unknown", undefined],
] as const;
const id = accessors.azure.app_id;

describe("az for a vault with roles", () => {
  it("makes a role of what cmkit calls, and assigns it on the key", () => {
    expect(grantText("az-rbac", "vault", "rsa"))
      .toBe(`# The operator's service principal in your tenant, made where there is none.
SP=$(az ad sp show --id ${id} --query id --output tsv 2>/dev/null || az ad sp create --id ${id} --query id --output tsv)
VAULT=$(az keyvault show --name contoso --query id --output tsv)
GROUP=\${VAULT%/providers/*}
# Or leave this out and assign "Key Vault Crypto Service Encryption User", which also allows wrap.
az role definition create --role-definition '{"Name":"cmkitcf60d298","Description":"Wraps and unwraps data keys.","Actions":[],"DataActions":["Microsoft.KeyVault/vaults/keys/read","Microsoft.KeyVault/vaults/keys/unwrap/action"],"AssignableScopes":["'"\${GROUP:?}"'"]}'
# Azure may take some minutes to know a new role and a new service principal: then repeat this.
az role assignment create --assignee-object-id "\${SP:?}" --assignee-principal-type ServicePrincipal \\
  --role cmkitcf60d298 --scope "\${VAULT:?}/keys/crm"
`);
  });

  it.each(kinds)("allows a key of kind %s what it needs, and nothing else", (name, kind) => {
    const { calls } = runScript(grantText("az-rbac", "vault", kind), "sh");
    expect(calls).toHaveLength(2);
    const [definition, assignment] = calls;
    const role = JSON.parse(option(definition, "--role-definition") ?? "") as { readonly Name: string };
    expect(role).toEqual({
      Name: expect.stringMatching(/^cmkit[0-9a-f]{8}$/) as string,
      Description: expect.any(String) as string,
      Actions: [],
      DataActions: inVault[name],
      AssignableScopes: ["/subscriptions/0b1f6471-1bf0-4dda-aec3-cb9272f09590/resourceGroups/crm"],
    });
    expect(assignment?.slice(0, 4)).toEqual(["az", "role", "assignment", "create"]);
    expect(option(assignment, "--role")).toBe(role.Name);
    expect(option(assignment, "--assignee-object-id")).toBe("object-id");
    expect(option(assignment, "--scope")).toMatch(/\/providers\/Microsoft\.KeyVault\/vaults\/contoso\/keys\/crm$/);
  });

  it("makes the service principal where the customer has none", () => {
    const { calls } = runScript(grantText("az-rbac", "vault", "rsa"), "sh", { KNOWN: "" });
    expect(calls[0]?.slice(0, 6)).toEqual(["az", "ad", "sp", "create", "--id", id]);
    expect(option(calls[2], "--assignee-object-id")).toBe("object-id");
  });

  it("makes and assigns nothing where the vault could not be found: the scope would be another", () => {
    const { calls } = runScript(grantText("az-rbac", "vault", "rsa"), "sh", { VAULT_ID: "" });
    expect(calls).toEqual([]);
  });
});

describe("az for a vault with access policies", () => {
  it.each(kinds)("allows a key of kind %s what it needs, and nothing else", (name, kind) => {
    const [call] = runScript(grantText("az-access-policy", "vault", kind), "sh").calls;
    expect(call).toEqual(
      ["az", "keyvault", "set-policy", "--name", "contoso", "--object-id", "object-id", "--key-permissions", words[name]].flat(),
    );
  });
});

describe("az for a managed HSM", () => {
  it.each(kinds)("allows a key of kind %s what it needs, and nothing else", (name, kind) => {
    const { calls } = runScript(grantText("az-managed-hsm", "hsm", kind), "sh");
    expect(calls).toHaveLength(2);
    const [definition, assignment] = calls;
    const role = JSON.parse(option(definition, "--role-definition") ?? "") as { readonly roleName: string };
    expect(role).toMatchObject({ actions: [], notActions: [], dataActions: inHsm[name], notDataActions: [] });
    expect(option(definition, "--hsm-name")).toBe("contoso-hsm");
    expect(option(assignment, "--hsm-name")).toBe("contoso-hsm");
    expect(option(assignment, "--role")).toBe(role.roleName);
    expect(option(assignment, "--scope")).toBe("/keys/crm");
    expect(option(assignment, "--assignee-object-id")).toBe("object-id");
  });
});

describe("Terraform for Azure", () => {
  const blockOf = async (text: string, type: string): Promise<Readonly<Record<string, unknown>>> => {
    const found = Object.entries(await hclBlocks(text)).find(([name]) => name.startsWith(`${type}.`));
    if (found === undefined) throw new TypeError(`expected a ${type}`);
    return found[1];
  };
  const hsm = "resource.azurerm_key_vault_managed_hardware_security_module";

  it.each(kinds)("allows a key of kind %s what it needs, and nothing else", async (name, kind) => {
    const rbac = grantText("terraform", "vault", kind);
    expect(await blockOf(rbac, "resource.azurerm_role_definition")).toMatchObject({
      permissions: [{ data_actions: inVault[name] }],
      scope: expect.stringMatching(
        /^\$\{split\("\/providers\/", data\.azurerm_resources\.cmkit\w+\.resources\[0\]\.id\)\[0\]\}$/,
      ) as string,
    });
    expect(await blockOf(rbac, "resource.azurerm_role_assignment")).toMatchObject({
      scope: expect.stringMatching(/^\$\{data\.azurerm_resources\.cmkit\w+\.resources\[0\]\.id\}\/keys\/crm$/) as string,
    });
    expect(await blockOf(rbac, "data.azurerm_resources")).toEqual({ type: "Microsoft.KeyVault/vaults", name: "contoso" });
    const managed = grantText("terraform", "hsm", kind);
    expect(await blockOf(managed, `${hsm}_role_definition`)).toMatchObject({ permission: [{ data_actions: inHsm[name] }] });
    expect(await blockOf(managed, `${hsm}_role_assignment`)).toMatchObject({ scope: "/keys/crm" });
    expect(await blockOf(managed, "data.azurerm_resources")).toEqual({
      type: "Microsoft.KeyVault/managedHSMs",
      name: "contoso-hsm",
    });
    const policy = await blockOf(grantText("terraform-access-policy", "vault", kind), "resource.azurerm_key_vault_access_policy");
    expect(policy["key_permissions"]).toEqual(words[name].map((word) => word.replace(/^./, (letter) => letter.toUpperCase())));
  });

  it("names role and assignment in a managed HSM by UUIDs of their own, the same every time", async () => {
    const names = await Promise.all(
      ["definition", "assignment", "definition"].map(
        async (what) => (await blockOf(grantText("terraform", "hsm", "rsa"), `${hsm}_role_${what}`))["name"],
      ),
    );
    const uuid = /^[0-9a-f]{8}-[0-9a-f]{4}-8[0-9a-f]{3}-8[0-9a-f]{3}-[0-9a-f]{12}$/;
    expect(names).toEqual([expect.stringMatching(uuid), expect.stringMatching(uuid), names[0]]);
    expect(names[0]).not.toBe(names[1]);
  });

  it("finds the operator's application by its id", async () => {
    for (const key of ["vault", "hsm"] as const satisfies readonly KeyName[]) {
      expect(await blockOf(grantText("terraform", key, "rsa"), "data.azuread_service_principal")).toEqual({ client_id: id });
    }
  });
});

describe("a vault's key with a version", () => {
  it("is granted by its name: roles and policies know no versions", () => {
    const scopeOf = (key: KeyName): string | undefined =>
      option(runScript(grantText("az-rbac", key, "rsa"), "sh").calls[1], "--scope");
    expect(scopeOf("vaultVersion")).toBe(scopeOf("vault"));
  });
});
