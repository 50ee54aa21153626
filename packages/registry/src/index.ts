export type { Accessors } from "./accessors.ts";
export type { AccessReport, Lint } from "./access-report.ts";
export type { ApiToken, Authenticator, Principal } from "./api-tokens.ts";
export { apiTokens, type ApiTokens, type ApiTokensOptions, type CreateTokenOptions } from "./token-store.ts";
export type { AuditLog, AuditVerdict } from "./audit-log.ts";
export { chainedAuditLog, type AuditWriter, type ChainedAuditLogOptions } from "./chained-audit-log.ts";
export { cmkRegistry } from "./cmk-registry.ts";
export type {
  AuditRecord,
  BalanceRecord,
  CheckPhase,
  CmkRecord,
  CmkStatus,
  KeyFacts,
  ProjectRecord,
  RewrapRecord,
  RewrapState,
  Role,
  TokenRecord,
  Validation,
} from "./cmk-record.ts";
export type { Grant, GrantRequest, MissingGrant } from "./grant.ts";
export type { RegisteredCmk } from "./registered-cmk.ts";
export { isRegistryError, RegistryError, registryErrorCodes, type RegistryErrorCode } from "./registry-error.ts";
export type {
  Attribution,
  Registry,
  RegistryCallOptions,
  RegistryEnvelopeOptions,
  RegistryOptions,
  ServiceAssociation,
} from "./registry.ts";
export { resignRecords, type ResignCounts, type ResignRecordsOptions } from "./resign-records.ts";
export type { RetireOptions, RetireReport } from "./retire-report.ts";
export type { RewrapOptions, RewrapProgress } from "./rewrap-progress.ts";
export type {
  AuditHead,
  DataKeyClaim,
  DataKeyPlace,
  Page,
  Purge,
  RegistryReads,
  RegistryStore,
  RegistryWrites,
  RequestRate,
  RewrapFailure,
  RewrapFailures,
  StoredToken,
  Tagged,
  VersionCount,
  WrapReplacement,
  WriteOptions,
} from "./store.ts";
