import type { KmsAdapter } from "@cmkit/core";
import { keyVersionGrammar, parseCryptoKeyName } from "./crypto-key-name.ts";
import { isEmulated, serviceAddress } from "./endpoint.ts";
import { gcpConnection } from "./gcp-connection.ts";
import { gcpDriver, type GcpService } from "./gcp-driver.ts";
import { classifyGcpError } from "./gcp-errors.ts";
import { gcpIdentities } from "./gcp-identities.ts";
import { checkOptions, type GcpOptions } from "./gcp-options.ts";
import { refuseLoudLogging } from "./loud-logging.ts";

/**
 * Keys in Google Cloud KMS: RSA 2048, 3072 and 4096 for decryption with OAEP and SHA-256, and symmetric keys. A resource is
 * the full name of a key, or of one version of it. The SDK, `@google-cloud/kms`, is imported at the first call.
 *
 * @throws {TypeError} for an endpoint that is neither https nor http to this machine, and for `client` beside `credentials`.
 * @throws {KmsError} `unsupported`: while GOOGLE_SDK_NODE_LOGGING is set, with which the SDK prints data keys.
 * @see docs/adapters/gcp.md
 */
export function gcp(options: GcpOptions = {}): KmsAdapter {
  refuseLoudLogging();
  const endpoint = checkOptions(options);
  const connection = gcpConnection(options, serviceAddress(endpoint));
  const { client, credentials } = options;
  const identities = client === undefined ? gcpIdentities(credentials, async () => connection.applicationDefault()) : undefined;
  const service: GcpService = { connection, identities, emulated: isEmulated(endpoint) };
  return {
    provider: "gcp",
    keyVersionGrammar,
    open: (resource) => gcpDriver(parseCryptoKeyName(resource), service),
    classify: classifyGcpError,
    close: async () => connection.close(),
  };
}
