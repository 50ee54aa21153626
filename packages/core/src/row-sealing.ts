import type { BlindIndexer } from "./blind-index.ts";
import type { BoundContext } from "./context.ts";
import type { ContextIndexer } from "./context-indexer.ts";
import type { EnvelopeEngine } from "./envelope-engine.ts";
import type { FieldIndex, FieldSchema, FieldSpec } from "./field-schema.ts";
import { decodeFieldValue, encodeFieldValue, wipeFieldScratch } from "./field-value.ts";
import type { CallOptions } from "./limit.ts";
import { applied, draftRow, placed, type Row, type RowDraft, type Slot } from "./row-draft.ts";
import { ciphertextsIn, type Ciphertext, type RowOpening } from "./row-opening.ts";
import { settledResult, settledValue } from "./settled.ts";
import { toText } from "./text-form.ts";
import { wipe } from "./wipe.ts";

/** A row whose values have been checked and encoded: nothing that the caller does to it matters any more. */
interface PreparedRow extends RowDraft {
  readonly values: readonly PreparedValue[];
  readonly indexes: PreparedIndex[];
  /** What is encrypted already: left as it is, if it opens. */
  readonly kept: readonly Ciphertext[];
}

interface PreparedValue {
  readonly slot: Slot;
  /** The encoded value. */
  readonly content: Uint8Array;
}

interface PreparedIndex {
  readonly index: FieldIndex;
  readonly value: Uint8Array;
}

const none: ReadonlySet<FieldSpec> = new Set();

/** Encrypts the declared fields of rows, for one tenant and context. */
export class RowSealing {
  private readonly schema: FieldSchema;
  private readonly engine: EnvelopeEngine;
  private readonly context: BoundContext;
  private readonly opening: RowOpening;
  private readonly indexer: ContextIndexer;

  constructor(schema: FieldSchema, engine: EnvelopeEngine, context: BoundContext, opening: RowOpening, indexer: ContextIndexer) {
    this.schema = schema;
    this.engine = engine;
    this.context = context;
    this.opening = opening;
    this.indexer = indexer;
  }

  /** @param keep Leaves what is encrypted already, and opens, as it is. */
  async seal(rows: readonly unknown[], keep: boolean, limits: CallOptions): Promise<PromiseSettledResult<Row>[]> {
    const prepared = rows.map((row) => settledResult(() => this.prepare(draftRow(this.schema, row, none), keep)));
    wipeFieldScratch();
    try {
      return await this.sealPrepared(keep ? await this.withKept(prepared, limits) : prepared, limits);
    } finally {
      for (const row of prepared) if (row.status === "fulfilled") wipeRow(row.value);
    }
  }

  private prepare(draft: RowDraft, keep: boolean): PreparedRow {
    const values: PreparedValue[] = [];
    const indexes: PreparedIndex[] = [];
    const kept = keep ? ciphertextsIn(draft) : [];
    for (const slot of draft.slots) {
      const { spec, value } = slot;
      const { index } = spec;
      if (value === null) {
        if (index !== undefined) draft.columns[index.column] = null;
      } else if (!kept.some((ciphertext) => ciphertext.slot === slot)) {
        values.push({ slot, content: new Uint8Array(encoded(spec, value, draft.where, spec.padTo)) });
        if (index !== undefined) indexes.push(preparedIndex(spec, index, value, draft.where));
      }
    }
    return { ...draft, values, indexes, kept };
  }

  /** What does not open is not kept. Of what opens, the index is made again. */
  private async withKept(
    rows: readonly PromiseSettledResult<PreparedRow>[],
    limits: CallOptions,
  ): Promise<PromiseSettledResult<PreparedRow>[]> {
    const kept = rows.flatMap((row) => (row.status === "fulfilled" ? row.value.kept : []));
    const opened = await this.opening.opened(kept, limits);
    const checked = rows.map((row) =>
      settledResult(() => {
        const prepared = settledValue(row);
        for (const { slot, where } of prepared.kept) {
          const value = settledValue(opened.get(slot)!);
          const { index } = slot.spec;
          if (index !== undefined) prepared.indexes.push(preparedIndex(slot.spec, index, value, where));
        }
        return prepared;
      }),
    );
    wipeFieldScratch();
    return checked;
  }

  private async sealPrepared(
    rows: readonly PromiseSettledResult<PreparedRow>[],
    limits: CallOptions,
  ): Promise<PromiseSettledResult<Row>[]> {
    const indexed = await this.addIndexes(rows, limits);
    const seal = this.sealer(limits);
    const results: PromiseSettledResult<Row>[] = [];
    for (const row of indexed) {
      try {
        const { columns, values } = settledValue(row);
        for (const { slot, content } of values) {
          slot.holder[slot.key] = seal.now(content, slot) ?? (await seal.later(content, slot));
        }
        results.push({ status: "fulfilled", value: columns });
      } catch (reason) {
        results.push({ status: "rejected", reason });
      }
    }
    return results;
  }

  /** Rows that need no index do not mind if there is no index key. */
  private async addIndexes(
    rows: readonly PromiseSettledResult<PreparedRow>[],
    limits: CallOptions,
  ): Promise<readonly PromiseSettledResult<PreparedRow>[]> {
    if (!rows.some((row) => row.status === "fulfilled" && row.value.indexes.length > 0)) return rows;
    const make = (indexer: BlindIndexer): true => {
      for (const row of rows)
        if (row.status === "fulfilled")
          for (const { index, value } of row.value.indexes) row.value.columns[index.column] = indexer.index(index.field, value);
      return true;
    };
    if (this.indexer.now(make) === true) return rows;
    const [made] = await Promise.allSettled([this.indexer.later(limits, make)]);
    if (made.status === "fulfilled") return rows;
    return rows.map((row) => (row.status === "fulfilled" && row.value.indexes.length > 0 ? made : row));
  }

  /** Seals with the data key that is at hand, for as long as it lasts; then gets another. */
  private sealer(limits: CallOptions): SlotSealer {
    const { sealing, settings } = this.engine;
    let key = sealing.ready(this.context);
    this.engine.emit(key === undefined ? "miss" : "hit", this.context);
    const now: SlotSealer["now"] = (content, { path }) => {
      const sealed = key && sealing.seal(key, settings.usualProfile, content, path);
      return sealed && toText(sealed);
    };
    let failed: PromiseRejectedResult | undefined;
    const later: SlotSealer["later"] = async (content, slot) => {
      if (failed !== undefined) throw failed.reason; // what one row was refused, the others of the batch do not ask for again
      for (;;) {
        const [result] = await Promise.allSettled([sealing.obtain(this.context, limits)]);
        if (result.status === "rejected") throw (failed = result).reason;
        key = result.value;
        const text = now(content, slot);
        if (text !== undefined) return text; // else others have used it up meanwhile
      }
    };
    return { now, later };
  }
}

function wipeRow({ values, indexes }: PreparedRow): void {
  wipe(...values.map(({ content }) => content), ...indexes.map(({ value }) => value));
}

interface SlotSealer {
  /** Undefined when the data key at hand may not be used any more. */
  now(content: Uint8Array, slot: Slot): string | undefined;
  later(content: Uint8Array, slot: Slot): Promise<string>;
}

function preparedIndex(spec: FieldSpec, index: FieldIndex, value: unknown, where: string): PreparedIndex {
  return { index, value: new Uint8Array(indexedContent(spec, index, value, where)) };
}

/** What is indexed of a value: a view that is valid until the next value is encoded. */
export function indexedContent(spec: FieldSpec, { normalize }: FieldIndex, value: unknown, where: string): Uint8Array {
  const content = encoded(spec, value, where);
  if (normalize === undefined) return content;
  // A copy: what it does to a date or to bytes is not done to the caller's.
  const own = typeof value === "object" ? decodeFieldValue(spec.type, content) : value;
  const normalized = applied(() => normalize(own), "normalize", spec, where);
  return encoded(spec, normalized, `${where}, normalized`);
}

function encoded(spec: FieldSpec, value: unknown, where: string, padTo?: number): Uint8Array {
  try {
    return encodeFieldValue(spec.type, value, padTo);
  } catch (error) {
    throw placed(error, spec, where);
  }
}
