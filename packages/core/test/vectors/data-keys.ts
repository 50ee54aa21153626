import { createCipheriv, createHash, createHmac, hkdfSync } from "node:crypto";
import { bstr, head, int, join, map, textMap, tstr, type Bytes } from "./raw-cbor.ts";

// Everything here is written from docs/envelope-format.md, not from the sources: vectors must not repeat their mistakes.

export type Context = Readonly<Record<string, string>> & { readonly tenant: string };

export interface VectorDataKey {
  readonly root: Bytes;
  readonly purpose: "field" | "index";
  readonly context: Context;
  readonly canonical: Bytes;
  readonly contextHash: Bytes;
  readonly contentKey: Bytes;
  readonly id: Bytes;
  /** What an RSA key wraps. */
  readonly payload: Bytes;
}

/** Bytes that are the same each time and nobody's secret. */
export function fixedBytes(label: string, length: number): Bytes {
  const blocks = Array.from({ length: Math.ceil(length / 32) }, (_, i) => sha256(Buffer.from(`cmkit vectors ${label} ${i}`)));
  return join(...blocks).slice(0, length);
}

export function sha256(bytes: Uint8Array): Bytes {
  return new Uint8Array(createHash("sha256").update(bytes).digest());
}

/** §2, §3 and §4 of the format. */
export function dataKey(label: string, context: Context, purpose: "field" | "index" = "field"): VectorDataKey {
  const root = fixedBytes(`root ${label}`, 32);
  const canonical = textMap(context);
  const contextHash = sha256(canonical);
  const info = join(Buffer.from(`cmkit/1 ${purpose}\0`), contextHash);
  const derived = new Uint8Array(hkdfSync("sha256", root, new Uint8Array(0), info, 64));
  const payload = join(root, sha256(join(Buffer.from("cmkit/1 context\0"), canonical)));
  return { root, purpose, context, canonical, contextHash, contentKey: derived.slice(0, 32), id: derived.slice(32), payload };
}

/** §5 of the format. */
export function originTag(recordKey: Uint8Array, { purpose, context, id, contextHash }: VectorDataKey): Bytes {
  const macKey = new Uint8Array(hkdfSync("sha256", recordKey, new Uint8Array(0), Buffer.from("cmkit/1 record origin"), 32));
  const message = join(head(4, 4), tstr(purpose), tstr(context.tenant), bstr(id), bstr(contextHash));
  return new Uint8Array(createHmac("sha256", macKey).update(message).digest());
}

/** §6 of the format: the wrap of a local AES key. */
export function localWrap(aes256: Uint8Array, { root, canonical }: VectorDataKey, plaintext: Uint8Array = root): Bytes {
  const iv = fixedBytes(`wrap iv ${Buffer.from(root).toString("hex")} ${plaintext.length}`, 12);
  const cipher = createCipheriv("aes-256-gcm", aes256, iv, { authTagLength: 16 }).setAAD(canonical);
  return join(Uint8Array.of(1), iv, cipher.update(plaintext), cipher.final(), cipher.getAuthTag());
}

export function protectedHeader(id: Uint8Array, tag: Uint8Array | null): Bytes {
  const common = [[int(1), int(3)] as const, [int(4), bstr(id)] as const];
  return tag === null ? map(...common) : map(...common, [int(-65_537), bstr(tag)]);
}

/** Enc_structure with its external_aad. */
export function additionalData(
  name: "Encrypt0" | "Encrypt",
  header: Uint8Array,
  { canonical }: VectorDataKey,
  path: readonly string[],
): Bytes {
  const external = join(head(4, 3), tstr("cmkit/1"), canonical, head(4, path.length), ...path.map(tstr));
  return join(head(4, 3), tstr(name), bstr(header), bstr(external));
}

/** Ciphertext with its tag. */
export function gcm(key: Uint8Array, iv: Uint8Array, aad: Uint8Array, plaintext: Uint8Array): Bytes {
  const cipher = createCipheriv("aes-256-gcm", key, iv, { authTagLength: 16 }).setAAD(aad);
  return join(cipher.update(plaintext), cipher.final(), cipher.getAuthTag());
}
