import { additionalData, fixedBytes, gcm, originTag, protectedHeader, type VectorDataKey } from "./data-keys.ts";
import { array, bstr, fromHex, int, map, tstr, type Bytes } from "./raw-cbor.ts";
import { recordKey, type VectorCmk, type VectorRecipient, type VectorRecord } from "./world.ts";

/** How to open a message, as the vector files say it. */
export interface Opening {
  readonly name: string;
  readonly tenant: string;
  readonly context?: Readonly<Record<string, string>>;
  readonly path: readonly string[];
  /** The accepted CMKs, in order. */
  readonly accepted: readonly VectorCmk[];
  readonly escrow?: string;
  /** `current`, `both` (current and previous), or null: none, and RSA keys are then refused unless `originNone`. */
  readonly recordKey: "current" | "both" | null;
  readonly originNone?: true;
  /** False: without a data-key store. */
  readonly store?: false;
  /** Records that stand in place of those of the same id in records.json. */
  readonly records?: readonly VectorRecord[];
  readonly sealed: string;
  /** The text form, where it is the text that is opened. */
  readonly text?: string;
}

export interface Opens extends Opening {
  /** Hexadecimal; or one byte, repeated. */
  readonly plaintext: string | { readonly byte: string; readonly length: number };
  /** Enc_structure: what GCM authenticates beside the content. */
  readonly additionalData: string;
}

export interface Refused extends Opening {
  readonly code: string;
  /** Whether the KMS is asked before the refusal. */
  readonly asksKms: boolean;
  /** The sealed message stands for each of its proper prefixes. */
  readonly each?: "prefix";
}

export interface Parts {
  readonly protectedHeader?: Uint8Array;
  readonly unprotected?: Uint8Array;
  readonly iv?: Uint8Array;
  readonly ciphertext?: Uint8Array;
  readonly recipients?: Uint8Array;
  readonly origin?: Uint8Array | null;
}

export interface Built {
  readonly sealed: Bytes;
  readonly aad: Bytes;
  readonly ciphertext: Bytes;
  readonly iv: Bytes;
}

let count = 0;

export function compact(key: VectorDataKey, path: readonly string[], plaintext: Uint8Array, parts: Parts = {}): Built {
  const header = parts.protectedHeader ?? protectedHeader(key.id, null);
  const aad = additionalData("Encrypt0", header, key, path);
  const iv = fixedBytes(`iv ${(count += 1)}`, 12);
  const ciphertext = gcm(key.contentKey, iv, aad, plaintext);
  const sealed = array(bstr(header), parts.unprotected ?? ivHeader(parts.iv ?? iv), bstr(parts.ciphertext ?? ciphertext));
  return { sealed, aad, ciphertext, iv };
}

export function portable(
  key: VectorDataKey,
  path: readonly string[],
  plaintext: Uint8Array,
  recipients: readonly VectorRecipient[],
  parts: Parts = {},
): Built {
  const origin = parts.origin === undefined ? originTag(recordKey, key) : parts.origin;
  const header = parts.protectedHeader ?? protectedHeader(key.id, origin);
  const aad = additionalData("Encrypt", header, key, path);
  const iv = fixedBytes(`iv ${(count += 1)}`, 12);
  const ciphertext = gcm(key.contentKey, iv, aad, plaintext);
  const list = parts.recipients ?? array(...recipients.map(recipient));
  const unprotected = parts.unprotected ?? ivHeader(parts.iv ?? iv);
  return { sealed: array(bstr(header), unprotected, bstr(parts.ciphertext ?? ciphertext), list), aad, ciphertext, iv };
}

export function ivHeader(iv: Uint8Array): Bytes {
  return map([int(5), bstr(iv)]);
}

export function recipient({ provider, resource, kind, keyVersion, wrapped }: VectorRecipient): Bytes {
  const pairs: [Uint8Array, Uint8Array][] = [
    [int(1), int(kind === "rsa" ? -65_537 : -65_538)],
    [int(4), bstr(Buffer.from(`${provider}:${resource}`))],
  ];
  if (keyVersion !== null) pairs.push([int(-65_538), tstr(keyVersion)]);
  return array(bstr(new Uint8Array(0)), map(...pairs), bstr(fromHex(wrapped)));
}

/** Messages are numbered, and their IVs follow from the number: each generation begins anew. */
export function restartIvs(): void {
  count = 0;
}

export function text(sealed: Uint8Array): string {
  return `cmk1.${Buffer.from(sealed).toString("base64url")}`;
}
