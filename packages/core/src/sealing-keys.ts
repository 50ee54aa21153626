import { askStore } from "./ask-store.ts";
import { ageAt, now, type Clock, type Moment } from "./clock.ts";
import { sameCmk, type WrappedKey } from "./cmk.ts";
import { contentSealer, type ContentSealer } from "./content-cipher.ts";
import type { BoundContext } from "./context.ts";
import { deriveDataKey, idKey } from "./data-key.ts";
import { encodeRecord } from "./data-key-record-line.ts";
import type { DataKeyRecord } from "./data-key-store.ts";
import type { EnvelopeCmk, EnvelopeSettings } from "./envelope-options.ts";
import { Flights } from "./flights.ts";
import { HeldKeys, refreshAge, wantsRefresh, type EvictReason, type HeldKey } from "./held-keys.ts";
import { ifRetired } from "./if-retired.ts";
import { KmsError } from "./kms-error.ts";
import type { KmsKey } from "./kms-key.ts";
import type { CallOptions } from "./limit.ts";
import { newRoot, wrapsOf, type AskCmk, type NewRoot, type Recipient } from "./new-root.ts";
import type { Path } from "./path.ts";
import type { OnRefused } from "./bounded-unwraps.ts";
import { isRefusal, Refusals, type OfRefused } from "./refusals.ts";
import type { Profile } from "./sealed-message.ts";
import { wipe } from "./wipe.ts";
import { nodeCrypto } from "./node-crypto.ts";

/** A data key that this process made and seals with. */
export interface SealingKey extends HeldKey {
  readonly id: Uint8Array;
  readonly created: Moment;
  readonly recipients: readonly Recipient[];
  sealers: Record<Profile, ContentSealer> | undefined;
  messages: number;
}

/**
 * The data keys that seal: only ones that this process made, so that their messages can be counted; each stored before it
 * is used, and used only while every CMK it is wrapped under answered for it at most one TTL ago.
 */
export class SealingKeys {
  readonly held: HeldKeys<SealingKey>;
  private readonly settings: EnvelopeSettings;
  private readonly flights: Flights<SealingKey>;
  private readonly refusals: Refusals;
  private readonly clock: Clock;
  private readonly onRefused: OnRefused;

  constructor(settings: EnvelopeSettings, onEvict: (key: HeldKey, reason: EvictReason) => void, onRefused: OnRefused) {
    const { clock, maxEntries, lifetimeMs } = settings;
    this.settings = settings;
    this.clock = clock;
    this.flights = new Flights(clock);
    this.refusals = new Refusals(clock);
    this.onRefused = onRefused;
    this.held = new HeldKeys<SealingKey>({
      clock,
      maxEntries,
      keepMs: lifetimeMs,
      expired: (key, at) => this.spent(key, at),
      forget: (key) => {
        key.sealers = undefined;
      },
      onEvict,
    });
  }

  /** The warm path: synchronous, asks nobody. */
  ready(context: BoundContext): SealingKey | undefined {
    const at = now(this.clock);
    const key = this.held.get(context.key, at);
    return key !== undefined && this.usableAt(key, at) ? key : undefined;
  }

  /** Whether the key may seal now; asks for a new confirmation in the background when it is time. */
  usable(key: SealingKey): boolean {
    return this.usableAt(key, now(this.clock));
  }

  /**
   * Seals one message, or not if the key has been dropped or has sealed all that it may. The count rises before the IV is
   * drawn, so that no message is sealed uncounted.
   */
  seal(key: SealingKey, profile: Profile, plaintext: Uint8Array, path: Path): Uint8Array | undefined {
    if (key.sealers === undefined || key.messages >= this.settings.maxMessages) return undefined;
    key.messages += 1;
    return key.sealers[profile].seal(plaintext, path);
  }

  /** A key for this context: the held one, confirmed again, or a new one. @throws {KmsError} */
  async obtain(context: BoundContext, options: CallOptions): Promise<SealingKey> {
    return this.flights.join(context.key, options, async (limits) => this.renew(context, limits));
  }

  forgetRefusals(of: OfRefused): void {
    this.refusals.forget(of);
  }

  private usableAt(key: SealingKey, at: Moment): boolean {
    if (key.dropped !== undefined || this.spent(key, at)) return false;
    if (!this.settings.confirms) return true;
    if (ageAt(at, key.confirmed) >= this.settings.ttlMs) return false;
    if (wantsRefresh(key, at)) this.refreshAhead(key);
    return true;
  }

  private spent(key: SealingKey, at: Moment): boolean {
    return ageAt(at, key.created) >= this.settings.lifetimeMs || key.messages >= this.settings.maxMessages;
  }

  private async renew(context: BoundContext, limits: CallOptions): Promise<SealingKey> {
    return this.held.whileLoading(context.entries.tenant, async (loading) => {
      const ask = async (): ReturnType<EnvelopeSettings["sealingCmks"]> =>
        this.settings.sealingCmks(context.entries.tenant, limits);
      const cmks = await ask();
      const held = this.held.get(context.key, now(this.clock));
      if (held !== undefined && sameRecipients(held, cmks)) {
        await this.confirm(held, limits).catch((error: unknown) => {
          if (isRefusal(error)) this.held.remove(context.key, held, "refused");
          throw error;
        });
        return this.inTime(held);
      }
      const again = async (): Promise<SealingKey> => this.make(await ask(), context, limits);
      const key = this.inTime(await this.make(cmks, context, limits).catch(ifRetired(again)));
      // What was purged while it was made seals the message that its caller waits for, and no other: a purge reaches sealers.
      key.dropped = this.held.evictedMeanwhile(loading, key);
      // With a TTL of 0 the caller's own message is all that it seals.
      if (key.dropped === undefined && this.settings.ttlMs > 0) this.held.put(context.key, key);
      return key;
    });
  }

  /** An answer that took longer than the TTL confirms nothing. */
  private inTime(key: SealingKey): SealingKey {
    const { confirms, ttlMs } = this.settings;
    if (confirms && ttlMs > 0 && ageAt(now(this.clock), key.confirmed) >= ttlMs) {
      throw new KmsError("timeout", { detail: "the KMS and the store took longer than cache.ttlMs" });
    }
    return key;
  }

  private async make(
    cmks: readonly [EnvelopeCmk, ...EnvelopeCmk[]],
    context: BoundContext,
    limits: CallOptions,
  ): Promise<SealingKey> {
    const created = now(this.clock);
    const ask: AskCmk = async (key, question) => this.asking(key, context, undefined, question);
    const options = { ...limits, verify: this.settings.confirmsByUnwrap };
    const { root, recipients } = await newRoot(this.settings, cmks, context, options, ask);
    try {
      return await this.stored(root, recipients, context, created, limits);
    } finally {
      wipe(root);
    }
  }

  /** Nothing is sealed under a data key before the store has acknowledged it and given it back unchanged. */
  private async stored(
    root: Uint8Array,
    recipients: NewRoot["recipients"],
    context: BoundContext,
    created: Moment,
    limits: CallOptions,
  ): Promise<SealingKey> {
    const { dataKeys, origin: tagger, service, ttlMs } = this.settings;
    const dataKey = deriveDataKey(root, "field", context);
    const origin = tagger?.tag("field", context, dataKey.id) ?? null;
    const wraps = wrapsOf(recipients);
    const record: DataKeyRecord = {
      id: dataKey.id.slice(),
      context: context.entries,
      service,
      purpose: "field",
      origin,
      recipients: wraps,
      createdAt: new Date(this.clock.wallMs()),
    };
    if (dataKeys !== undefined) {
      const written = encodeRecord(record);
      const add = async (signal: AbortSignal): Promise<string> =>
        encodeRecord(await dataKeys.add(structuredClone(record), { signal })); // what is no record cannot be encoded
      if ((await askStore(limits, this.clock, add)) !== written)
        throw new KmsError("unavailable", { detail: "the data-key store changed what was written" });
    }
    return {
      id: dataKey.id,
      context,
      cmks: wraps.map(({ cmk }) => cmk),
      created,
      confirmed: created,
      dropped: undefined,
      used: true,
      refreshAtMs: refreshAge(ttlMs),
      refreshing: false,
      recipients,
      sealers: {
        compact: contentSealer(dataKey, context, "compact", origin, wraps),
        portable: contentSealer(dataKey, context, "portable", origin, wraps),
      },
      messages: 0,
    };
  }

  /** Asks every CMK but escrow ones to answer for the key again. */
  private async confirm(held: SealingKey, limits: CallOptions): Promise<void> {
    const started = now(this.clock);
    for (const { cmk, key, wrapped } of held.recipients) {
      if (cmk.escrow !== undefined) continue;
      await this.asking(key, held.context, held.id, async () => this.answersFor(held, key, wrapped, limits));
    }
    held.confirmed = started;
    held.refreshing = false;
    held.refreshAtMs = refreshAge(this.settings.ttlMs);
  }

  private async answersFor(held: SealingKey, key: KmsKey, wrapped: WrappedKey, limits: CallOptions): Promise<void> {
    // A writer with a pinned public key may lack the permission to unwrap: the KMS says that the key is enabled, nothing more.
    if (wrapped.kind === "rsa" && key.pin !== undefined && !this.settings.confirmsByUnwrap) return key.confirm(limits);
    const root = await key.unwrapKey(wrapped, held.context.entries, limits);
    const { id } = deriveDataKey(root, "field", held.context);
    wipe(root);
    if (nodeCrypto().timingSafeEqual(id, held.id)) return;
    // What it is wrapped under would not give it back: nothing more may be sealed with it.
    this.held.remove(held.context.key, held, "refused");
    throw new KmsError("bad-answer", { provider: key.cmk.provider });
  }

  /** A question to a CMK: refused ones are remembered for a moment, and what rests on the key is dropped. */
  private async asking<T>(key: KmsKey, context: BoundContext, id: Uint8Array | undefined, ask: () => Promise<T>): Promise<T> {
    // What is refused of an old data key says nothing about a new one.
    const refusal = JSON.stringify([context.key, key.cmk, id && idKey(id)]);
    this.refusals.check(refusal);
    try {
      return await ask();
    } catch (error) {
      // An alias that is not resolved may be any key.
      this.refusals.note(refusal, error, { tenant: context.entries.tenant, cmk: key.resolved ? key.cmk : undefined });
      this.onRefused(error, context, key.cmk);
      throw error;
    }
  }

  private refreshAhead(key: SealingKey): void {
    key.refreshing = true;
    // A refusal drops it at once; what cannot be answered now is asked again, until its TTL.
    const answered = (): void => {
      key.refreshing = false;
    };
    this.obtain(key.context, {}).then(answered, () => {
      answered();
      key.refreshAtMs += this.settings.ttlMs / 20;
    });
  }
}

function sameRecipients(held: SealingKey, cmks: readonly EnvelopeCmk[]): boolean {
  return held.recipients.length === cmks.length && cmks.every((cmk, i) => isFor(held.recipients[i], cmk));
}

function isFor(recipient: Recipient | undefined, cmk: EnvelopeCmk): boolean {
  return (
    recipient !== undefined && sameCmk(recipient.cmk, cmk) && recipient.cmk.escrow === cmk.escrow && samePin(recipient.cmk, cmk)
  );
}

function samePin({ pin: a }: EnvelopeCmk, { pin: b }: EnvelopeCmk): boolean {
  if (a === undefined || b === undefined) return a === b;
  return a.keyVersion === b.keyVersion && Buffer.compare(a.spkiSha256, b.spkiSha256) === 0;
}
