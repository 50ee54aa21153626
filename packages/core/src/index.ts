export type { CallOptions } from "./limit.ts";
export type { Clock } from "./clock.ts";
export type {
  Cmk,
  KeyDescription,
  KeyKind,
  KeyState,
  Provider,
  PublicKey,
  PublicKeyPin,
  RequestQuota,
  WrappedKey,
} from "./cmk.ts";
export type { BoundContext, Context } from "./context.ts";
export type {
  DriverAnswer,
  DriverCall,
  DriverDescription,
  DriverOperation,
  DriverPublicKey,
  DriverUnwrap,
  DriverWrap,
  Failure,
  KmsAdapter,
  KmsDriver,
  UnwrapRequest,
  WrapRequest,
} from "./driver.ts";
export {
  diagnosticsChannelName,
  type CacheEvent,
  type CallEvent,
  type EventHub,
  type EventSink,
  type KeyChangedEvent,
  type KmsEvent,
  type PlainReadEvent,
} from "./events.ts";
export type { KmsKey, WrapOptions } from "./kms-key.ts";
export type { MaskName } from "./mask.ts";
export type { Pace } from "./pace.ts";
export { multiCloudKms, type Kms, type MultiCloudKmsOptions } from "./kms.ts";
export { isKmsError, KmsError, kmsErrorCodes, type KmsErrorCode, type KmsErrorDetails } from "./kms-error.ts";
export type { Path } from "./path.ts";
export type { DataKeyPurpose } from "./data-key.ts";
export { memoryDataKeyStore, type DataKeyRecord, type DataKeyStore, type StoreOptions } from "./data-key-store.ts";
export {
  envelope,
  type Envelope,
  type OpenOptions,
  type Sealer,
  type SealerOptions,
  type SealOptions,
  type TenantOptions,
} from "./envelope.ts";
export type { EnvelopeCmk, EnvelopeOptions } from "./envelope-options.ts";
export {
  fieldEncryption,
  type DecryptOptions,
  type EncryptOptions,
  type FieldEncryption,
  type TenantFields,
} from "./field-encryption.ts";
export type { Field, FieldEncryptionOptions, Fields, IndexedNames, ValueOf } from "./field-options.ts";
export type {
  DecryptableRow,
  DecryptedRow,
  EncryptableRow,
  EncryptedRow,
  MaskedRow,
  MigratedRow,
  NoEnumerations,
  ReadRow,
  RowId,
} from "./field-rows.ts";
export type { FieldType, FieldValues, JsonValue } from "./field-value.ts";
export { fileDataKeyStore } from "./file-data-key-store.ts";
export { inspectSealed, type SealedInspection } from "./inspect-sealed.ts";
export type { RecordKey } from "./record-mac.ts";
export type { RewrapperOptions } from "./rewrap.ts";
export { rewrapDataKeyFile, type DataKeyFileRewrap, type RewrapDataKeyFileOptions } from "./rewrap-data-key-file.ts";
export { rewrapPortable, type RewrapPortableOptions } from "./rewrap-portable.ts";
export type { Profile } from "./sealed-message.ts";
export { fromText, toText } from "./text-form.ts";
