/** The providers that cmkit has words for; an adapter of your own may use another lower-case word. */
export type Provider = "aws" | "gcp" | "azure" | "oci" | "local" | (string & {});

/** A customer managed key: which cloud, and that cloud's own identifier (at most 512 characters). */
export interface Cmk {
  readonly provider: Provider;
  readonly resource: string;
}

/** How a key wraps. RSA wraps are made locally with the public key; symmetric ones by the KMS. */
export type KeyKind = "rsa" | "symmetric";

/** The states that a key can be in, on every cloud. Only an `enabled` key is used for new data. */
export type KeyState =
  | "enabled"
  | "disabled"
  | "pending-deletion"
  | "pending-import"
  | "destroyed"
  | "expired"
  | "not-yet-valid"
  | "unavailable";

/** What the KMS says of a key. */
export interface KeyDescription {
  readonly provider: Provider;
  /** Canonical; aliases and versionless ids resolved. */
  readonly resource: string;
  readonly kind: KeyKind;
  /** Modulus length for RSA (2048, 3072 or 4096), 256 for symmetric keys. */
  readonly bits: number;
  readonly state: KeyState;
  /** The version (or key material) used for new wraps; null where the cloud has none. */
  readonly keyVersion: string | null;
  readonly protection: "software" | "hsm" | "external" | "unknown";
  /** Who made the key material. */
  readonly origin: "kms" | "imported" | "external" | "unknown";
  /** Days between automatic rotations; null when there is none, undefined when the cloud did not say. */
  readonly rotationDays?: number | null;
  /** When imported material or the key itself ceases to be valid. */
  readonly expiresAt?: Date;
  /** When a scheduled deletion takes place. */
  readonly deletionAt?: Date;
  /** Whether copies of the key in other regions open what it wraps; undefined when the cloud did not say. */
  readonly multiRegion?: boolean;
  /** Whether nobody can destroy a deleted key before its waiting period is over; undefined when the cloud did not say. */
  readonly purgeProtection?: boolean;
  /** True when the adapter was pointed at another endpoint than the cloud's. */
  readonly emulated: boolean;
  /** How many requests long jobs send: what the cloud documents for such keys, or where it is silent a careful number. */
  readonly quota?: RequestQuota;
}

/** A cloud's limit for cryptographic requests, which many keys may share. */
export interface RequestQuota {
  /** What shares the limit: keys of one name have it in common. At most 256 characters. */
  readonly name: string;
  /**
   * Requests a second with this key alone, at least 1. Keys of one name may differ in it: a request then takes 1/`perSecond`
   * of each second that they share.
   */
  readonly perSecond: number;
}

/** A key wrapped under a CMK: public bytes, safe to store. */
export interface WrappedKey {
  readonly cmk: Cmk;
  /** Which version of the CMK wrapped it; null where the cloud has none or did not say. */
  readonly keyVersion: string | null;
  /** At most 6,144 bytes. */
  readonly bytes: Uint8Array;
  /** How it was wrapped. Without it the key is described before the first unwrap. */
  readonly kind?: KeyKind;
}

/** The public half of an RSA CMK. */
export interface PublicKey {
  /** DER SubjectPublicKeyInfo (RFC 5280 §4.1). */
  readonly spki: Uint8Array;
  /** SHA-256 of `spki`. */
  readonly spkiSha256: Uint8Array;
  readonly keyVersion: string | null;
  readonly bits: number;
}

/** One key version and its public key's fingerprint, learned once and held on to. */
export interface PublicKeyPin {
  readonly keyVersion: string | null;
  readonly spkiSha256: Uint8Array;
}

export const maxResourceLength = 512;
export const maxKeyVersionLength = 512;
/** The largest wrap that a cloud makes. AWS KMS: CiphertextBlob, 6,144 bytes. */
export const maxWrappedBytes = 6144;
/** Every key that cmkit wraps is a 32-byte root. */
export const rootBytes = 32;

const controlCharacter = /\p{Cc}/u;

/** Whether it can be a cloud's identifier: 1 to `maxLength` well-formed characters, no control characters. */
export function isIdentifier(value: unknown, maxLength: number): value is string {
  return (
    typeof value === "string" &&
    value.length > 0 &&
    value.length <= maxLength &&
    value.isWellFormed() &&
    !controlCharacter.test(value)
  );
}

/** Whether it can be a provider: `[a-z][a-z0-9-]{0,31}`. */
export function isProvider(value: unknown): value is Provider {
  return typeof value === "string" && /^[a-z][a-z0-9-]{0,31}$/.test(value);
}

export function sameCmk(a: Cmk, b: Cmk): boolean {
  return a.provider === b.provider && a.resource === b.resource;
}
