import type { BlindIndexer } from "./blind-index.ts";
import type { BoundContext } from "./context.ts";
import type { EnvelopeEngine } from "./envelope-engine.ts";
import type { FieldIndex, FieldSchema, FieldSpec } from "./field-schema.ts";
import { encodeFieldValue, wipeFieldScratch } from "./field-value.ts";
import type { CallOptions } from "./limit.ts";
import { applied, draftRow, placed, type Row, type RowDraft, type Slot } from "./row-draft.ts";
import type { RowOpening } from "./row-opening.ts";
import { settledResult, settledValue } from "./settled.ts";
import { toText } from "./text-form.ts";

/** A row whose values have been checked and encoded: nothing that the caller does to it matters any more. */
interface PreparedRow extends RowDraft {
  readonly values: readonly PreparedValue[];
  readonly indexes: readonly PreparedIndex[];
}

interface PreparedValue {
  readonly slot: Slot;
  /** The encoded value; undefined for a ciphertext that is kept. */
  readonly content: Uint8Array | undefined;
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

  constructor(schema: FieldSchema, engine: EnvelopeEngine, context: BoundContext, opening: RowOpening) {
    this.schema = schema;
    this.engine = engine;
    this.context = context;
    this.opening = opening;
  }

  /** @param keep Leaves what is encrypted already, and opens, as it is. */
  async seal(rows: readonly unknown[], keep: boolean, limits: CallOptions): Promise<PromiseSettledResult<Row>[]> {
    const drafts = rows.map((row) => settledResult(() => draftRow(this.schema, row, none)));
    const kept = keep ? await this.opening.kept(drafts, limits) : undefined;
    const prepared = drafts.map((draft) => settledResult(() => this.prepare(settledValue(draft), kept)));
    wipeFieldScratch();
    try {
      return await this.sealPrepared(prepared, limits);
    } finally {
      for (const row of prepared) if (row.status === "fulfilled") for (const { content } of row.value.values) content?.fill(0);
    }
  }

  /** What indexes, if it is at hand. */
  heldIndexer(): BlindIndexer | undefined {
    const held = this.engine.indexing.cached(this.context);
    this.engine.emit(held === undefined ? "miss" : "hit", this.context);
    return held;
  }

  private prepare(draft: RowDraft, kept: ReadonlyMap<Slot, PromiseSettledResult<unknown>> | undefined): PreparedRow {
    const values: PreparedValue[] = [];
    const indexes: PreparedIndex[] = [];
    for (const slot of draft.slots) {
      const { spec, value } = slot;
      const { index } = spec;
      if (value === null) {
        if (index !== undefined) draft.columns[index.column] = null;
        continue;
      }
      const sealed = kept?.get(slot);
      const plain = sealed === undefined ? value : settledValue(sealed); // what does not open is not kept
      values.push({ slot, content: sealed === undefined ? contentOf(slot, draft.where) : undefined });
      if (index !== undefined) indexes.push({ index, value: new Uint8Array(indexedContent(spec, index, plain, draft.where)) });
    }
    return { ...draft, values, indexes };
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
          if (content !== undefined) slot.holder[slot.key] = seal.now(content, slot) ?? (await seal.later(content, slot));
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
    const [indexer] = await Promise.allSettled([this.heldIndexer() ?? this.engine.indexing.load(this.context, limits)]);
    return rows.map((row) =>
      settledResult(() => {
        const prepared = settledValue(row);
        for (const { index, value } of prepared.indexes)
          prepared.columns[index.column] = settledValue(indexer).index(index.field, value);
        return prepared;
      }),
    );
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
    const later: SlotSealer["later"] = async (content, slot) => {
      for (;;) {
        key = await sealing.obtain(this.context, limits);
        const text = now(content, slot);
        if (text !== undefined) return text; // else others have used it up meanwhile
      }
    };
    return { now, later };
  }
}

interface SlotSealer {
  /** Undefined when the data key at hand may not be used any more. */
  now(content: Uint8Array, slot: Slot): string | undefined;
  later(content: Uint8Array, slot: Slot): Promise<string>;
}

function contentOf(slot: Slot, where: string): Uint8Array {
  const { type, padTo } = slot.spec;
  try {
    return new Uint8Array(encodeFieldValue(type, slot.value, padTo));
  } catch (error) {
    throw placed(error, slot.spec, where);
  }
}

/** What is indexed of a value: a view that is valid until the next value is encoded. */
export function indexedContent(spec: FieldSpec, { normalize }: FieldIndex, value: unknown, where: string): Uint8Array {
  const normalized = applied(() => normalize(value), "normalize", spec, where);
  try {
    return encodeFieldValue(spec.type, normalized);
  } catch (error) {
    throw placed(error, spec, where);
  }
}
