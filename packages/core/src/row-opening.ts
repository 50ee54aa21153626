import type { BoundContext } from "./context.ts";
import type { EnvelopeEngine } from "./envelope-engine.ts";
import type { FieldSchema, FieldSpec } from "./field-schema.ts";
import { decodeFieldValue, encodedType, encodeFieldValue, wipeFieldScratch } from "./field-value.ts";
import { isKmsError, KmsError } from "./kms-error.ts";
import type { CallOptions } from "./limit.ts";
import { findOpeners, type Openable } from "./message-openers.ts";
import { applied, draftRow, placed, type Row, type RowDraft, type Slot } from "./row-draft.ts";
import { settledResult, settledValue } from "./settled.ts";
import { parseSealed, type SealedMessage } from "./sealed-message.ts";
import { readText } from "./text-form.ts";

/** A row whose ciphertexts have been parsed. */
interface ParsedRow extends RowDraft {
  readonly ciphertexts: readonly Ciphertext[];
  /** Slots whose plain values may be read. */
  readonly plain: readonly Slot[];
}

interface Ciphertext extends Openable {
  readonly slot: Slot;
  readonly where: string;
}

export interface ReadOptions {
  /** Declared fields that the rows shall not have. */
  readonly leftOut: ReadonlySet<FieldSpec>;
  readonly mask: boolean;
}

/** Decrypts the declared fields of rows, for one tenant and context. */
export class RowOpening {
  private readonly schema: FieldSchema;
  private readonly engine: EnvelopeEngine;
  private readonly context: BoundContext;

  constructor(schema: FieldSchema, engine: EnvelopeEngine, context: BoundContext) {
    this.schema = schema;
    this.engine = engine;
    this.context = context;
  }

  async open(rows: readonly unknown[], options: ReadOptions, limits: CallOptions): Promise<PromiseSettledResult<Row>[]> {
    const parsed = rows.map((row) => settledResult(() => this.parse(draftRow(this.schema, row, options.leftOut))));
    const ciphertexts = parsed.flatMap((row) => (row.status === "fulfilled" ? row.value.ciphertexts : []));
    await findOpeners(this.engine, this.context, ciphertexts, limits);
    return parsed.map((row) => settledResult(() => this.openRow(settledValue(row), options.mask)));
  }

  /** What is encrypted already in rows that are being encrypted: the values of all slots that hold a ciphertext. */
  async kept(
    drafts: readonly PromiseSettledResult<RowDraft>[],
    limits: CallOptions,
  ): Promise<ReadonlyMap<Slot, PromiseSettledResult<unknown>>> {
    const found = drafts.flatMap((draft) => (draft.status === "fulfilled" ? ciphertextsIn(draft.value) : []));
    await findOpeners(this.engine, this.context, found, limits);
    return new Map(found.map((ciphertext) => [ciphertext.slot, settledResult(() => openedValue(ciphertext))]));
  }

  private parse(draft: RowDraft): ParsedRow {
    const { where } = draft;
    const ciphertexts: Ciphertext[] = [];
    const plain: Slot[] = [];
    for (const slot of draft.slots) {
      if (slot.value === null) continue;
      const message = messageIn(slot);
      if (!isKmsError(message)) ciphertexts.push({ slot, message, where, opener: undefined });
      else if (this.settings.clock.wallMs() < slot.spec.plainUntilMs) plain.push(slot);
      else throw placed(message, slot.spec, where);
    }
    return { ...draft, ciphertexts, plain };
  }

  private openRow({ columns, ciphertexts, plain, where }: ParsedRow, mask: boolean): Row {
    const put = ({ spec, holder, key }: Slot, value: unknown): void => {
      holder[key] = mask ? masked(spec, value, where) : value;
    };
    for (const ciphertext of ciphertexts) put(ciphertext.slot, openedValue(ciphertext));
    for (const slot of plain) put(slot, this.plainValue(slot, where));
    return columns;
  }

  /** Counted, so that it is known when none are left. */
  private plainValue({ spec, value }: Slot, where: string): unknown {
    const { events } = this.settings.kms;
    const { tenant } = this.context.entries;
    try {
      const plain = decodeFieldValue(spec.type, encodeFieldValue(spec.type, value)); // checked, and no longer the caller's
      if (events.observed()) events.emit({ type: "plain-read", tenant, table: this.schema.table, field: spec.name });
      return plain;
    } catch (error) {
      throw placed(error, spec, where);
    } finally {
      wipeFieldScratch();
    }
  }

  private get settings(): EnvelopeEngine["settings"] {
    return this.engine.settings;
  }
}

/** The message that a slot holds, or why it is none. Text that merely begins like one is none. */
function messageIn({ value }: Slot): SealedMessage | KmsError {
  if (typeof value !== "string") return new KmsError("not-encrypted");
  try {
    return parseSealed(readText(value));
  } catch (error) {
    if (isKmsError(error)) return error;
    throw error;
  }
}

function ciphertextsIn({ slots, where }: RowDraft): Ciphertext[] {
  return slots.flatMap((slot) => {
    const message = slot.value === null ? undefined : messageIn(slot);
    return message === undefined || isKmsError(message) ? [] : [{ slot, message, where, opener: undefined }];
  });
}

function openedValue({ slot: { spec, path }, message, opener, where }: Ciphertext): unknown {
  try {
    if (opener === undefined) throw new KmsError("unknown-data-key");
    const content = opener().open(message, path);
    const value = decodeFieldValue(spec.type, content);
    if (value === undefined) throw new KmsError("decrypt-failed", wrongType(spec, encodedType(content)));
    return value;
  } catch (error) {
    throw placed(error, spec, where);
  }
}

/** It is authentic: nothing is given away by saying that the declaration has changed. */
function wrongType({ type }: FieldSpec, got: string | undefined): { detail?: string } {
  return got === undefined ? {} : { detail: `declared as ${type}, sealed as ${got}` };
}

function masked(spec: FieldSpec, value: unknown, where: string): string {
  const shown = applied(() => spec.mask(value), "mask", spec, where);
  if (typeof shown !== "string")
    throw new TypeError(`field ${spec.name}${where}: expected its mask to give text, got ${typeof shown}`);
  return shown;
}
