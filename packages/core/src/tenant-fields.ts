import type { BoundContext } from "./context.ts";
import { ContextIndexer } from "./context-indexer.ts";
import { refuseAborted } from "./envelope.ts";
import type { EnvelopeEngine } from "./envelope-engine.ts";
import type { DecryptOptions, EncryptOptions } from "./field-encryption.ts";
import type { FieldIndex, FieldSchema, FieldSpec } from "./field-schema.ts";
import { wipeFieldScratch } from "./field-value.ts";
import { untilDeadline, type CallOptions } from "./limit.ts";
import { allRows, eachRow, oneRow, type RowWork } from "./row-batches.ts";
import type { Row } from "./row-draft.ts";
import { RowOpening, type ReadOptions } from "./row-opening.ts";
import { indexedContent, RowSealing } from "./row-sealing.ts";
import { wipe } from "./wipe.ts";

/** Field encryption for one tenant, without the types of its rows. @see TenantFields in field-encryption.ts */
export class TenantFieldCipher {
  private readonly schema: FieldSchema;
  private readonly engine: EnvelopeEngine;
  private readonly indexer: ContextIndexer;
  private readonly sealing: RowSealing;
  private readonly opening: RowOpening;

  constructor(schema: FieldSchema, engine: EnvelopeEngine, context: BoundContext) {
    this.schema = schema;
    this.engine = engine;
    this.indexer = new ContextIndexer(engine, context);
    this.opening = new RowOpening(schema, engine, context);
    this.sealing = new RowSealing(schema, engine, context, this.opening, this.indexer);
  }

  async encrypt(row: unknown, options: EncryptOptions = {}): Promise<Row> {
    return oneRow(row, options, this.engine.settings.clock, this.encrypting(options));
  }

  async encryptMany(rows: readonly unknown[], options: EncryptOptions = {}): Promise<Row[]> {
    return allRows(rows, options, this.engine.settings.clock, this.encrypting(options));
  }

  async encryptAllSettled(rows: readonly unknown[], options: EncryptOptions = {}): Promise<PromiseSettledResult<Row>[]> {
    return eachRow(rows, options, this.engine.settings.clock, this.encrypting(options));
  }

  async decrypt(row: unknown, options: DecryptOptions<string> = {}): Promise<Row> {
    return oneRow(row, options, this.engine.settings.clock, this.decrypting(options));
  }

  async decryptMany(rows: readonly unknown[], options: DecryptOptions<string> = {}): Promise<Row[]> {
    return allRows(rows, options, this.engine.settings.clock, this.decrypting(options));
  }

  async decryptAllSettled(rows: readonly unknown[], options: DecryptOptions<string> = {}): Promise<PromiseSettledResult<Row>[]> {
    return eachRow(rows, options, this.engine.settings.clock, this.decrypting(options));
  }

  async index(field: string, value: unknown, options: CallOptions = {}): Promise<string> {
    const spec = this.field(field);
    if (!hasIndex(spec)) throw new TypeError(`expected a field with an index, got ${field}`);
    refuseAborted(options);
    const { index } = spec;
    try {
      const made = this.indexer.now((indexer) => indexer.index(index.field, indexedContent(spec, index, value, "")));
      if (made !== undefined) return made;
      const own = new Uint8Array(indexedContent(spec, index, value, "")); // the caller's value may change while we wait
      const limits = untilDeadline(options, this.engine.settings.clock);
      return await this.indexer.later(limits, (indexer) => indexer.index(index.field, own)).finally(() => wipe(own));
    } finally {
      wipeFieldScratch();
    }
  }

  private encrypting({ ifEncrypted }: EncryptOptions): RowWork<Row> {
    if (ifEncrypted !== undefined && ifEncrypted !== "keep") throw new TypeError('expected ifEncrypted to be "keep"');
    return async (rows, limits) => this.sealing.seal(rows, ifEncrypted === "keep", limits);
  }

  private decrypting({ only, mask = false }: DecryptOptions<string>): RowWork<Row> {
    if (only !== undefined && !Array.isArray(only)) throw new TypeError("expected only to be an array of field names");
    if (typeof mask !== "boolean") throw new TypeError("expected mask to be true or false");
    const wanted = only?.map((name: string) => this.field(name));
    const options: ReadOptions = {
      leftOut: new Set(wanted && this.schema.fields.filter((spec) => !wanted.includes(spec))),
      mask,
    };
    return async (rows, limits) => this.opening.open(rows, options, limits);
  }

  private field(name: string): FieldSpec {
    const spec = this.schema.fields.find((field) => field.name === name);
    if (spec !== undefined) return spec;
    const names = this.schema.fields.map((field) => field.name).join(", ");
    throw new TypeError(`expected one of the fields ${names}`);
  }
}

function hasIndex(spec: FieldSpec): spec is FieldSpec & { readonly index: FieldIndex } {
  return spec.index !== undefined;
}
