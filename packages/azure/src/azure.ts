import type { KmsAdapter } from "@cmkit/core";
import { azureClients } from "./azure-clients.ts";
import { azureDriver } from "./azure-driver.ts";
import { classifyAzureError } from "./azure-errors.ts";
import { checkedHosts } from "./azure-hosts.ts";
import { checkOptions, type AzureOptions } from "./azure-options.ts";
import { isEmulated } from "./endpoint.ts";
import { keyVersionGrammar, parseKeyId } from "./key-id.ts";

/**
 * Azure Key Vault and Managed HSM: RSA-2048, 3072 and 4096 keys, and symmetric keys (oct-HSM) of 256 bits. A resource is the
 * key's identifier, with or without a version, in any cloud of Microsoft's. The SDK, `@azure/keyvault-keys`, is imported at
 * the first call.
 *
 * @throws {TypeError} for an endpoint that is not https, for a tenant that is no GUID, and for `client` beside a credential.
 * @see docs/adapters/azure.md
 */
export function azure(options: AzureOptions = {}): KmsAdapter {
  const endpoint = checkOptions(options);
  const hosts = checkedHosts(options.hosts);
  const clients = azureClients(options, endpoint);
  return {
    provider: "azure",
    keyVersionGrammar,
    open(resource) {
      const key = parseKeyId(resource, hosts);
      return azureDriver(key, clients, isEmulated(endpoint, key.hosts));
    },
    classify: classifyAzureError,
    close: () => clients.close(),
  };
}
