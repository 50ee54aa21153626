import type { Clock } from "./clock.ts";
import type { Cmk, PublicKeyPin } from "./cmk.ts";
import { isService, type DataKeyStore } from "./data-key-store.ts";
import type { Kms } from "./kms.ts";
import { within, type CallOptions } from "./limit.ts";
import { maxRecipients, type Profile } from "./sealed-message.ts";
import { originTagger, type OriginTagger } from "./origin-tag.ts";
import type { RecordKey } from "./record-mac.ts";

/** A CMK as an envelope is told of it. */
export interface EnvelopeCmk extends Cmk {
  /** For RSA keys: version and fingerprint of the public key. Without one the first answer is pinned for this process. */
  readonly pin?: PublicKeyPin;
  /** Makes it an escrow recipient of this name: wrapped to like any other, opened only by `open(…, { escrow: name })`. */
  readonly escrow?: string;
}

type Awaitable<T> = T | Promise<T>;

export interface EnvelopeOptions {
  readonly kms: Kms;
  /** The CMK (or CMKs, each becomes a recipient) for a tenant's new data keys. Asked for each new data key and each confirmation. */
  readonly cmk: (tenant: string) => Awaitable<EnvelopeCmk | readonly EnvelopeCmk[]>;
  /** The CMKs that may open a tenant's data: current ones first, then old ones. Default: what `cmk` gives. Never taken from a message. */
  readonly accepted?: (tenant: string) => Awaitable<readonly EnvelopeCmk[]>;
  /** Where wrapped data keys are kept. Without one only portable messages can be sealed and opened. */
  readonly dataKeys?: DataKeyStore;
  /** 32 bytes that tag each data key as the operator's own. RSA CMKs are refused without it. */
  readonly recordKey?: RecordKey;
  /** "none" gives origin tags up: whoever has an RSA CMK's public key, and can write where data keys are stored, can then forge data. */
  readonly origin?: "none";
  /** A label written on each data key: `[a-z0-9][a-z0-9_.-]{0,63}`. */
  readonly service: string;
  readonly cache?: {
    /** How long a data key is usable after the KMS last answered. Default and maximum 1,800,000 (30 minutes); 0 caches nothing. */
    readonly ttlMs?: number;
    /** Default 10,000 for reading and as many for writing. */
    readonly maxEntries?: number;
  };
  /** How long a data key seals new messages. Default and maximum 86,400,000 (24 hours). */
  readonly dataKeyLifetimeMs?: number;
  /** How many messages a data key seals. Default 2^24, maximum 2^32. */
  readonly dataKeyMessages?: number;
  /** Try the next accepted recipient after `unavailable`, `timeout` or `throttled`. Default false. A refusal is always final. */
  readonly failover?: boolean;
  /**
   * How the KMS answers again for a data key that seals. Default: by unwrapping it; for RSA CMKs with a pin, whose writers may
   * lack the permission to unwrap, by saying that the key is enabled. "unwrap": by unwrapping it, always, and once before its
   * first message: nothing is sealed that could not be opened. "never": sealing goes on without asking; a revocation then
   * stops reading, not writing.
   */
  readonly confirm?: "unwrap" | "never";
}

/** {@link EnvelopeOptions}, checked and with the defaults filled in. */
export interface EnvelopeSettings {
  readonly kms: Kms;
  readonly sealingCmks: (tenant: string, limits: CallOptions) => Promise<readonly [EnvelopeCmk, ...EnvelopeCmk[]]>;
  readonly acceptedCmks: (tenant: string, limits: CallOptions) => Promise<readonly EnvelopeCmk[]>;
  readonly dataKeys: DataKeyStore | undefined;
  readonly origin: OriginTagger | undefined;
  readonly rsaAllowed: boolean;
  readonly service: string;
  readonly ttlMs: number;
  readonly maxEntries: number;
  readonly lifetimeMs: number;
  readonly maxMessages: number;
  readonly failover: boolean;
  readonly confirms: boolean;
  /** Every data key is confirmed by unwrapping it, a new one too. */
  readonly confirmsByUnwrap: boolean;
  /** Compact where there is a store to keep its data key. */
  readonly usualProfile: Profile;
  readonly clock: Clock;
}

const maxTtlMs = 30 * 60_000;
const maxLifetimeMs = 24 * 3_600_000;
const maxMessages = 2 ** 32; // NIST SP 800-38D §8.3: random IVs, all instances of a key together

/** @throws {TypeError | RangeError} that says what was expected. */
export function envelopeSettings(options: EnvelopeOptions): EnvelopeSettings {
  const { kms, cmk, accepted, dataKeys, recordKey, service, cache = {} } = options;
  if (!isService(service)) throw new TypeError("expected service to match [a-z0-9][a-z0-9_.-]{0,63}");
  if (typeof cmk !== "function") throw new TypeError("expected cmk to be a function of the tenant");
  const { clock } = kms;
  const sealingCmks: EnvelopeSettings["sealingCmks"] = async (tenant, limits) => {
    const given = await within(limits, clock, async () => cmk(tenant));
    const [first, ...further] = [given].flat<readonly (EnvelopeCmk | readonly EnvelopeCmk[])[]>();
    if (first === undefined || first === null || further.length >= maxRecipients) {
      throw new TypeError(`expected cmk to give at least 1 and at most ${maxRecipients} CMKs`);
    }
    if ([first, ...further].every(({ escrow }) => escrow !== undefined))
      throw new TypeError("expected a CMK that is not for escrow");
    return [first, ...further];
  };
  const acceptedCmks: EnvelopeSettings["acceptedCmks"] = async (tenant, limits) => {
    if (accepted === undefined) return sealingCmks(tenant, limits);
    const given = await within(limits, clock, async () => accepted(tenant));
    if (!Array.isArray(given)) throw new TypeError("expected accepted to give an array of CMKs");
    return given;
  };
  return {
    kms,
    sealingCmks,
    acceptedCmks,
    dataKeys,
    origin: recordKey === undefined ? undefined : originTagger(recordKey),
    rsaAllowed: recordKey !== undefined || options.origin === "none",
    service,
    ttlMs: between(0, cache.ttlMs ?? maxTtlMs, maxTtlMs, "cache.ttlMs"),
    maxEntries: whole(1, cache.maxEntries ?? 10_000, 10_000_000, "cache.maxEntries"),
    lifetimeMs: between(1, options.dataKeyLifetimeMs ?? maxLifetimeMs, maxLifetimeMs, "dataKeyLifetimeMs"),
    maxMessages: whole(1, options.dataKeyMessages ?? 2 ** 24, maxMessages, "dataKeyMessages"),
    failover: options.failover === true,
    confirms: options.confirm !== "never",
    confirmsByUnwrap: options.confirm === "unwrap",
    usualProfile: dataKeys === undefined ? "portable" : "compact",
    clock,
  };
}

function between(min: number, value: number, max: number, name: string): number {
  if (!(value >= min && value <= max)) throw new RangeError(`expected ${name} from ${min} to ${max}, got ${value}`);
  return value;
}

function whole(min: number, value: number, max: number, name: string): number {
  if (!Number.isInteger(value)) throw new RangeError(`expected ${name} to be a whole number, got ${value}`);
  return between(min, value, max, name);
}
