export { gcp } from "./gcp.ts";
export type {
  AsymmetricDecryptRequest,
  Checksum,
  DecryptRequest,
  EncryptRequest,
  GcpCallOptions,
  GcpClient,
  GcpMethod,
  ListRequest,
  NameRequest,
} from "./gcp-client.ts";
export type { GcpAccessToken, GcpAuthClient, GcpCredentials, GcpOptions } from "./gcp-options.ts";
