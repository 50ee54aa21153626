import type { Cmk } from "@cmkit/core";
import { checkedEndpoints, type VaultEndpoints } from "./endpoint.ts";
import type { OciClient } from "./oci-client.ts";

/** An API key, as in a profile of `~/.oci/config`. */
export interface OciApiKey {
  /** OCID of the tenancy. */
  readonly tenancy: string;
  /** OCID of the user. */
  readonly user: string;
  /** Of the public key that was uploaded for the user. */
  readonly fingerprint: string;
  /** PEM. */
  readonly privateKey: string;
  /** When the private key is encrypted. */
  readonly passphrase?: string;
}

/** What every authentication details provider of `oci-common` has: instance and resource principals, sessions, config files. */
export interface OciAuthenticationProvider {
  getKeyId(): Promise<string>;
  getPrivateKey(): string;
  getPassphrase(): string | null;
}

export type OciCredentials = OciApiKey | OciAuthenticationProvider;

/** A vault, as the OCID of a key in it says. */
export interface OciVault {
  /** Such as `oc1`. */
  readonly realm: string;
  /** Such as `eu-frankfurt-1`. */
  readonly region: string;
  /** The label that its hosts begin with. */
  readonly vault: string;
  /** Where it is reached: what the option `endpoint` says, or else the cloud's own hosts. */
  readonly endpoints: VaultEndpoints;
}

export interface OciOptions {
  /**
   * Whose permissions are used: an API key, a provider of `oci-common`, or a function that gives one of both for each CMK.
   * Default: the profile DEFAULT of the SDK's config file, `~/.oci/config`.
   *
   * The function is asked once a CMK, and again when OCI no longer accepts what it gave: a session token that has expired,
   * say. The default config file is read again then, too, and a provider with a method `refresh` is refreshed.
   */
  readonly credentials?: OciCredentials | ((cmk: Cmk) => OciCredentials | Promise<OciCredentials>);
  /**
   * Another endpoint for all vaults, one for both their hosts or one for each; or a function that gives them for a vault, or
   * undefined for the cloud's own. Https, or plain http to 127.0.0.1, [::1] or localhost.
   */
  readonly endpoint?: string | VaultEndpoints | ((vault: Omit<OciVault, "endpoints">) => string | VaultEndpoints | undefined);
  /**
   * Your own `KmsCryptoClient` and `KmsManagementClient`, or a function that gives those of a vault. Their retries, timeouts,
   * endpoints, credentials and console output are then yours, their requests end when the SDK ends them, and `endpoint` only
   * says what `describe()` calls emulated.
   */
  readonly client?: OciClient | ((vault: OciVault) => OciClient);
}

/** @throws {TypeError} for options that cannot be meant. */
export function checkOptions({ credentials, client, endpoint }: OciOptions): void {
  if (client !== undefined && credentials !== undefined) throw new TypeError("expected either client or credentials, got both");
  if (client !== undefined && typeof client !== "function" && !isClient(client)) {
    throw new TypeError("expected client to be { crypto, management } with a KmsCryptoClient and a KmsManagementClient");
  }
  if (credentials !== undefined && typeof credentials !== "function" && !isProvider(credentials) && !isApiKey(credentials)) {
    throw new TypeError(
      "expected credentials to have tenancy, user, fingerprint and privateKey, or to be a provider or a function",
    );
  }
  if (endpoint !== undefined && typeof endpoint !== "function") checkedEndpoints(endpoint);
}

export function isProvider(value: unknown): value is OciAuthenticationProvider {
  const { getKeyId, getPrivateKey, getPassphrase } = record(value);
  return [getKeyId, getPrivateKey, getPassphrase].every((method) => typeof method === "function");
}

export function isApiKey(value: unknown): value is OciApiKey {
  const { tenancy, user, fingerprint, privateKey, passphrase } = record(value);
  const texts = [tenancy, user, fingerprint, privateKey].every((text) => typeof text === "string" && text !== "");
  return texts && (passphrase === undefined || typeof passphrase === "string");
}

function isClient({ crypto, management }: OciClient): boolean {
  const methods = [record(crypto)["encrypt"], record(crypto)["decrypt"], record(management)["getKey"]];
  return [...methods, record(management)["getKeyVersion"]].every((method) => typeof method === "function");
}

function record(value: unknown): Readonly<Record<string, unknown>> {
  return value instanceof Object ? (value as Readonly<Record<string, unknown>>) : {};
}
