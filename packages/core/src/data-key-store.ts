import { isIdentifier, isProvider, maxKeyVersionLength, maxResourceLength, maxWrappedBytes, type WrappedKey } from "./cmk.ts";
import { bindContext, isContext, type Context } from "./context.ts";
import { dataKeyIdBytes, idKey, type DataKeyPurpose } from "./data-key.ts";
import { KmsError } from "./kms-error.ts";
import { originTagBytes } from "./origin-tag.ts";
import { maxRecipients } from "./sealed-message.ts";
import { nodeCrypto } from "./node-crypto.ts";

/** A wrapped data key as a store keeps it. Nothing in it is secret. */
export interface DataKeyRecord {
  /** 32 bytes: derived from root and context. */
  readonly id: Uint8Array;
  readonly context: Context;
  /** The label of the envelope that made it. */
  readonly service: string;
  readonly purpose: DataKeyPurpose;
  /** 32 bytes under the operator's record key; null where no record key is used. */
  readonly origin: Uint8Array | null;
  /** One a CMK. */
  readonly recipients: readonly [WrappedKey, ...WrappedKey[]];
  readonly createdAt: Date;
}

/** Options of a store's calls. */
export interface StoreOptions {
  readonly signal?: AbortSignal | undefined;
}

/** Where wrapped data keys live. Losing it loses the data. A store of your own must keep what is said here. */
export interface DataKeyStore {
  /**
   * Durable when it resolves, on a connection of its own and never inside the caller's transaction. Inserts if absent
   * under (tenant, id) and never overwrites: a record whose id exists already is `malformed`. For purpose `index` the
   * first writer of a context wins and its record is returned.
   */
  add(record: DataKeyRecord, options?: StoreOptions): Promise<DataKeyRecord>;
  /** Looked up under both: another tenant's id is undefined. */
  get(tenant: string, id: Uint8Array, options?: StoreOptions): Promise<DataKeyRecord | undefined>;
  /** The index key of a context. */
  indexKey(context: Context, options?: StoreOptions): Promise<DataKeyRecord | undefined>;
}

/** A store in memory: for tests, and for data that does not outlive the process. */
export function memoryDataKeyStore(): DataKeyStore {
  const table = new DataKeyTable();
  return {
    async add(record, { signal } = {}) {
      signal?.throwIfAborted();
      const standing = table.standing(record);
      if (standing === undefined) table.insert(record);
      return standing ?? record;
    },
    async get(tenant, id) {
      return table.get(tenant, id);
    },
    async indexKey(context) {
      return table.indexKey(context);
    },
  };
}

/** The rules of a store over records in memory. Records are copied in and out. */
export class DataKeyTable {
  private readonly records = new Map<string, DataKeyRecord>();
  private readonly indexKeys = new Map<string, DataKeyRecord>();

  /** The record that stands in the way of `record` as the first writer of an index key. @throws {KmsError} `malformed`: the id exists. */
  standing(record: DataKeyRecord): DataKeyRecord | undefined {
    const first = record.purpose === "index" ? this.indexKey(record.context) : undefined;
    if (first === undefined && this.has(record))
      throw new KmsError("malformed", { detail: "a data key with this id exists already" });
    return first;
  }

  has({ context, id }: DataKeyRecord): boolean {
    return this.records.has(recordKeyOf(context.tenant, id));
  }

  /** Keeps the first of each id and of each index context. */
  insert(record: DataKeyRecord): void {
    const copy = structuredClone(record);
    const key = recordKeyOf(record.context.tenant, record.id);
    if (!this.records.has(key)) this.records.set(key, copy);
    if (record.purpose !== "index") return;
    const context = bindContext(record.context).key;
    if (!this.indexKeys.has(context)) this.indexKeys.set(context, copy);
  }

  /** Puts `record` in the place of the one of its id. */
  replace(record: DataKeyRecord): void {
    const copy = structuredClone(record);
    this.records.set(recordKeyOf(record.context.tenant, record.id), copy);
    const context = bindContext(record.context).key;
    if (this.indexKeys.get(context)?.id.every((byte, i) => byte === record.id[i])) this.indexKeys.set(context, copy);
  }

  all(): readonly DataKeyRecord[] {
    return [...this.records.values()].map((record) => structuredClone(record));
  }

  get(tenant: string, id: Uint8Array): DataKeyRecord | undefined {
    return structuredClone(this.records.get(recordKeyOf(tenant, id)));
  }

  indexKey(context: Context): DataKeyRecord | undefined {
    return structuredClone(this.indexKeys.get(bindContext(context).key));
  }
}

/** A record's name as a map key. */
export function recordKeyOf(tenant: string, id: Uint8Array): string {
  return `${idKey(id)}${tenant}`;
}

/** Whether what a store returned is a record of this id, checked as strictly as what comes from the network. */
export function isRecordOf(id: Uint8Array, record: DataKeyRecord | null): boolean {
  if (typeof record !== "object" || record === null) return false;
  const { origin, recipients, purpose, service, createdAt, context } = record;
  return (
    isBytes(record.id, dataKeyIdBytes, dataKeyIdBytes) &&
    nodeCrypto().timingSafeEqual(record.id, id) &&
    (origin === null || isBytes(origin, originTagBytes, originTagBytes)) &&
    (purpose === "field" || purpose === "index") &&
    isService(service) &&
    createdAt instanceof Date &&
    !Number.isNaN(createdAt.getTime()) &&
    isContext(context) &&
    Array.isArray(recipients) &&
    recipients.length >= 1 &&
    recipients.length <= maxRecipients &&
    recipients.every(isWrappedKey)
  );
}

/** A service is a label of 1 to 64 characters: `[a-z0-9][a-z0-9_.-]*`. */
export function isService(service: unknown): service is string {
  return typeof service === "string" && /^[a-z0-9][a-z0-9_.-]{0,63}$/.test(service);
}

function isWrappedKey(wrapped: WrappedKey | null): boolean {
  if (typeof wrapped !== "object" || wrapped === null) return false;
  const { cmk, keyVersion, bytes, kind } = wrapped;
  return (
    isProvider(cmk?.provider) &&
    isIdentifier(cmk.resource, maxResourceLength) &&
    (keyVersion === null || isIdentifier(keyVersion, maxKeyVersionLength)) &&
    isBytes(bytes, 1, maxWrappedBytes) &&
    (kind === undefined || kind === "rsa" || kind === "symmetric")
  );
}

function isBytes(value: unknown, min: number, max: number): value is Uint8Array {
  return value instanceof Uint8Array && value.length >= min && value.length <= max;
}
