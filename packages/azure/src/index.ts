export { azure } from "./azure.ts";
export type {
  AzureAbortSignal,
  AzureCallOptions,
  AzureClientFactory,
  AzureCredential,
  AzureCryptographyClient,
  AzureCryptoResult,
  AzureKey,
  AzureKeyClient,
  AzureKeyVersion,
  AzureRawAnswer,
  AzureToken,
  AzureTokenOptions,
} from "./azure-client.ts";
export type { AzureHosts } from "./azure-hosts.ts";
export type { AzureOptions } from "./azure-options.ts";
