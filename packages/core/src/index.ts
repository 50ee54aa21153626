export type { CallOptions } from "./call.ts";
export type { Clock } from "./clock.ts";
export type { Cmk, KeyDescription, KeyKind, KeyState, Provider, PublicKey, PublicKeyPin, WrappedKey } from "./cmk.ts";
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
export { diagnosticsChannelName, type CacheEvent, type CallEvent, type EventSink, type KmsEvent } from "./events.ts";
export type { KmsKey, WrapOptions } from "./kms-key.ts";
export { multiCloudKms, type Kms, type MultiCloudKmsOptions } from "./kms.ts";
export { isKmsError, KmsError, kmsErrorCodes, type KmsErrorCode, type KmsErrorDetails } from "./kms-error.ts";
