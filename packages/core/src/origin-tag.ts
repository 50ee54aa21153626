import type { BoundContext } from "./context.ts";
import type { DataKeyPurpose } from "./data-key.ts";
import { recordMac, recordMacBytes, type RecordKey } from "./record-mac.ts";

export const originTagBytes: number = recordMacBytes;

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
  const mac = recordMac(recordKey, "record origin");
  return {
    tag: (purpose, context, id) => mac.tag(messageOf(purpose, context, id)),
    verify: (tag, purpose, context, id) => mac.verify(tag, messageOf(purpose, context, id)),
  };
}

function messageOf(purpose: DataKeyPurpose, context: BoundContext, id: Uint8Array): readonly (string | Uint8Array)[] {
  return [purpose, context.entries.tenant, id, context.hash];
}
