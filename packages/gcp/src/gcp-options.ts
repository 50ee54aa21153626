import type { Cmk } from "@cmkit/core";
import { checkedEndpoint } from "@cmkit/core/adapter";
import type { GcpClient } from "./gcp-client.ts";

/** An OAuth 2.0 access token with the scope `cloudkms` or `cloud-platform`. */
export interface GcpAccessToken {
  readonly accessToken: string;
  /** From a credentials function: it is asked again a minute before. Without it, it is asked before every request. */
  readonly expiration?: Date;
}

/** The part of google-auth-library's auth clients (and of its `GoogleAuth`) that is called. */
export interface GcpAuthClient {
  getRequestHeaders(url?: string): Promise<Headers | Readonly<Record<string, string>>>;
}

export type GcpCredentials = GcpAccessToken | GcpAuthClient;

export interface GcpOptions {
  /**
   * Whose permissions are used: an access token, an auth client of google-auth-library, or a function that gives one or the
   * other for each CMK, such as a service account of the customer's that is impersonated. Default: application default
   * credentials (GOOGLE_APPLICATION_CREDENTIALS, gcloud's file, the metadata server).
   *
   * An auth client that the function gives is kept for that CMK: it renews its own tokens.
   */
  readonly credentials?: GcpCredentials | ((cmk: Cmk) => GcpCredentials | Promise<GcpCredentials>);
  /**
   * Another endpoint: https, or plain http to 127.0.0.1, [::1] or localhost. Default: cloudkms.googleapis.com, whatever
   * GOOGLE_CLOUD_UNIVERSE_DOMAIN says.
   */
  readonly endpoint?: string;
  /** `rest` starts faster and is the default. Of `grpc`, connections stay open until `close()`. */
  readonly transport?: "rest" | "grpc";
  /**
   * Your own `KeyManagementServiceClient`. Its transport, endpoint and credentials are then yours, and `close()` leaves it
   * open. `endpoint` then only says what `describe()` calls emulated.
   */
  readonly client?: GcpClient;
}

/** @throws {TypeError} for options that cannot be meant. Returns the endpoint, parsed. */
export function checkOptions({ credentials, endpoint, transport = "rest", client }: GcpOptions): URL | undefined {
  if (client !== undefined && credentials !== undefined) throw new TypeError("expected either client or credentials, got both");
  if (client !== undefined && typeof client.asymmetricDecrypt !== "function") {
    throw new TypeError("expected client to be a KeyManagementServiceClient");
  }
  if (transport !== "rest" && transport !== "grpc") throw new TypeError("expected transport to be rest or grpc");
  if (credentials !== undefined && typeof credentials !== "function" && !isCredentials(credentials)) {
    throw new TypeError("expected credentials to be an accessToken, an auth client, or a function of the CMK");
  }
  return endpoint === undefined ? undefined : checkedEndpoint(endpoint, { path: false, loopbackHttp: true });
}

export function isCredentials(value: unknown): value is GcpCredentials {
  if (!(value instanceof Object)) return false;
  if ("getRequestHeaders" in value) return typeof value.getRequestHeaders === "function";
  // RFC 6750 §2.1. Anything else could not be sent, and an error about it would show it.
  return "accessToken" in value && typeof value.accessToken === "string" && /^[A-Za-z0-9._~+/-]+=*$/.test(value.accessToken);
}
