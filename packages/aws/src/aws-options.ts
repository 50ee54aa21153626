import type { Cmk } from "@cmkit/core";
import { checkedEndpoint } from "@cmkit/core/adapter";
import type { AwsClient } from "./aws-client.ts";
import { isIdentity } from "./aws-clients.ts";

/** An AWS credential identity, as the SDK's credential providers give it. */
export interface AwsCredentials {
  readonly accessKeyId: string;
  readonly secretAccessKey: string;
  readonly sessionToken?: string;
  /** The SDK asks the credentials function again shortly before. Without it an answer is kept for ever. */
  readonly expiration?: Date;
}

export interface AwsOptions {
  /**
   * Whose permissions are used: an identity, or a function that gives one for each CMK, such as a role of the customer's
   * that is assumed with an external id. Default: the SDK's own chain (environment, profile, container, instance).
   *
   * The function is called with the CMK as it was opened, and for an alias once more with the key's ARN after it is
   * resolved; the account in the ARN is the same in both. Its answer is cached until shortly before its `expiration`.
   */
  readonly credentials?: AwsCredentials | ((cmk: Cmk) => AwsCredentials | Promise<AwsCredentials>);
  /**
   * Another endpoint for all regions: https, or plain http to 127.0.0.1, [::1] or localhost. Default: the cloud's own,
   * whatever AWS_ENDPOINT_URL, AWS_ENDPOINT_URL_KMS and the profile say.
   */
  readonly endpoint?: string;
  /**
   * Your own `KMSClient`, or one a region. Its retries, timeouts, endpoint and credentials are then yours (let it have
   * `maxAttempts: 1`: core retries), and `close()` leaves it open. `endpoint` then only says what `describe()` calls emulated.
   */
  readonly client?: AwsClient | ((region: string) => AwsClient);
}

/** @throws {TypeError} for options that cannot be meant. Returns the endpoint, parsed. */
export function checkOptions({ credentials, client, endpoint }: AwsOptions): URL | undefined {
  if (client !== undefined && credentials !== undefined) throw new TypeError("expected either client or credentials, got both");
  if (client !== undefined && typeof client !== "function" && typeof client.send !== "function") {
    throw new TypeError("expected client to be a KMSClient or a function of the region");
  }
  if (credentials !== undefined && typeof credentials !== "function" && !isIdentity(credentials)) {
    throw new TypeError("expected credentials to have an accessKeyId and a secretAccessKey, or to be a function");
  }
  return endpoint === undefined ? undefined : checkedEndpoint(endpoint);
}
