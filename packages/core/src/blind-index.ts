import type { KeyObject } from "node:crypto";
import { encodeCbor } from "./cbor.ts";
import { rootBytes } from "./cmk.ts";
import { KmsError } from "./kms-error.ts";
import { nodeCrypto } from "./node-crypto.ts";
import { wipe } from "./wipe.ts";

/** A field that is searched by equality. Made once by {@link indexedField}: its key is found by the object, not by its bytes. */
export interface IndexedField {
  /** What its key is derived with. */
  readonly info: Uint8Array;
}

/** Makes blind indexes under the index key of one context. To be used before anything else is awaited: it ends with what is held. */
export interface BlindIndexer {
  /**
   * The same text for the same value of the same field and context, and for nothing else. It hides the value, not that two are equal.
   *
   * @param value Canonical bytes of the normalised value. Borrowed.
   * @returns 22 characters: base64url of 16 bytes, without padding.
   * @throws {KmsError} `data-key-expired`: the key was dropped or confirmed again. Get a new indexer.
   * @see docs/envelope-format.md §18
   */
  index(field: IndexedField, value: Uint8Array): string;
}

const base64url = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_"; // RFC 4648 §5
const domain = Buffer.from("cmkit/1 blind index\0", "latin1");

/** @param normalization Whether a function of the application's changes values first: the same column has other indexes with it. */
export function indexedField(table: string, field: string, normalization: "none" | "custom"): IndexedField {
  const named = nodeCrypto()
    .createHash("sha256")
    .update(encodeCbor([table, field, normalization]))
    .digest();
  return { info: new Uint8Array(Buffer.concat([domain, named])) };
}

/** An index key, and the field keys that were derived from it; all of them are forgotten together. */
export class BlindIndexKey implements BlindIndexer {
  private contentKey: KeyObject | undefined;
  private fieldKeys = new WeakMap<IndexedField, KeyObject>();

  constructor(contentKey: KeyObject) {
    this.contentKey = contentKey;
  }

  index(field: IndexedField, value: Uint8Array): string {
    // Text would be hashed, too, and would find nothing.
    if (!(value instanceof Uint8Array)) throw new TypeError("expected the value to index as a Uint8Array");
    const key = this.fieldKeys.get(field) ?? this.derive(field);
    if (key === undefined) throw new KmsError("data-key-expired", { detail: "get a new indexer" });
    const mac = nodeCrypto().createHmac("sha256", key).update(value).digest("base64url");
    // The first 16 of 32 bytes: 21 characters, and the two bits that are theirs of the next. Cutting bytes would cost a Buffer.
    return `${mac.slice(0, 21)}${"AQgw"[base64url.indexOf(mac.charAt(21)) >> 4]}`;
  }

  forget(): void {
    this.contentKey = undefined;
    this.fieldKeys = new WeakMap();
  }

  /** HKDF-SHA-256 (RFC 5869), frozen: salt "", info "cmkit/1 blind index" ‖ 00 ‖ SHA-256(CBOR [table, field, normalisation]). */
  private derive(field: IndexedField): KeyObject | undefined {
    if (this.contentKey === undefined) return undefined;
    const derived = new Uint8Array(nodeCrypto().hkdfSync("sha256", this.contentKey, new Uint8Array(0), field.info, rootBytes));
    const key = nodeCrypto().createSecretKey(derived);
    wipe(derived);
    this.fieldKeys.set(field, key);
    return key;
  }
}
