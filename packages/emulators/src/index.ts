export { awsEmulator, type AwsEmulator, type AwsEmulatorOptions } from "./aws/emulator.ts";
export type { AwsEmulatorKey, AwsEmulatorVerbs } from "./aws/emulator-verbs.ts";
export type { AwsKeySpec } from "./aws/key-material.ts";
export type { KeyState } from "./aws/kms-key.ts";
export type { Denial } from "./aws/policy.ts";
export {
  type AwsSeed,
  type AwsSeedKey,
  type AwsSeedMaterial,
  type AwsSeedPrincipal,
  defaultAwsSeed,
  parseAwsSeed,
} from "./aws/seed.ts";
export type { Denial as AzureDenial } from "./azure/authorization.ts";
export type { AzureCredentialOptions, AzureEmulatorCredential } from "./azure/credential.ts";
export { azureEmulator, type AzureEmulator, type AzureEmulatorOptions } from "./azure/emulator.ts";
export type { AzureEmulatorCredentials, AzureEmulatorKey, AzureEmulatorVerbs } from "./azure/emulator-verbs.ts";
export type { AzureKeyType } from "./azure/key-material.ts";
export {
  type AzureSeed,
  type AzureSeedKey,
  type AzureSeedPrincipal,
  type AzureSeedVault,
  type AzureSeedVersion,
  defaultAzureSeed,
  parseAzureSeed,
} from "./azure/seed.ts";
export type {
  PermissionModel as AzurePermissionModel,
  VaultDomain as AzureVaultDomain,
  VaultType as AzureVaultType,
} from "./azure/vault.ts";
export { azureTokenCredential } from "./azure/token-credential.ts";
export type { EmulatedCall } from "./call-log.ts";
export { type ControlTarget, emulatorControl, type EmulatorControl } from "./control-client.ts";
export type { EmulatorServer } from "./emulator-server.ts";
export type { EmulatorVerbs } from "./emulator-verbs.ts";
export { FaultScript } from "./fault-script.ts";
export { type Fault, type FaultEffect, type FaultFilter, parseFault } from "./faults.ts";
export type { GcpAlgorithm, GcpPurpose } from "./gcp/algorithm.ts";
export type { ProtectionLevel as GcpProtectionLevel, VersionState as GcpVersionState } from "./gcp/crypto-key.ts";
export type { Denial as GcpDenial } from "./gcp/denial.ts";
export { gcpEmulator, type GcpEmulator, type GcpEmulatorOptions } from "./gcp/emulator.ts";
export type { GcpEmulatorKey, GcpEmulatorVerbs } from "./gcp/emulator-verbs.ts";
export {
  defaultGcpSeed,
  type GcpSeed,
  type GcpSeedKey,
  type GcpSeedPrincipal,
  type GcpSeedVersion,
  parseGcpSeed,
} from "./gcp/seed.ts";
export { ociEmulator, type OciEmulator, type OciEmulatorOptions } from "./oci/emulator.ts";
export type { OciEmulatorCredentials, OciEmulatorKey, OciEmulatorVerbs } from "./oci/emulator-verbs.ts";
export type { KeyShape as OciKeyShape } from "./oci/key-material.ts";
export type { LifecycleState as OciLifecycleState } from "./oci/lifecycle-state.ts";
export type { OciDenial } from "./oci/permission.ts";
export type { Quirks as OciQuirks } from "./oci/quirks.ts";
export {
  defaultOciSeed,
  type OciSeed,
  type OciSeedKey,
  type OciSeedKeyVersion,
  type OciSeedPrincipal,
  type OciSeedVault,
  parseOciSeed,
} from "./oci/seed.ts";
export type { RequestSecond } from "./request-seconds.ts";
