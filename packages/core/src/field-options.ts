import type { Envelope } from "./envelope.ts";
import type { FieldType, FieldValues } from "./field-value.ts";
import type { MaskName } from "./mask.ts";

interface FieldOf<T extends FieldType> {
  /** What people are shown who may not see everything: `decrypt(row, { mask: true })`. Without one they see `•••`. */
  readonly mask?: ((value: FieldValues[T]) => string) | (T extends "string" ? MaskName : never);
  /** Makes the content as long as the next multiple of so many bytes, 1 to 65,536. Without it a value's length shows. */
  readonly padTo?: number;
  /** Until then a value that is not encrypted is read as it is, and counted by a `plain-read` event. For migrations. */
  readonly plain?: { readonly until: Date };
}

interface IndexableFieldOf<T extends FieldType> extends FieldOf<T> {
  /** The column for a blind index of the value, by which equal values are found. @see docs/search.md */
  readonly index?: string;
  /** Makes equal what shall count as equal, before it is indexed: `(v) => v.trim().toLowerCase()`. The value itself is kept as it is. */
  readonly normalize?: (value: FieldValues[T]) => FieldValues[T];
  /** Says yes to an index over few different values: whoever sees the table sees how often each occurs. */
  readonly leaksFrequency?: true;
}

interface StringField extends IndexableFieldOf<"string"> {
  readonly type?: "string";
}
interface NumberField extends IndexableFieldOf<"number"> {
  readonly type: "number";
}
interface DateField extends IndexableFieldOf<"date"> {
  readonly type: "date";
}
interface BytesField extends IndexableFieldOf<"bytes"> {
  readonly type: "bytes";
}
interface BooleanField extends FieldOf<"boolean"> {
  readonly type: "boolean";
  readonly index?: never;
}
interface IndexedBooleanField extends IndexableFieldOf<"boolean"> {
  readonly type: "boolean";
  readonly index: string;
  readonly leaksFrequency: true;
}
interface JsonField extends FieldOf<"json"> {
  readonly type: "json";
  readonly index?: never;
}

/** One encrypted field: its type (default `string`), and what else is wanted of it. */
export type Field = StringField | NumberField | DateField | BytesField | BooleanField | IndexedBooleanField | JsonField;

/** Encrypted fields by name; `a.b` is the property `b` of the object in column `a`. */
export type Fields = Readonly<Record<string, Field>>;

/** What {@link fieldEncryption} is told. `Id` and `Version` are names of columns. */
export interface FieldEncryptionOptions<F extends Fields, Id extends string | null, Version extends string> {
  readonly envelope: Envelope;
  /** The table's name. It is bound to every value: a renamed table must keep it here. */
  readonly table: string;
  /** The column that names a row and never changes. `null` gives that up: values can then be exchanged between rows. */
  readonly rowId: Id;
  /** A column that changes with every write of the row: values of an older version of the row are then refused. */
  readonly version?: Id extends string ? Version : never;
  readonly fields: F;
}

/** The declared type of a field. */
export type TypeOf<F extends Field> = F extends { readonly type: infer T extends FieldType } ? T : "string";

/** What a field is in TypeScript once it is decrypted. */
export type ValueOf<F extends Field> = FieldValues[TypeOf<F>];

/** The names of the fields that have a blind index; any name where fields are known only at run time. */
export type IndexedNames<F extends Fields> = string extends keyof F
  ? string
  : { [P in keyof F & string]: F[P] extends { readonly index: string } ? P : never }[keyof F & string];
