import type { KeyClientOptions } from "@azure/keyvault-keys";
import { KmsError, type Cmk } from "@cmkit/core";
import { boundedCache } from "@cmkit/core/adapter";
import type { Agent } from "node:https";
import type { AzureClientFactory, AzureCredential, AzureCryptographyClient, AzureKeyClient } from "./azure-client.ts";
import { isCredential, isTenantId, type AzureOptions } from "./azure-options.ts";
import { credentialFault } from "./credential-fault.ts";
import { connectionTo } from "./endpoint.ts";
import { credentialTimeoutMs } from "./kept-token.ts";
import type { KeyId } from "./key-id.ts";
import { pinnedCredential } from "./pinned-credential.ts";
import { untilAborted } from "./until-aborted.ts";
import { vaultGate } from "./vault-gate.ts";

/** The clients of one vault, with the credential of one vault or CMK. */
export interface VaultClients {
  readonly keys: AzureKeyClient;
  /** Uses one version of the key, without asking for the key first. */
  version(key: KeyId, version: string): AzureCryptographyClient;
}

/** The clients of one adapter. */
export interface AzureClients {
  of(key: KeyId, signal: AbortSignal): Promise<VaultClients>;
  /** Closes the connections that were made here; injected clients belong to whoever made them. */
  close(): void;
}

const maxVaults = 500;
const maxVersions = 100;

/** One set of clients a vault, or one a CMK where each CMK has its own credential or tenant. */
export function azureClients(options: AzureOptions, endpoint: URL | undefined): AzureClients {
  const { credential, tenantId, client } = options;
  const perCmk = typeof credential === "function" || typeof tenantId === "function";
  const vaults = boundedCache<Promise<VaultClients>>(maxVaults);
  let agent: Agent | undefined;
  const make = async (key: KeyId): Promise<VaultClients> => {
    if (client !== undefined) return vaultClients(client, key);
    const { Agent } = await import("node:https");
    agent ??= new Agent({ keepAlive: true, ...(endpoint && connectionTo(endpoint)), ...(options.ca && { ca: options.ca }) });
    return vaultClients(await sdkClients(key, options, agent), key);
  };
  return {
    async of(key, signal) {
      const name = perCmk ? key.resource : key.vaultUrl;
      const made = vaults.get(name, async () =>
        make(key).catch((error: unknown) => {
          vaults.delete(name);
          throw error;
        }),
      );
      return untilAborted(made, signal);
    },
    close() {
      agent?.destroy();
      agent = undefined;
      vaults.clear();
    },
  };
}

function vaultClients(factory: AzureClientFactory, { vaultUrl }: KeyId): VaultClients {
  const versions = boundedCache<AzureCryptographyClient>(maxVersions);
  return {
    keys: factory.keys(vaultUrl),
    version({ base, name }, version) {
      const id = `${base}/${version}`;
      // A stub: with the whole key the SDK would refuse to unwrap under an expired one, and compute some things locally.
      return versions.get(id, () => factory.cryptography({ id, name, properties: { name, vaultUrl, version } }));
    },
  };
}

async function sdkClients(key: KeyId, options: AzureOptions, agent: Agent): Promise<AzureClientFactory> {
  const { KeyClient, CryptographyClient } = await import("@azure/keyvault-keys");
  const tenantId = await tenantOf(key, options);
  const { audience } = key.hosts;
  const credential = pinnedCredential(async () => credentialOf(key, options, tenantId), { audience, tenantId });
  // A fresh object for each client: the SDK writes into it.
  const settings = (): KeyClientOptions => ({
    agent, // explicit, so that no HTTPS_PROXY decides where connections go
    retryOptions: { maxRetries: 0 },
    redirectOptions: { maxRetries: 0 },
    additionalPolicies: [vaultGate(key, tenantId)],
  });
  return {
    keys: (vaultUrl) => new KeyClient(vaultUrl, credential, settings()),
    cryptography: (version) => new CryptographyClient(version, credential, settings()),
  };
}

async function tenantOf(key: KeyId, { tenantId }: AzureOptions): Promise<string | undefined> {
  if (typeof tenantId !== "function") return tenantId;
  const ask = async (): Promise<unknown> => tenantId(cmkOf(key));
  // One that never answers must not be what everybody waits for from then on.
  const asked = untilAborted(ask(), AbortSignal.timeout(credentialTimeoutMs));
  const tenant = await asked.catch((error: unknown) => credentialFault(error, undefined));
  if (isTenantId(tenant)) return tenant;
  throw new KmsError("credentials", { provider: "azure", detail: "the tenantId function gave no GUID" });
}

async function credentialOf(key: KeyId, { credential }: AzureOptions, tenantId: string | undefined): Promise<AzureCredential> {
  if (credential === undefined) {
    const { DefaultAzureCredential } = await import("@azure/identity");
    return new DefaultAzureCredential({
      // Explicit, so that no AZURE_AUTHORITY_HOST decides who gets our secret.
      authorityHost: `https://${key.hosts.authorities[0]}`,
      ...(tenantId === undefined ? {} : { additionallyAllowedTenants: [tenantId] }),
    });
  }
  const given: unknown = typeof credential === "function" ? await credential(cmkOf(key)) : credential;
  if (isCredential(given)) return given;
  throw new KmsError("credentials", { provider: "azure", detail: "the credential function gave no credential" });
}

function cmkOf({ resource }: KeyId): Cmk {
  return Object.freeze({ provider: "azure", resource });
}
