/**
 * For packages that keep data-key records: what a record must be, how rows are tagged under the operator's record key, and which code a
 * state of a key has.
 *
 * @module
 */
export type { CborValue } from "../cbor.ts";
export { bindContext, type BoundContext } from "../context.ts";
export { envelopeGroup, type EnvelopeGroup } from "../envelope-group.ts";
export { isRecordOf, isService } from "../data-key-store.ts";
export { keyStateCode } from "../key-state-code.ts";
export { originTagger, type OriginTagger } from "../origin-tag.ts";
export { rewrapper, type Rewrapper, type RewrapperOptions } from "../rewrap.ts";
export { recordMac, recordMacBytes, type RecordKey, type RecordMac } from "../record-mac.ts";
