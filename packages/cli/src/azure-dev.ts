import { controlTokenAt, endpointAt } from "./dev-endpoint.ts";
import { type DevKeys, devKeysAt } from "./dev-keys.ts";
import { fieldsOf, textAt } from "./strict-json.ts";

/** The Azure emulator of a `cmkit dev`. */
export interface AzureDev {
  /** HTTPS on loopback: connections go there, while URLs, Host headers and certificates name the vaults. */
  readonly endpoint: string;
  /** PEM of the only certificate authority to trust there; new at every start. */
  readonly ca: string;
  /** For `emulatorControl<AzureEmulator>({ url: endpoint, controlToken, ca })`; new at every start. */
  readonly controlToken: string;
  /** The tenant that the vaults trust. */
  readonly tenantId: string;
  /** One for each service, under what its tokens are asked for: `https://vault.azure.net` and `https://managedhsm.azure.net`. */
  readonly accessTokens: Readonly<Record<AzureAudience, string>>;
  /** Key identifiers, without a version. */
  readonly keys: DevKeys;
}

/** What the tokens of Key Vault and of Managed HSM are asked for. */
export type AzureAudience = (typeof azureAudiences)[number];

/** Both of them. */
export const azureAudiences = ["https://vault.azure.net", "https://managedhsm.azure.net"] as const;

const keyId = /^https:\/\/[a-z][a-z0-9-]{1,22}[a-z0-9]\.(?:vault|managedhsm)\.azure\.net\/keys\/[a-z0-9-]{1,127}$/;
const tenantId = /^[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}$/;
const certificatePem = /^-----BEGIN CERTIFICATE-----\n[A-Za-z0-9+/=\n]{1,8192}-----END CERTIFICATE-----\n?$/;
const jwt = /^[\w-]{1,4096}\.[\w-]{1,4096}\.[\w-]{1,4096}$/;

/** @throws {TypeError} that says what was expected, without values. */
export function parseAzureDev(value: unknown): AzureDev {
  const azure = fieldsOf(value, "azure", ["endpoint", "ca", "controlToken", "tenantId", "accessTokens", "keys"]);
  const tokens = fieldsOf(azure.accessTokens, "azure.accessTokens", azureAudiences);
  const token = (audience: AzureAudience): string =>
    textAt(tokens[audience], `azure.accessTokens["${audience}"]`, jwt, "an access token");
  return {
    endpoint: endpointAt(azure.endpoint, "azure.endpoint", "https"),
    ca: textAt(azure.ca, "azure.ca", certificatePem, "the PEM of a certificate"),
    controlToken: controlTokenAt(azure.controlToken, "azure.controlToken"),
    tenantId: textAt(azure.tenantId, "azure.tenantId", tenantId, "a tenant's GUID"),
    accessTokens: {
      "https://vault.azure.net": token("https://vault.azure.net"),
      "https://managedhsm.azure.net": token("https://managedhsm.azure.net"),
    },
    keys: devKeysAt(azure.keys, "azure.keys", keyId, "a key's identifier"),
  };
}
