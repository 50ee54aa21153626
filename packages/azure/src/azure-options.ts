import type { Cmk } from "@cmkit/core";
import { checkedEndpoint } from "@cmkit/core/adapter";
import type { AzureClientFactory, AzureCredential } from "./azure-client.ts";
import type { AzureHosts } from "./azure-hosts.ts";

export interface AzureOptions {
  /**
   * Whose permissions are used: a `TokenCredential` of `@azure/identity`, or a function that gives one for each CMK (asked
   * once a CMK). Default: `DefaultAzureCredential` at the authority of the key's cloud; install `@azure/identity` for it.
   */
  readonly credential?: AzureCredential | ((cmk: Cmk) => AzureCredential | Promise<AzureCredential>);
  /**
   * The tenant, as a GUID, that tokens are asked for and that the vault's challenge must name, or a function that gives it for
   * each CMK: for customers whose vaults are in their own tenants. Default: the credential's own tenant, and no other,
   * whatever a challenge says.
   */
  readonly tenantId?: string | ((cmk: Cmk) => string | Promise<string>);
  /**
   * Where connections are made to instead of the vaults' own addresses: https, for emulators, relays and private addresses.
   * URL, Host header and the name in the certificate stay those of the vault.
   */
  readonly endpoint?: string;
  /** Certificate authorities that alone are trusted at `endpoint`, as PEM: an emulator's. */
  readonly ca?: string;
  /** Further clouds, such as air-gapped ones, beside those that this package knows. */
  readonly hosts?: readonly AzureHosts[];
  /**
   * Your own clients of `@azure/keyvault-keys`. Their credentials, endpoints, redirects and retries are then yours (let them
   * have `retryOptions: { maxRetries: 0 }`: core retries), and so is what they make of a challenge.
   */
  readonly client?: AzureClientFactory;
}

const guid = /^[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}$/i;

/** @throws {TypeError} for options that cannot be meant. Returns the endpoint, parsed. */
export function checkOptions(options: AzureOptions): URL | undefined {
  const { credential, tenantId, endpoint, ca, client } = options;
  if (client !== undefined) {
    const beside = credential ?? tenantId ?? ca;
    if (beside !== undefined) throw new TypeError("expected either client or credential, tenantId and ca, got both");
    if (typeof client.keys !== "function" || typeof client.cryptography !== "function") {
      throw new TypeError("expected client to have the functions keys and cryptography");
    }
  }
  if (credential !== undefined && typeof credential !== "function" && !isCredential(credential)) {
    throw new TypeError("expected credential to have getToken, or to be a function");
  }
  if (tenantId !== undefined && typeof tenantId !== "function" && !isTenantId(tenantId)) {
    throw new TypeError("expected tenantId to be a GUID, or a function");
  }
  if (ca !== undefined && endpoint === undefined) throw new TypeError("expected ca only beside endpoint");
  return endpoint === undefined ? undefined : checkedEndpoint(endpoint, { path: false, loopbackHttp: false });
}

export function isCredential(value: unknown): value is AzureCredential {
  return typeof value === "object" && value !== null && "getToken" in value && typeof value.getToken === "function";
}

/** The challenge names tenants by their GUID alone, so a domain name could not be compared. */
export function isTenantId(value: unknown): value is string {
  return typeof value === "string" && guid.test(value);
}
