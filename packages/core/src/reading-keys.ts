import { ageAt, now, type Clock, type Moment } from "./clock.ts";
import type { Cmk, WrappedKey } from "./cmk.ts";
import type { BoundContext } from "./context.ts";
import { contentOpener, type ContentOpener } from "./content-cipher.ts";
import { idKey } from "./data-key.ts";
import { DataKeyOpener, isPassing, type Candidate } from "./data-key-opener.ts";
import type { EnvelopeSettings } from "./envelope-options.ts";
import { Flights } from "./flights.ts";
import { HeldKeys, refreshAge, wantsRefresh, type EvictReason, type HeldKey, type Loading } from "./held-keys.ts";
import { KmsError } from "./kms-error.ts";
import { remainingMs, untilDeadline, type CallOptions } from "./limit.ts";
import { isRefusal, Refusals } from "./refusals.ts";
import { encodeRecipients, type SealedMessage } from "./sealed-message.ts";
import { nodeCrypto } from "./node-crypto.ts";

interface ReadingKey extends HeldKey {
  opener: ContentOpener | undefined;
  /** The message that it was loaded for. It is refreshed through this one: another may carry wraps that were tampered with. */
  readonly message: SealedMessage;
}

/** How many different wraps of one data key may be refused within 5 s before no more are tried. */
const maxFailedWraps = 8;

/** Told of every refusal, so that what rests on the same key can be dropped. */
export type OnRefused = (error: unknown, context: BoundContext, cmk: Cmk) => void;

/** A data key that was just unwrapped. */
export interface Loaded {
  readonly id: Uint8Array;
  readonly opener: ContentOpener;
  readonly wrapped: WrappedKey;
  readonly confirmed: Moment;
}

/** The data keys that open: unwrapped by the KMS at most one TTL ago, one call however many ask. */
export class ReadingKeys {
  readonly held: HeldKeys<ReadingKey>;
  private readonly settings: EnvelopeSettings;
  private readonly opener: DataKeyOpener;
  private readonly flights: Flights<Loaded>;
  private readonly refusals: Refusals;
  private readonly clock: Clock;
  private readonly onRefused: OnRefused;
  /** Unwraps under way for each data key: each with another wrap, or they would be one. */
  private readonly unwrapping = new Map<string, number>();

  constructor(settings: EnvelopeSettings, onEvict: (key: HeldKey, reason: EvictReason) => void, onRefused: OnRefused) {
    const { clock, maxEntries, ttlMs } = settings;
    this.settings = settings;
    this.clock = clock;
    this.opener = new DataKeyOpener(settings);
    this.flights = new Flights(clock);
    this.refusals = new Refusals(clock);
    this.onRefused = onRefused;
    this.held = new HeldKeys<ReadingKey>({
      clock,
      maxEntries,
      keepMs: ttlMs,
      expired: (key, at) => ageAt(at, key.confirmed) >= ttlMs,
      forget: (key) => {
        key.opener = undefined;
      },
      onEvict,
    });
  }

  /** The warm path: synchronous, no hashing. The id commits to the context; comparing it again costs nothing. */
  cached(message: SealedMessage, context: BoundContext): ContentOpener | undefined {
    const at = now(this.clock);
    const key = this.held.get(idKey(message.id), at);
    if (key === undefined || key.context.key !== context.key) return undefined;
    if (wantsRefresh(key, at)) this.refreshAhead(key);
    return key.opener;
  }

  /** @throws {KmsError} */
  async load(message: SealedMessage, context: BoundContext, escrow: string | undefined, options: CallOptions): Promise<Loaded> {
    const flight = JSON.stringify([idKey(message.id), context.key, message.profile, escrow, digestOfWraps(message)]);
    const own = ownCopy(message); // others may join, and the caller's bytes may change meanwhile
    return this.flights.join(flight, options, async (limits) => this.fetch(own, context, escrow, limits));
  }

  /** For the call that loaded it. @throws {KmsError} `timeout`: by now the KMS's answer is older than the TTL. */
  fresh({ opener, confirmed }: Loaded): ContentOpener {
    const { ttlMs } = this.settings;
    if (ttlMs > 0 && ageAt(now(this.clock), confirmed) >= ttlMs) {
      throw new KmsError("timeout", { detail: "the KMS took longer than cache.ttlMs" });
    }
    return opener;
  }

  private async fetch(
    message: SealedMessage,
    context: BoundContext,
    escrow: string | undefined,
    limits: CallOptions,
  ): Promise<Loaded> {
    const until = untilDeadline(limits, this.clock);
    return this.held.whileLoading(context.entries.tenant, async (loading) => {
      const loaded = await this.unwrapFirst(message, context, escrow, until);
      // What was opened under escrow is not kept: it says nothing about the customer's own key.
      if (escrow === undefined && this.settings.ttlMs > 0) this.keep(loaded, message, context, loading);
      return loaded;
    });
  }

  private keep(
    { id, opener, wrapped, confirmed }: Loaded,
    message: SealedMessage,
    context: BoundContext,
    loading: Loading,
  ): void {
    const key: ReadingKey = {
      context,
      cmks: [wrapped.cmk],
      confirmed,
      dropped: undefined,
      used: true,
      refreshAtMs: refreshAge(this.settings.ttlMs),
      refreshing: false,
      opener,
      message,
    };
    if (this.held.evictedMeanwhile(loading, key) === undefined) this.held.put(idKey(id), key);
  }

  private async unwrapFirst(
    message: SealedMessage,
    context: BoundContext,
    escrow: string | undefined,
    limits: CallOptions,
  ): Promise<Loaded> {
    const unknown = `${context.key}\0${idKey(message.id)}`;
    if (message.profile === "compact") this.refusals.check(unknown);
    const source = await this.opener.source(message, context, limits).catch((error: unknown) => {
      this.refusals.note(unknown, error);
      throw error;
    });
    const candidates = await this.opener.candidates(message.id, source, context, escrow, limits);
    return this.unwrapOneOf(candidates, message, context, limits);
  }

  private async unwrapOneOf(
    [first, ...further]: [Candidate, ...Candidate[]],
    message: SealedMessage,
    context: BoundContext,
    limits: CallOptions,
  ): Promise<Loaded> {
    const { wrapped } = first;
    const { cmk, keyVersion, kind, bytes } = wrapped;
    const ofDataKey = JSON.stringify([context.key, cmk, idKey(message.id)]);
    const ofWrap = JSON.stringify([ofDataKey, keyVersion, kind, digest(bytes)]);
    this.refusals.check(ofWrap);
    // Recipients are not authenticated: whoever can alter a message could have us ask for ever new wraps of it.
    const underWay = this.unwrapping.get(ofDataKey) ?? 0;
    if (this.refusals.times(ofDataKey) + underWay >= maxFailedWraps) {
      throw new KmsError("throttled", { detail: "too many wraps of this data key were refused a moment ago" });
    }
    const confirmed = now(this.clock);
    this.unwrapping.set(ofDataKey, underWay + 1);
    try {
      const dataKey = await this.opener.unwrap(first, message.id, context, this.share(limits, further.length));
      return { id: dataKey.id, opener: contentOpener(dataKey, context), wrapped, confirmed };
    } catch (error) {
      const [second, ...rest] = further;
      if (this.settings.failover && second !== undefined && isPassing(error)) {
        return this.unwrapOneOf([second, ...rest], message, context, limits);
      }
      this.refusals.note(ofWrap, error);
      this.refusals.note(ofDataKey, error);
      this.onRefused(error, context, cmk);
      throw error;
    } finally {
      const left = (this.unwrapping.get(ofDataKey) ?? 1) - 1;
      if (left === 0) this.unwrapping.delete(ofDataKey);
      else this.unwrapping.set(ofDataKey, left);
    }
  }

  /** With failover, a KMS that does not answer leaves time for those after it. */
  private share(limits: CallOptions, further: number): CallOptions {
    if (!this.settings.failover || further === 0) return limits;
    return { signal: limits.signal, timeoutMs: Math.max(1, remainingMs(limits, this.clock) / (1 + further)) };
  }

  /** A refused refresh drops the key at once; one that cannot be answered leaves it until its TTL. */
  private refreshAhead(key: ReadingKey): void {
    const { message, context } = key;
    key.refreshing = true;
    const again = (): void => {
      key.refreshing = false; // matters if it is still the held one
      key.refreshAtMs += this.settings.ttlMs / 20;
    };
    this.load(message, context, undefined, {}).then(again, (error: unknown) => {
      if (isRefusal(error)) this.held.remove(idKey(message.id), key, "refused");
      again();
    });
  }

  forgetRefusals(): void {
    this.refusals.clear();
    this.opener.forgetRefusals();
  }
}

/** Two portable messages of one data key may carry different wraps: one that was tampered with must not fail the other. */
function digestOfWraps({ origin, recipients }: SealedMessage): string | undefined {
  return recipients.length === 0 ? undefined : digest(encodeRecipients(recipients), origin ?? new Uint8Array(0));
}

function digest(...parts: Uint8Array[]): string {
  const hash = nodeCrypto().createHash("sha256");
  for (const part of parts) hash.update(part);
  return hash.digest("base64url");
}

/** A message without its content, and without the caller's bytes, which may change and may be a view of much more. */
function ownCopy({ profile, id, origin, recipients }: SealedMessage): SealedMessage {
  const own = (bytes: Uint8Array): Uint8Array => new Uint8Array(bytes);
  const none = new Uint8Array(0);
  return {
    profile,
    id: own(id),
    origin: origin && own(origin),
    recipients: recipients.map((wrapped) => ({ ...wrapped, bytes: own(wrapped.bytes) })),
    iv: none,
    ciphertext: none,
    protectedHeader: none,
  };
}
