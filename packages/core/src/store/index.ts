/**
 * For packages that keep data-key records: what a record must be, and how rows are tagged under the operator's record key.
 *
 * @module
 */
export type { CborValue } from "../cbor.ts";
export { bindContext, type BoundContext } from "../context.ts";
export { isRecordOf, isService } from "../data-key-store.ts";
export { originTagger, type OriginTagger } from "../origin-tag.ts";
export { rewrapper, type Rewrapper, type RewrapperOptions } from "../rewrap.ts";
export { recordMac, recordMacBytes, type RecordKey, type RecordMac } from "../record-mac.ts";
