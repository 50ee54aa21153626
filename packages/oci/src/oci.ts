import type { KmsAdapter } from "@cmkit/core";
import { checkedEndpoints, cloudEndpoints, isEmulated } from "./endpoint.ts";
import { identities } from "./identities.ts";
import { keyVersionGrammar, parseKeyOcid, type KeyOcid } from "./key-ocid.ts";
import { ociDriver } from "./oci-driver.ts";
import { classifyOciError } from "./oci-errors.ts";
import { checkOptions, type OciOptions, type OciVault } from "./oci-options.ts";
import { signedClient } from "./signed-client.ts";

/**
 * Keys in OCI Vault: RSA 2048, 3072 and 4096 for encryption, and AES-256. A resource is the OCID of a key, in any realm and
 * region that the SDK knows; it says where the vault is. The SDK, `oci-common`, is imported at the first call.
 *
 * @throws {TypeError} for an endpoint that is neither https nor http to this machine, and for `client` beside `credentials`.
 * @see docs/adapters/oci.md
 */
export function oci(options: OciOptions = {}): KmsAdapter {
  checkOptions(options);
  const { client } = options;
  const who = identities(options.credentials);
  return {
    provider: "oci",
    keyVersionGrammar,
    open(resource) {
      const key = parseKeyOcid(resource);
      const vault = vaultOf(key, options.endpoint);
      const own = signedClient(Object.freeze({ provider: "oci", resource }), vault.endpoints, who);
      const clientOf = (): typeof own => (typeof client === "function" ? client(vault) : (client ?? own));
      return ociDriver(key, clientOf, isEmulated(vault.endpoints, key));
    },
    classify: classifyOciError,
    close: () => who.close(),
  };
}

function vaultOf(key: KeyOcid, endpoint: OciOptions["endpoint"]): OciVault {
  const place = { realm: key.realm.id, region: key.region, vault: key.vault };
  const chosen = typeof endpoint === "function" ? endpoint(place) : endpoint;
  return { ...place, endpoints: chosen === undefined ? cloudEndpoints(key) : checkedEndpoints(chosen) };
}
