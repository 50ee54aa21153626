import { azureCredentialsCheck } from "./azure-credentials-check.ts";
import { azureAudiences, type AzureDev } from "./azure-dev.ts";
import type { Cloud } from "./cloud.ts";

/** Azure Key Vault and Managed HSM. */
export const azureCloud: Cloud = {
  provider: "azure",
  packages: [
    { name: "@azure/keyvault-keys", role: "SDK" },
    {
      name: "@azure/identity",
      role: "identity",
      withoutIt: "it finds credentials on this machine, and without it azure({ credential }) must be given one",
    },
  ],
  async adapter(dev) {
    const { azure } = await import("@cmkit/azure");
    if (dev === undefined) return azure();
    const { endpoint, ca, tenantId } = dev.azure;
    return azure({ endpoint, ca, tenantId, credential: { getToken: async (scopes) => devToken(scopes, dev.azure) } });
  },
  form: "the identifier of a key, beginning with https://",
  example: "https://acme-keys.vault.azure.net/keys/…",
  credentialsCheck: azureCredentialsCheck,
  advice: {
    "invalid-resource": "Give with --resource the identifier of a key, as `az keyvault key show --query key.kid` prints it.",
    "key-not-found": "Check --resource: the vault, and the key in it.",
    "access-denied":
      "Have the key's owner grant these credentials the role Key Vault Crypto Service Encryption User on the key " +
      "(docs/adapters/azure.md says which in a Managed HSM) and let this machine through the vault's firewall, {again}.",
    credentials:
      "Run `npm install @azure/identity` and `az login`, set AZURE_TENANT_ID, AZURE_CLIENT_ID and AZURE_CLIENT_SECRET, or run " +
      "this where a managed identity is; `cmkit doctor` shows what is found.",
  },
};

// Tokens of `cmkit dev` live for years; the SDK asks again after an hour.
const keptMs = 3_600_000;

function devToken(scopes: string | readonly string[], { accessTokens }: AzureDev): { token: string; expiresOnTimestamp: number } {
  const audience = azureAudiences.find((each) => [scopes].flat().includes(`${each}/.default`));
  if (audience === undefined) throw new TypeError(`expected a scope of ${azureAudiences.join(" or ")}`);
  return { token: accessTokens[audience], expiresOnTimestamp: Date.now() + keptMs };
}
