import type { KeyObject } from "node:crypto";
import { rootBytes } from "./cmk.ts";
import type { BoundContext } from "./context.ts";
import { wipe } from "./wipe.ts";
import { nodeCrypto } from "./node-crypto.ts";

/** `field` data keys seal messages of both profiles; `index` ones make blind indexes. */
export type DataKeyPurpose = "field" | "index";

export const dataKeyIdBytes = 32;

/** What a root becomes. The id commits to root and context: two roots with one id would be a SHA-256 collision. */
export interface DataKey {
  readonly id: Uint8Array;
  /** AES-256. */
  readonly contentKey: KeyObject;
}

/**
 * HKDF-SHA-256 (RFC 5869), frozen: salt "", info "cmkit/1 " ‖ purpose ‖ 00 ‖ SHA-256(canonical context), 64 bytes =
 * content key[32] ‖ id[32]. @see docs/envelope-format.md §3
 *
 * @param root 32 bytes. Borrowed: the caller wipes it.
 */
export function deriveDataKey(root: Uint8Array, purpose: DataKeyPurpose, context: BoundContext): DataKey {
  const info = Buffer.concat([Buffer.from(`cmkit/1 ${purpose}\0`, "latin1"), context.hash]);
  const derived = new Uint8Array(nodeCrypto().hkdfSync("sha256", root, new Uint8Array(0), info, rootBytes + dataKeyIdBytes));
  const contentKey = nodeCrypto().createSecretKey(derived.subarray(0, rootBytes));
  const id = derived.slice(rootBytes);
  wipe(derived);
  return { id, contentKey };
}

/** A data key's id as a map key. */
export function idKey(id: Uint8Array): string {
  return Buffer.from(id.buffer, id.byteOffset, id.byteLength).toString("latin1");
}
