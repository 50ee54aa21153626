import type { KeyObject } from "node:crypto";
import { encodeCbor, type CborValue } from "./cbor.ts";
import { nodeCrypto } from "./node-crypto.ts";
import { wipe } from "./wipe.ts";

/** The operator's record key: 32 random bytes, or two sets of them while one replaces the other. Never stored in a database. */
export type RecordKey = Uint8Array | { readonly current: Uint8Array; readonly previous: Uint8Array };

export const recordMacBytes = 32;

/** Tags under a record key for one purpose: made under the current key, accepted under either. */
export interface RecordMac {
  tag(message: CborValue): Uint8Array;
  verify(tag: Uint8Array, message: CborValue): boolean;
  /** Whether the tag is made under the current key, and not under the previous one. */
  isCurrent(tag: Uint8Array, message: CborValue): boolean;
}

/**
 * HMAC-SHA-256 over the deterministic CBOR of a message, under HKDF-SHA-256(record key, salt "", info "cmkit/1 " + purpose, 32).
 *
 * @param purpose What is tagged, such as `record origin`: a tag of one purpose means nothing for another.
 * @throws {TypeError} unless every record key is 32 bytes.
 */
export function recordMac(recordKey: RecordKey, purpose: string): RecordMac {
  const [current, ...previous] = recordKey instanceof Uint8Array ? [recordKey] : [recordKey.current, recordKey.previous];
  const signing = macKey(current, purpose);
  const verifying = [signing, ...previous.map((key) => macKey(key, purpose))];
  const isBy = (key: KeyObject, tag: Uint8Array, bytes: Uint8Array): boolean =>
    tag.length === recordMacBytes && nodeCrypto().timingSafeEqual(mac(key, bytes), tag);
  return {
    tag: (message) => mac(signing, encodeCbor(message)),
    verify: (tag, message) => {
      const bytes = encodeCbor(message);
      return verifying.some((key) => isBy(key, tag, bytes));
    },
    isCurrent: (tag, message) => isBy(signing, tag, encodeCbor(message)),
  };
}

function macKey(recordKey: Uint8Array | undefined, purpose: string): KeyObject {
  if (!(recordKey instanceof Uint8Array) || recordKey.length !== 32) throw new TypeError("expected a record key of 32 bytes");
  const info = Buffer.from(`cmkit/1 ${purpose}`);
  const derived = new Uint8Array(nodeCrypto().hkdfSync("sha256", recordKey, new Uint8Array(0), info, 32));
  const key = nodeCrypto().createSecretKey(derived);
  wipe(derived);
  return key;
}

function mac(key: KeyObject, message: Uint8Array): Uint8Array {
  return new Uint8Array(nodeCrypto().createHmac("sha256", key).update(message).digest());
}
