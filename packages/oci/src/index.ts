export { oci } from "./oci.ts";
export type { VaultEndpoints } from "./endpoint.ts";
export type {
  OciAnswer,
  OciCall,
  OciClient,
  OciCryptoClient,
  OciDecryptDetails,
  OciEncryptDetails,
  OciManagementClient,
} from "./oci-client.ts";
export type { OciApiKey, OciAuthenticationProvider, OciCredentials, OciOptions, OciVault } from "./oci-options.ts";
