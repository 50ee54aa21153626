import { encodeCbor } from "./cbor.ts";
import { isIdentifier } from "./cmk.ts";
import { nodeCrypto } from "./node-crypto.ts";

/**
 * What a wrap is bound to: `tenant` and at most seven further entries. It is authenticated, not secret, and stands in clear
 * in the clouds' audit logs: no personal data.
 *
 * Keys match `[a-z][a-z0-9_.-]{0,63}` and do not begin with `aws`; values are 1 to 256 well-formed characters (UTF-16 code
 * units) without control characters, and are not normalised; at most 2,048 bytes in canonical form.
 */
export interface Context {
  readonly tenant: string;
  readonly [key: string]: string;
}

/** A checked context with its canonical forms. Made once a context and then reused: nothing on the hot path hashes. */
export interface BoundContext {
  /** Frozen. Whoever hands these on spares everybody after it the checks. */
  readonly entries: Context;
  /** Deterministic CBOR of the map, text to text (RFC 8949 §4.2.1). Frozen. */
  readonly canonical: Uint8Array;
  /** SHA-256 of `canonical`. */
  readonly hash: Uint8Array;
  /** `hash` in base64url: for map keys. */
  readonly key: string;
}

const keyGrammar = /^(?!aws)[a-z][a-z0-9_.-]{0,63}$/;
const maxEntries = 8;
const maxValueLength = 256;
const maxCanonicalBytes = 2048;

/** Those that were bound already, by their own entries: no one else can make such an object, nor change it. */
const bound = new WeakMap<object, BoundContext>();

/**
 * Checks a context and computes its canonical forms.
 *
 * @throws {TypeError} for anything that is not a flat map of strings within the limits; the message names the key, never the value.
 */
export function bindContext(context: Context): BoundContext {
  const again = bound.get(context);
  if (again !== undefined) return again;
  const entries = checkedEntries(context);
  const canonical = encodeCbor(new Map(Object.entries(entries)));
  if (canonical.length > maxCanonicalBytes) {
    throw new TypeError(`expected a context of at most ${maxCanonicalBytes} bytes, got ${canonical.length}`);
  }
  const digest = nodeCrypto().hash("sha256", canonical, "buffer");
  const made = { entries, canonical, hash: new Uint8Array(digest), key: digest.toString("base64url") };
  bound.set(entries, made);
  return made;
}

/** Whether `value` is a context that {@link bindContext} would take: for records that were read from a store. */
export function isContext(value: unknown): value is Context {
  try {
    bindContext(value as Context);
    return true;
  } catch {
    return false;
  }
}

function checkedEntries(context: Context): Context {
  if (typeof context !== "object" || context === null || Array.isArray(context)) {
    throw new TypeError("expected a context object with a tenant");
  }
  const keys = Reflect.ownKeys(context);
  if (keys.length > maxEntries) throw new TypeError(`expected at most ${maxEntries} context entries, got ${keys.length}`);
  const entries: Record<string, string> = {};
  for (const key of keys) {
    if (typeof key !== "string" || !keyGrammar.test(key)) {
      throw new TypeError("expected context keys that match [a-z][a-z0-9_.-]{0,63} and do not begin with aws");
    }
    entries[key] = checkedValue(key, context[key]);
  }
  if (!Object.hasOwn(entries, "tenant")) throw new TypeError("expected the context to have a tenant");
  return Object.freeze(entries) as Context;
}

function checkedValue(key: string, value: unknown): string {
  if (typeof value !== "string") throw new TypeError(`expected a string as context entry ${key}, got ${typeof value}`);
  if (value.length === 0 || value.length > maxValueLength) {
    throw new TypeError(`expected 1 to ${maxValueLength} characters as context entry ${key}, got ${value.length}`);
  }
  if (!isIdentifier(value, maxValueLength)) {
    throw new TypeError(`expected well-formed text without control characters as context entry ${key}`);
  }
  return value;
}
