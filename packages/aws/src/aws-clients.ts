import { isKmsError, KmsError, type Cmk } from "@cmkit/core";
import { boundedCache } from "@cmkit/core/adapter";
import type * as KmsSdk from "@aws-sdk/client-kms";
import type { KmsArn } from "./arn.ts";
import type { AwsClient } from "./aws-client.ts";
import { classifyAwsError } from "./aws-errors.ts";
import type { AwsCredentials, AwsOptions } from "./aws-options.ts";
import { cloudEndpoint } from "./endpoint.ts";

/** The clients of one adapter. */
export interface AwsClients {
  of(sdk: Pick<typeof KmsSdk, "KMSClient">, arn: KmsArn): AwsClient;
  /** Closes the connections of the clients that were made here; injected ones belong to whoever made them. */
  close(): void;
}

// Long enough for a slow handshake, short enough that a dead host leaves time for another attempt within the default 5 s.
const connectionTimeoutMs = 1500;
// Below the deadline only of patient callers: for them a lost answer costs one attempt, not all of their time.
const requestTimeoutMs = 10_000;
const maxClients = 500;

/** One client a region, or one a CMK where each CMK has its own credentials. */
export function awsClients({ client, credentials, endpoint }: AwsOptions): AwsClients {
  const held = boundedCache<KmsSdk.KMSClient>(maxClients);
  // One for all, so that a client that falls out of the cache leaves nothing open.
  let connections: KmsSdk.KMSClient["config"]["requestHandler"] | undefined;
  return {
    of(sdk, arn) {
      if (client !== undefined) return typeof client === "function" ? client(arn.region) : client;
      const name = typeof credentials === "function" ? arn.arn : arn.region;
      const make = (): KmsSdk.KMSClient =>
        new sdk.KMSClient({
          region: arn.region,
          endpoint: endpoint ?? cloudEndpoint(arn),
          // Explicit, so that no variable and no profile decides.
          useFipsEndpoint: false,
          useDualstackEndpoint: false,
          retryMode: "standard",
          maxAttempts: 1,
          requestHandler: connections ?? {
            connectionTimeout: connectionTimeoutMs,
            requestTimeout: requestTimeoutMs,
            throwOnRequestTimeout: true,
          },
          ...(credentials === undefined ? {} : { credentials: identityOf(credentials, arn) }),
        });
      const made = held.get(name, make);
      connections ??= made.config.requestHandler;
      return made;
    },
    close() {
      connections?.destroy?.();
      connections = undefined;
      held.clear();
    },
  };
}

/** Functions are handed to the SDK as a provider, which it asks again before the credentials expire. */
function identityOf(
  credentials: NonNullable<AwsOptions["credentials"]>,
  { arn }: KmsArn,
): AwsCredentials | (() => Promise<AwsCredentials>) {
  if (typeof credentials !== "function") return credentials;
  const cmk: Cmk = Object.freeze({ provider: "aws", resource: arn });
  const ask = async (): Promise<unknown> => credentials(cmk);
  return async () => {
    const identity = await ask().catch(ownFault);
    if (isIdentity(identity)) return identity;
    throw new KmsError("credentials", { provider: "aws", detail: "the credentials function gave no access key" });
  };
}

/**
 * The credentials function is the application's: what fails in it says nothing about the customer's key, whatever the error
 * is called. Except that STS refuses the customer's role by this name, and that a network can be down for it, too.
 */
function ownFault(error: unknown): never {
  const { code } = isKmsError(error) ? error : classifyAwsError(error, "describe");
  const passing = code === "unavailable" || code === "timeout" || code === "throttled";
  if (passing || (error instanceof Error && error.name === "AccessDenied")) throw error;
  throw new KmsError("credentials", { provider: "aws", detail: "the credentials function failed", cause: error });
}

export function isIdentity(value: unknown): value is AwsCredentials {
  const { accessKeyId, secretAccessKey } = value instanceof Object ? (value as Record<string, unknown>) : {};
  return typeof accessKeyId === "string" && accessKeyId !== "" && typeof secretAccessKey === "string" && secretAccessKey !== "";
}
