import { cborHead, decodeCbor, encodeCbor, type CborMap, type CborValue } from "./cbor.ts";
import {
  isIdentifier,
  isProvider,
  maxKeyVersionLength,
  maxResourceLength,
  maxWrappedBytes,
  type KeyKind,
  type WrappedKey,
} from "./cmk.ts";
import { dataKeyIdBytes } from "./data-key.ts";
import { ivBytes } from "./iv-pool.ts";
import { KmsError } from "./kms-error.ts";
import { originTagBytes } from "./origin-tag.ts";

/**
 * Sealed messages are COSE (RFC 9052) in deterministic CBOR, A256GCM. *compact*: COSE_Encrypt0; the wrapped data key is in
 * a store. *portable*: COSE_Encrypt; the message carries its wraps. Both untagged. @see docs/envelope-format.md
 */
export type Profile = "compact" | "portable";

export interface SealedMessage {
  readonly profile: Profile;
  readonly id: Uint8Array;
  readonly iv: Uint8Array;
  /** With the 16-byte tag at its end. */
  readonly ciphertext: Uint8Array;
  /** Portable only: the encoded protected header, as authenticated. A compact one follows from the id. */
  readonly protectedHeader: Uint8Array;
  /** Portable only. */
  readonly origin: Uint8Array | null;
  /** Portable only; at most 8. Not authenticated, so that rewrapping need not touch the body. */
  readonly recipients: readonly WrappedKey[];
}

export const maxPlaintextBytes: number = 64 * 1024 * 1024;
export const maxRecipients = 8;
export const tagBytes = 16; // NIST SP 800-38D §5.2.1.2: the full tag

const header = { alg: 1, kid: 4, iv: 5, origin: -65_537, keyVersion: -65_538 } as const; // RFC 9052 §3.1; private below -65536
const a256gcm = 3; // RFC 9053 §4.1
/** Private: what is inside is root (and context hash), not a bare content key. */
const wrapAlgorithms: Record<KeyKind, number> = { rsa: -65_537, symmetric: -65_538 };

const maxSealedBytes = maxPlaintextBytes + tagBytes + maxRecipients * (maxWrappedBytes + 4096) + 1024;

/** The protected header of a data key. */
export function encodeProtected(id: Uint8Array, origin: Uint8Array | null): Uint8Array {
  const entries: [number, CborValue][] = [
    [header.alg, a256gcm],
    [header.kid, id],
  ];
  if (origin !== null) entries.push([header.origin, origin]);
  return encodeCbor(new Map(entries));
}

/** What stands before the IV: constant for a data key. */
export function sealedPrefix(profile: Profile, protectedHeader: Uint8Array): Uint8Array {
  const unprotected = [0xa1, header.iv, 0x40 + ivBytes];
  return new Uint8Array([
    profile === "compact" ? 0x83 : 0x84,
    ...cborHead(2, protectedHeader.length),
    ...protectedHeader,
    ...unprotected,
  ]);
}

/** The recipients array that ends a portable message. */
export function encodeRecipients(recipients: readonly WrappedKey[]): Uint8Array {
  return encodeCbor(
    recipients.map(({ cmk, keyVersion, bytes, kind = "symmetric" }) => {
      const entries: [number, CborValue][] = [
        [header.alg, wrapAlgorithms[kind]],
        [header.kid, Buffer.from(`${cmk.provider}:${cmk.resource}`)],
      ];
      if (keyVersion !== null) entries.push([header.keyVersion, keyVersion]);
      return [new Uint8Array(0), new Map(entries), bytes];
    }),
  );
}

// Every compact message begins with these nine bytes: array(3), bstr(38), map(2), alg: A256GCM, kid: bstr(32).
const compactStart = Uint8Array.of(0x83, 0x58, 0x26, 0xa2, 0x01, 0x03, 0x04, 0x58, 0x20);
const idAt = compactStart.length;
const noBytes = new Uint8Array(0);
const ivAt = idAt + dataKeyIdBytes + 3;
const ciphertextAt = ivAt + ivBytes;

/**
 * Parses strictly: one spelling a message, every length bounded before anything is sliced.
 *
 * @returns Views into `sealed`.
 * @throws {KmsError} `malformed`: for everything else.
 */
export function parseSealed(sealed: Uint8Array): SealedMessage {
  if (!(sealed instanceof Uint8Array)) throw new TypeError("expected sealed bytes as a Uint8Array");
  return parseCompact(sealed) ?? parsePortable(sealed) ?? malformed();
}

function parseCompact(sealed: Uint8Array): SealedMessage | undefined {
  if (sealed.length < ciphertextAt + 1 + tagBytes || sealed.length > maxSealedBytes) return undefined;
  for (let i = 0; i < compactStart.length; i += 1) if (sealed[i] !== compactStart[i]) return undefined;
  if (sealed[ivAt - 3] !== 0xa1 || sealed[ivAt - 2] !== header.iv || sealed[ivAt - 1] !== 0x40 + ivBytes) return undefined;
  const size = ciphertextHeadSize(sealed);
  if (size === 0) return undefined;
  return {
    profile: "compact",
    id: sealed.subarray(idAt, idAt + dataKeyIdBytes),
    iv: sealed.subarray(ivAt, ciphertextAt),
    ciphertext: sealed.subarray(ciphertextAt + size),
    protectedHeader: noBytes, // it says nothing but alg and id
    origin: null,
    recipients: [],
  };
}

/** The size of the ciphertext's head if it is the shortest one and spans exactly the rest, 0 otherwise. */
function ciphertextHeadSize(sealed: Uint8Array): number {
  for (const size of [1, 2, 3, 5]) {
    const length = sealed.length - ciphertextAt - size;
    if (length < tagBytes || length > maxPlaintextBytes + tagBytes || bstrHeadSize(length) !== size) continue;
    for (let i = 0; i < size; i += 1) if (sealed[ciphertextAt + i] !== bstrHeadByte(length, size, i)) return 0;
    return size;
  }
  return 0;
}

export function bstrHeadSize(length: number): number {
  return length < 24 ? 1 : length < 0x100 ? 2 : length < 0x1_0000 ? 3 : 5;
}

/** Byte `i` of a byte string's head of `size` bytes. */
export function bstrHeadByte(length: number, size: number, i: number): number {
  if (i === 0) return size === 1 ? 0x40 + length : size === 2 ? 0x58 : size === 3 ? 0x59 : 0x5a;
  return (length >>> (8 * (size - 1 - i))) & 0xff;
}

function parsePortable(sealed: Uint8Array): SealedMessage | undefined {
  if (sealed[0] !== 0x84 || sealed.length > maxSealedBytes) return undefined;
  const message = decodeCbor(sealed, { maxDepth: 4, maxItems: maxRecipients });
  if (!Array.isArray(message) || message.length !== 4) return undefined;
  const [protectedHeader, unprotected, ciphertext, recipients] = message as CborValue[];
  const body = protectedHeader instanceof Uint8Array ? parseProtected(protectedHeader) : undefined;
  const iv = mapOf(unprotected, [header.iv])?.get(header.iv);
  if (body === undefined || !isBytes(iv, ivBytes, ivBytes)) return undefined;
  const wraps = parseRecipients(recipients);
  if (!isBytes(ciphertext, tagBytes, maxPlaintextBytes + tagBytes) || wraps === undefined) return undefined;
  return { profile: "portable", ...body, iv, ciphertext, recipients: wraps };
}

/** Whether a message with these recipients could be read again: at most 8, each CMK once, under names that can be parsed. */
export function areReadable(recipients: readonly WrappedKey[]): boolean {
  return parseRecipients(decodeCbor(encodeRecipients(recipients), { maxDepth: 3, maxItems: maxRecipients })) !== undefined;
}

function parseRecipients(recipients: CborValue | undefined): WrappedKey[] | undefined {
  if (!Array.isArray(recipients)) return undefined;
  const wraps = (recipients as CborValue[]).map(parseRecipient);
  const names = new Set(wraps.map((wrap) => wrap && `${wrap.cmk.provider}:${wrap.cmk.resource}`));
  return wraps.length > 0 && !names.has(undefined) && names.size === wraps.length ? (wraps as WrappedKey[]) : undefined;
}

function parseProtected(bytes: Uint8Array): Pick<SealedMessage, "protectedHeader" | "id" | "origin"> | undefined {
  const decoded = decodeCbor(bytes);
  const map = mapOf(decoded, [header.alg, header.kid]) ?? mapOf(decoded, [header.alg, header.kid, header.origin]);
  const id = map?.get(header.kid);
  const origin = map?.get(header.origin) ?? null;
  if (map?.get(header.alg) !== a256gcm || !isBytes(id, dataKeyIdBytes, dataKeyIdBytes)) return undefined;
  if (origin !== null && !isBytes(origin, originTagBytes, originTagBytes)) return undefined;
  return { protectedHeader: bytes, id, origin };
}

function parseRecipient(recipient: CborValue): WrappedKey | undefined {
  if (!Array.isArray(recipient) || recipient.length !== 3) return undefined;
  const [empty, unprotected, bytes] = recipient as CborValue[];
  const map = mapOf(unprotected, [header.alg, header.kid]) ?? mapOf(unprotected, [header.alg, header.kid, header.keyVersion]);
  const kind = (["rsa", "symmetric"] as const).find((kind) => wrapAlgorithms[kind] === map?.get(header.alg));
  const kid = map?.get(header.kid);
  const keyVersion = map?.get(header.keyVersion) ?? null;
  if (!isBytes(empty, 0, 0) || kind === undefined || !isBytes(bytes, 1, maxWrappedBytes)) return undefined;
  if (!isBytes(kid, 3, 4 * maxResourceLength)) return undefined;
  if (keyVersion !== null && !isIdentifier(keyVersion, maxKeyVersionLength)) return undefined;
  const name = Buffer.from(kid).toString();
  const colon = name.indexOf(":");
  const provider = name.slice(0, Math.max(0, colon));
  const resource = name.slice(colon + 1);
  if (!isProvider(provider) || !isIdentifier(resource, maxResourceLength) || !Buffer.from(name).equals(kid)) return undefined;
  return { cmk: { provider, resource }, keyVersion, bytes, kind };
}

function mapOf(value: CborValue | undefined, labels: readonly number[]): CborMap | undefined {
  return value instanceof Map && value.size === labels.length && labels.every((label) => value.has(label)) ? value : undefined;
}

function isBytes(value: unknown, min: number, max: number): value is Uint8Array {
  return value instanceof Uint8Array && value.length >= min && value.length <= max;
}

function malformed(): never {
  throw new KmsError("malformed", { detail: "expected a sealed message" });
}
