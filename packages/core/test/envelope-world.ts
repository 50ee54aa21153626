import type { Context } from "../src/context.ts";
import { memoryDataKeyStore, type DataKeyRecord, type DataKeyStore } from "../src/data-key-store.ts";
import { envelope, type Envelope } from "../src/envelope.ts";
import type { EnvelopeOptions } from "../src/envelope-options.ts";
import type { CacheEvent, KmsEvent } from "../src/events.ts";
import { isKmsError, type KmsErrorCode } from "../src/kms-error.ts";
import { multiCloudKms, type Kms } from "../src/kms.ts";
import { fakeClock, type FakeClock } from "../src/testing/fake-clock.ts";
import { ScriptedKms } from "./envelope-kms.ts";

export const keyA = { provider: "local", resource: "local:a" } as const;
export const keyB = { provider: "local", resource: "local:b" } as const;
export const keyC = { provider: "local", resource: "local:c" } as const;
export const keyRsa = { provider: "local", resource: "local:rsa" } as const;

export const minute = 60_000;
export const ttlMs: number = 30 * minute;
export const recordKey: Uint8Array = new Uint8Array(32).fill(7);

/** A store whose answers a test can change, and that counts. */
export class WatchedStore implements DataKeyStore {
  adds = 0;
  gets = 0;
  indexKeys = 0;
  readonly records: DataKeyRecord[] = [];
  onAdd: (record: DataKeyRecord, add: () => Promise<DataKeyRecord>) => Promise<DataKeyRecord> = async (_record, add) => add();
  onGet: (record: DataKeyRecord | undefined) => Promise<DataKeyRecord | undefined> = async (record) => record;
  onIndexKey: (record: DataKeyRecord | undefined) => Promise<DataKeyRecord | undefined> = async (record) => record;
  private readonly inner: DataKeyStore = memoryDataKeyStore();

  async add(record: DataKeyRecord): Promise<DataKeyRecord> {
    this.adds += 1;
    return this.onAdd(record, async () => {
      const stored = await this.inner.add(record);
      this.records.push(structuredClone(record));
      return stored;
    });
  }

  async get(tenant: string, id: Uint8Array): Promise<DataKeyRecord | undefined> {
    this.gets += 1;
    return this.onGet(await this.inner.get(tenant, id));
  }

  async indexKey(context: Context): Promise<DataKeyRecord | undefined> {
    this.indexKeys += 1;
    return this.onIndexKey(await this.inner.indexKey(context));
  }
}

/** An envelope over a scripted KMS and a watched store, on a clock that a test moves. */
export class World {
  readonly clock: FakeClock;
  readonly scripted = new ScriptedKms();
  readonly store = new WatchedStore();
  readonly events: KmsEvent[] = [];
  readonly kms: Kms;
  readonly box: Envelope;
  private readonly options: Partial<EnvelopeOptions>;

  constructor(options: Partial<EnvelopeOptions> = {}, clock: FakeClock = fakeClock()) {
    this.options = options;
    this.clock = clock;
    const onEvent = (event: KmsEvent): void => void this.events.push(event);
    this.kms = multiCloudKms({ adapters: [this.scripted.adapter()], clock, onEvent });
    this.box = this.another();
  }

  /** A second process with the same KMS, store and clock. */
  another(options: Partial<EnvelopeOptions> = {}): Envelope {
    const { kms, store } = this;
    return envelope({ kms, cmk: () => keyA, dataKeys: store, recordKey, service: "test", ...this.options, ...options });
  }

  /** Moves time on until `promise` is settled. */
  async settle<T>(promise: Promise<T>, limitMs = 60_000): Promise<T> {
    const state = { done: false };
    const end = (): void => void (state.done = true);
    promise.then(end, end);
    await this.clock.advance(0);
    for (let waited = 0; !state.done && waited < limitMs; waited += 50) await this.clock.advance(50);
    if (!state.done) throw new Error(`expected an answer within ${limitMs} ms`);
    return promise;
  }

  /** The code with which `promise` is refused, or `ok`. */
  async code(promise: Promise<unknown>): Promise<KmsErrorCode | "ok"> {
    return this.settle(promise).then(
      () => "ok" as const,
      (error: unknown) => {
        if (isKmsError(error)) return error.code;
        throw error;
      },
    );
  }

  cacheEvents(type: CacheEvent["type"]): CacheEvent[] {
    return this.events.filter((event): event is CacheEvent => event.type === type);
  }

  /** Why entries were dropped, in order. */
  evictions(): string[] {
    return this.cacheEvents("evict").map(({ tenant, reason }) => `${tenant} ${reason}`);
  }
}

export const bytes = (text: string): Uint8Array => new Uint8Array(Buffer.from(text));
export const textOf = (plain: Uint8Array): string => Buffer.from(plain).toString();
