import type { BoundContext } from "./context.ts";
import type { EnvelopeEngine } from "./envelope-engine.ts";
import type { FieldSchema, FieldSpec } from "./field-schema.ts";
import { decodeFieldValue, encodedType, encodeFieldValue } from "./field-value.ts";
import { isKmsError, KmsError } from "./kms-error.ts";
import type { CallOptions } from "./limit.ts";
import { messageOpeners, type FindOpener } from "./message-openers.ts";
import { applied, draftRow, placed, type Row, type RowDraft, type Slot } from "./row-draft.ts";
import { settledResult, settledValue } from "./settled.ts";
import { parseSealed, type SealedMessage } from "./sealed-message.ts";
import { fromText } from "./text-form.ts";

/** A row whose ciphertexts have been parsed; a slot without a message holds a plain value that may be read. */
interface ParsedRow extends RowDraft {
  readonly messages: ReadonlyMap<Slot, SealedMessage>;
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
    const messages = parsed.flatMap((row) => (row.status === "fulfilled" ? [...row.value.messages.values()] : []));
    const find = await messageOpeners(this.engine, this.context, messages, limits);
    return parsed.map((row) => settledResult(() => this.openRow(settledValue(row), find, options.mask)));
  }

  /** What is encrypted already in rows that are being encrypted: the values of all slots that hold a ciphertext. */
  async kept(
    drafts: readonly PromiseSettledResult<RowDraft>[],
    limits: CallOptions,
  ): Promise<ReadonlyMap<Slot, PromiseSettledResult<unknown>>> {
    const found = drafts.flatMap((draft) => (draft.status === "fulfilled" ? ciphertextsIn(draft.value) : []));
    const messages = found.map(({ message }) => message);
    const find = await messageOpeners(this.engine, this.context, messages, limits);
    return new Map(found.map(({ slot, message, where }) => [slot, settledResult(() => openedValue(slot, message, find, where))]));
  }

  private parse(draft: RowDraft): ParsedRow {
    const messages = new Map<Slot, SealedMessage>();
    for (const slot of draft.slots) {
      if (slot.value === null) continue;
      const message = messageIn(slot);
      if (!isKmsError(message)) messages.set(slot, message);
      else if (this.settings.clock.wallMs() >= slot.spec.plainUntilMs) throw placed(message, slot.spec, draft.where);
    }
    return { ...draft, messages };
  }

  private openRow({ columns, slots, messages, where }: ParsedRow, find: FindOpener, mask: boolean): Row {
    for (const slot of slots) {
      if (slot.value === null) continue;
      const message = messages.get(slot);
      const value = message === undefined ? this.plainValue(slot, where) : openedValue(slot, message, find, where);
      slot.holder[slot.key] = mask ? masked(slot.spec, value, where) : value;
    }
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
    return parseSealed(fromText(value));
  } catch (error) {
    if (isKmsError(error)) return error;
    throw error;
  }
}

function ciphertextsIn({ slots, where }: RowDraft): { slot: Slot; message: SealedMessage; where: string }[] {
  return slots.flatMap((slot) => {
    const message = slot.value === null ? undefined : messageIn(slot);
    return message === undefined || isKmsError(message) ? [] : [{ slot, message, where }];
  });
}

function openedValue({ spec, path }: Slot, message: SealedMessage, find: FindOpener, where: string): unknown {
  try {
    const content = find(message).open(message, path);
    const value = decodeFieldValue(spec.type, content);
    if (value === undefined) throw new KmsError("decrypt-failed", wrongType(spec, encodedType(content)));
    content.fill(0);
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
