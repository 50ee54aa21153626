import type { KeyObject } from "node:crypto";
import { encodeCbor } from "./cbor.ts";
import type { BoundContext } from "./context.ts";
import type { DataKeyPurpose } from "./data-key.ts";
import { wipe } from "./wipe.ts";
import { nodeCrypto } from "./node-crypto.ts";

/** The operator's record key: 32 random bytes, or two sets of them while one replaces the other. Never stored in a database. */
export type RecordKey = Uint8Array | { readonly current: Uint8Array; readonly previous: Uint8Array };

export const originTagBytes = 32;

/** Tags data keys as made by this operator: an RSA wrap alone can be made by anyone with the public key. */
export interface OriginTagger {
  tag(purpose: DataKeyPurpose, context: BoundContext, id: Uint8Array): Uint8Array;
  verify(tag: Uint8Array, purpose: DataKeyPurpose, context: BoundContext, id: Uint8Array): boolean;
}

/**
 * The tag is HMAC-SHA-256 over the CBOR array [purpose, tenant, id, context hash], under HKDF-SHA-256(record key, salt "",
 * info "cmkit/1 record origin", 32). Frozen. @see docs/envelope-format.md §5
 *
 * @throws {TypeError} unless every record key is 32 bytes.
 */
export function originTagger(recordKey: RecordKey): OriginTagger {
  const [current, ...previous] = recordKey instanceof Uint8Array ? [recordKey] : [recordKey.current, recordKey.previous];
  const signing = macKey(current);
  const verifying = [signing, ...previous.map(macKey)];
  return {
    tag: (...of) => mac(signing, ...of),
    verify: (tag, ...of) =>
      tag.length === originTagBytes && verifying.some((key) => nodeCrypto().timingSafeEqual(mac(key, ...of), tag)),
  };
}

function macKey(recordKey: Uint8Array | undefined): KeyObject {
  if (!(recordKey instanceof Uint8Array) || recordKey.length !== 32) throw new TypeError("expected a record key of 32 bytes");
  const derived = new Uint8Array(
    nodeCrypto().hkdfSync("sha256", recordKey, new Uint8Array(0), Buffer.from("cmkit/1 record origin"), 32),
  );
  const key = nodeCrypto().createSecretKey(derived);
  wipe(derived);
  return key;
}

function mac(key: KeyObject, purpose: DataKeyPurpose, context: BoundContext, id: Uint8Array): Uint8Array {
  const message = encodeCbor([purpose, context.entries.tenant, id, context.hash]);
  return new Uint8Array(nodeCrypto().createHmac("sha256", key).update(message).digest());
}
