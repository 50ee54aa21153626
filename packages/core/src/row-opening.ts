import type { BoundContext } from "./context.ts";
import type { EnvelopeEngine } from "./envelope-engine.ts";
import type { FieldSchema, FieldSpec } from "./field-schema.ts";
import { decodeFieldValue, encodedType, encodeFieldValue, wipeFieldScratch } from "./field-value.ts";
import { isBytes } from "./field-value-kinds.ts";
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
  /** Values that are not encrypted and may be read. */
  readonly plain: readonly PlainValue[];
}

interface PlainValue {
  readonly slot: Slot;
  /** Checked, and no longer the caller's. */
  readonly value: unknown;
}

export interface Ciphertext extends Openable {
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

  /** What ciphertexts hold, by their slots. */
  async opened(
    ciphertexts: readonly Ciphertext[],
    limits: CallOptions,
  ): Promise<ReadonlyMap<Slot, PromiseSettledResult<unknown>>> {
    await findOpeners(this.engine, this.context, ciphertexts, limits);
    return new Map(ciphertexts.map((ciphertext) => [ciphertext.slot, settledResult(() => openedValue(ciphertext))]));
  }

  private parse(draft: RowDraft): ParsedRow {
    const { where } = draft;
    const ciphertexts: Ciphertext[] = [];
    const plain: PlainValue[] = [];
    for (const slot of draft.slots) {
      if (slot.value === null) continue;
      const message = messageIn(slot);
      if (!isKmsError(message)) ciphertexts.push({ slot, message, where, opener: undefined });
      else if (this.settings.clock.wallMs() < slot.spec.plainUntilMs) plain.push({ slot, value: plainValue(slot, where) });
      else throw placed(message, slot.spec, where);
    }
    return { ...draft, ciphertexts, plain };
  }

  private openRow({ columns, ciphertexts, plain, where }: ParsedRow, mask: boolean): Row {
    const put = ({ spec, holder, key }: Slot, value: unknown): void => {
      holder[key] = mask ? masked(spec, value, where) : value;
    };
    for (const ciphertext of ciphertexts) put(ciphertext.slot, openedValue(ciphertext));
    for (const { slot, value } of plain) {
      put(slot, value);
      this.countPlain(slot.spec);
    }
    return columns;
  }

  /** So that it is known when none are left. */
  private countPlain({ name }: FieldSpec): void {
    const { events } = this.settings.kms;
    const { tenant } = this.context.entries;
    if (events.observed()) events.emit({ type: "plain-read", tenant, table: this.schema.table, field: name });
  }

  private get settings(): EnvelopeEngine["settings"] {
    return this.engine.settings;
  }
}

function plainValue({ spec, value }: Slot, where: string): unknown {
  try {
    return decodeFieldValue(spec.type, encodeFieldValue(spec.type, value));
  } catch (error) {
    throw placed(error, spec, where);
  } finally {
    wipeFieldScratch();
  }
}

/** The message that a slot holds, or why it is none. Text that merely begins like one is none. Binary columns give text as bytes. */
function messageIn({ value }: Slot): SealedMessage | KmsError {
  const text = isBytes(value) ? Buffer.from(value.buffer, value.byteOffset, value.length).toString("latin1") : value;
  if (typeof text !== "string") return new KmsError("not-encrypted");
  try {
    return parseSealed(readText(text));
  } catch (error) {
    if (isKmsError(error)) return error;
    throw error;
  }
}

/** What is encrypted already. */
export function ciphertextsIn({ slots, where }: RowDraft): Ciphertext[] {
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
