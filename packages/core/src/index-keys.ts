import { askStore } from "./ask-store.ts";
import { BlindIndexKey, type BlindIndexer } from "./blind-index.ts";
import { BoundedUnwraps, type OnRefused } from "./bounded-unwraps.ts";
import { now } from "./clock.ts";
import { ConfirmedKeys, type Confirmed, type ConfirmedKey } from "./confirmed-keys.ts";
import type { BoundContext } from "./context.ts";
import { deriveDataKey, idKey } from "./data-key.ts";
import { DataKeyOpener } from "./data-key-opener.ts";
import { encodeRecord } from "./data-key-record-line.ts";
import { isRecordOf, type DataKeyRecord, type DataKeyStore } from "./data-key-store.ts";
import type { EnvelopeSettings } from "./envelope-options.ts";
import type { EvictReason, HeldKey, HeldKeys } from "./held-keys.ts";
import { ifRetired } from "./if-retired.ts";
import { KmsError } from "./kms-error.ts";
import type { KmsKey } from "./kms-key.ts";
import type { CallOptions } from "./limit.ts";
import { newRoot, wrapsOf, type AskCmk } from "./new-root.ts";
import { Refusals, type OfRefused } from "./refusals.ts";
import { wipe } from "./wipe.ts";

type IndexKey = Confirmed<BlindIndexKey>;

/**
 * The index keys: one a context, made once, by whoever stores it first, and held by the same rules as what opens messages.
 * Without an age limit: another key would give the same value another index.
 */
export class IndexKeys {
  private readonly settings: EnvelopeSettings;
  private readonly keys: ConfirmedKeys<BlindIndexKey>;
  private readonly opener: DataKeyOpener;
  private readonly unwraps: BoundedUnwraps;
  private readonly refusals: Refusals;
  private readonly onRefused: OnRefused;

  constructor(settings: EnvelopeSettings, onEvict: (key: HeldKey, reason: EvictReason) => void, onRefused: OnRefused) {
    this.settings = settings;
    this.keys = new ConfirmedKeys(settings, onEvict, (key) => key.forget());
    this.opener = new DataKeyOpener(settings, "index");
    this.unwraps = new BoundedUnwraps(settings, this.opener, onRefused);
    this.refusals = new Refusals(settings.clock);
    this.onRefused = onRefused;
  }

  get held(): HeldKeys<ConfirmedKey<BlindIndexKey>> {
    return this.keys.held;
  }

  /** The warm path: synchronous, no hashing. */
  cached(context: BoundContext): BlindIndexer | undefined {
    return this.keys.cached(context.key, context);
  }

  /**
   * The stored index key of the context, or a new one, stored.
   *
   * @throws {KmsError} the KMS's refusal, also where it lets us wrap but not unwrap; `unsupported` without a data-key store;
   * `decrypt-failed` for a record that is not as it should be.
   */
  async load(context: BoundContext, options: CallOptions): Promise<BlindIndexer> {
    const ask = async (limits: CallOptions): Promise<IndexKey> => this.obtain(context, limits);
    return this.keys.fresh(await this.keys.load({ context, flight: context.key, name: context.key, ask }, options));
  }

  forgetRefusals(of: OfRefused): void {
    this.refusals.forget(of);
    this.unwraps.forgetRefusals(of);
    this.opener.forgetRefusals(of);
  }

  private async obtain(context: BoundContext, limits: CallOptions): Promise<IndexKey> {
    const { dataKeys, clock } = this.settings;
    if (dataKeys === undefined) throw new KmsError("unsupported", { detail: "a blind index needs a data-key store" });
    this.refusals.check(context.key);
    try {
      const record = await this.stored(dataKeys, context, limits);
      if (record !== undefined) return await this.open(record, context, limits);
      // The one that is held was in the store: it was shredded, or lost. It is dropped, not replaced in the background.
      if (this.held.get(context.key, now(clock)) !== undefined) throw new KmsError("unknown-data-key");
      const make = async (): Promise<IndexKey> => this.make(dataKeys, context, limits);
      return await make().catch(ifRetired(make));
    } catch (error) {
      this.refusals.note(context.key, error, { tenant: context.entries.tenant, cmk: undefined });
      throw error;
    }
  }

  private async stored(
    dataKeys: DataKeyStore,
    { entries }: BoundContext,
    limits: CallOptions,
  ): Promise<DataKeyRecord | undefined> {
    return askStore(limits, this.settings.clock, async (signal) => dataKeys.indexKey(entries, { signal }));
  }

  /** The order of an open: everything before the KMS is local, so that planted records cost no call. */
  private async open(record: DataKeyRecord, context: BoundContext, limits: CallOptions): Promise<IndexKey> {
    if (!isRecord(record)) throw new KmsError("decrypt-failed");
    const id = record.id.slice();
    const candidates = await this.opener.candidates(id, record, context, undefined, limits);
    const { dataKey, wrapped, confirmed } = await this.unwraps.oneOf(candidates, id, context, limits);
    return { value: new BlindIndexKey(dataKey.contentKey), cmk: wrapped.cmk, confirmed };
  }

  /** What cannot be opened again is not stored, and what is not stored is not used. */
  private async make(dataKeys: DataKeyStore, context: BoundContext, limits: CallOptions): Promise<IndexKey> {
    const record = await this.generate(context, limits);
    const own = await this.open(record, context, limits);
    const added = await askStore(limits, this.settings.clock, async (signal) =>
      dataKeys.add(structuredClone(record), { signal }),
    );
    const kept = await this.stored(dataKeys, context, limits); // what every other process will be given
    if (kept === undefined || !areSame(added, kept)) throw notKept();
    if (areSame(kept, record)) return own;
    if (idKey(kept.id) === idKey(record.id)) throw notKept();
    return this.open(kept, context, limits); // another process came first
  }

  /** A new root, wrapped under every CMK, as a record. */
  private async generate(context: BoundContext, limits: CallOptions): Promise<DataKeyRecord> {
    const { origin, service, clock } = this.settings;
    const cmks = await this.settings.sealingCmks(context.entries.tenant, limits);
    const ask: AskCmk = async (key, question) => this.asking(key, context, question);
    const { root, recipients } = await newRoot(this.settings, cmks, context, limits, ask);
    const { id } = deriveDataKey(root, "index", context);
    wipe(root);
    return {
      id,
      context: context.entries,
      service,
      purpose: "index",
      origin: origin?.tag("index", context, id) ?? null,
      recipients: wrapsOf(recipients),
      createdAt: new Date(clock.wallMs()),
    };
  }

  /** A question to a CMK: when it refuses, what rests on the key is dropped. */
  private async asking<T>(key: KmsKey, context: BoundContext, ask: () => Promise<T>): Promise<T> {
    try {
      return await ask();
    } catch (error) {
      this.onRefused(error, context, key.cmk);
      throw error;
    }
  }
}

function notKept(): KmsError {
  return new KmsError("unavailable", { detail: "the data-key store does not give back what was written" });
}

/** Whether what a store returned is a record at all. */
function isRecord(record: DataKeyRecord | null | undefined): record is DataKeyRecord {
  return record !== null && record !== undefined && isRecordOf(record.id, record);
}

function areSame(a: DataKeyRecord, b: DataKeyRecord): boolean {
  return isRecord(a) && isRecord(b) && encodeRecord(a) === encodeRecord(b);
}
