import type { Field, Fields, IndexedNames, TypeOf, ValueOf } from "./field-options.ts";

/** How a row is named: as a database driver gives it. */
export type RowId = string | number | bigint;

/** A row as `encrypt` takes it: declared fields have their declared types, or are null or absent; other columns are free. */
export type EncryptableRow<F extends Fields, Id, Version> = Columns<F, "value"> & Identity<F, Id, Version>;
/** A row as `encrypt` takes it with `ifEncrypted: "keep"`: fields may be encrypted already. */
export type MigratedRow<F extends Fields, Id, Version> = Columns<F, "value or sealed"> & Identity<F, Id, Version>;
/** A row as `decrypt` takes it. */
export type DecryptableRow<F extends Fields, Id, Version> = Columns<F, "sealed"> & Identity<F, Id, Version>;

/** `R` after `encrypt`: declared fields are text, and index columns are added. */
export type EncryptedRow<R, F extends Fields> = Known<
  F,
  R extends unknown ? Flat<Mapped<R, F, "sealed", IndexColumns<F>> & AddedIndexes<R, F>> : never
>;
/** `R` after `decrypt`: fields have their declared types; index columns, and declared fields that are not in `Only`, are left out. */
export type DecryptedRow<R, F extends Fields, Only extends string> = Known<F, Flat<Mapped<R, F, "value", NotRead<F, Only>>>>;
/** `R` after `decrypt(row, { mask: true })`: declared fields are text to be shown. */
export type MaskedRow<R, F extends Fields, Only extends string> = Known<F, Flat<Mapped<R, F, "sealed", NotRead<F, Only>>>>;

/** `R` after `decrypt`: either of both where `mask` is known only when the program runs. */
export type ReadRow<R, F extends Fields, Only extends string, Mask extends boolean> = Mask extends true
  ? MaskedRow<R, F, Only>
  : DecryptedRow<R, F, Only>;

/** Refuses, at compile time, an index over an enumeration unless the field says `leaksFrequency: true`. */
export type NoEnumerations<R, F extends Fields> = string extends keyof F
  ? unknown
  : Together<{
      [P in IndexedNames<F>]: F[P] extends { readonly leaksFrequency: true }
        ? unknown
        : IsEnumeration<NonNullable<ValueAt<R, P>>> extends true
          ? Nested<P, DeclareLeaksFrequency>
          : unknown;
    }>;

/** What the compiler asks of an indexed value of few: no value is like that. */
interface DeclareLeaksFrequency {
  readonly "an index over few values shows how often each occurs: declare leaksFrequency: true": never;
}

/** Fields that are known only at run time say nothing about rows. */
type Known<F extends Fields, T> = string extends keyof F ? Record<string, unknown> : T;

type Form = "value" | "sealed" | "value or sealed";
type ColumnOf<F extends Field, As extends Form> =
  | (As extends "sealed" ? string | (F extends { readonly plain: object } ? GivenOf<F> : never) : GivenOf<F>)
  | (As extends "value" ? never : string);
/** What may be given as a value. JSON is checked when it is encrypted: interfaces have no index signature. */
type GivenOf<F extends Field> = TypeOf<F> extends "json" ? object | string | number | boolean : ValueOf<F>;

type Columns<F extends Fields, As extends Form> = string extends keyof F
  ? object
  : Together<{
      [P in keyof F & string]: Nested<P, ColumnOf<F[P], As> | null | undefined>;
    }>;
type Nested<P extends string, V> = P extends `${infer Head}.${infer Rest}`
  ? { readonly [K in Head]?: Nested<Rest, V> | null | undefined }
  : { readonly [K in P]?: V };
type Identity<F extends Fields, Id, Version> = string extends keyof F ? object : Named<Id> & Named<Version>;
type Named<Column> = [Column] extends [never] ? unknown : Column extends string ? { readonly [K in Column]: RowId } : unknown;

type Mapped<R, F extends Fields, As extends "value" | "sealed", Left extends string, Prefix extends string = ""> = {
  [K in keyof R as `${Prefix}${K & string}` extends Left ? never : K]: `${Prefix}${K & string}` extends keyof F & string
    ? (As extends "value" ? ValueOf<F[`${Prefix}${K & string}`]> : string) | Extract<R[K], null | undefined>
    : HasBelow<F, `${Prefix}${K & string}`> extends true
      ? MappedObject<R[K], F, As, Left, `${Prefix}${K & string}.`>
      : R[K];
};
type MappedObject<V, F extends Fields, As extends "value" | "sealed", Left extends string, Prefix extends string> = V extends
  | null
  | undefined
  ? V
  : Mapped<V, F, As, Left, Prefix>;
type HasBelow<F extends Fields, P extends string> = Extract<keyof F, `${P}.${string}`> extends never ? false : true;

type IndexOf<F extends Field> = F extends { readonly index: infer I extends string } ? I : never;
type IndexColumns<F extends Fields> = { [P in keyof F]: IndexOf<F[P]> }[keyof F];
type NotRead<F extends Fields, Only extends string> = IndexColumns<F> | Exclude<keyof F & string, Only>;
/** A row without the column has no index; one that may lack it may lack the index; where there may be no value it may be null. */
type AddedIndexes<R, F extends Fields> = {
  [P in IndexedNames<F> as Has<R, P> extends "always" ? IndexOf<F[P]> : never]: string | Extract<ValueAt<R, P>, null>;
} & {
  [P in IndexedNames<F> as Has<R, P> extends "perhaps" ? IndexOf<F[P]> : never]?: string | Extract<ValueAt<R, P>, null>;
};
type Has<R, P extends string> = [ValueAt<R, P>] extends [never]
  ? "never"
  : undefined extends ValueAt<R, P>
    ? "perhaps"
    : "always";
/** `never` where there is no such column, with `undefined` where there may be none. Within a column, what is absent is null. */
type ValueAt<R, P extends string> = P extends `${infer Head}.${infer Rest}`
  ? Head extends keyof R
    ? ValueWithin<NonNullable<R[Head]>, Rest> | Extract<R[Head], null | undefined>
    : never
  : P extends keyof R
    ? R[P]
    : never;

type ValueWithin<V, P extends string> = [ValueAt<V, P>] extends [never]
  ? null
  : Exclude<ValueAt<V, P>, undefined> | (undefined extends ValueAt<V, P> ? null : never);

type IsEnumeration<V> = [V] extends [never]
  ? false
  : [V] extends [string]
    ? string extends V
      ? false
      : IsUnionOrLiteral<V>
    : [V] extends [number]
      ? number extends V
        ? false
        : IsUnionOrLiteral<V>
      : false;
/** Template types such as `user_${string}` are many values. */
type IsUnionOrLiteral<V extends string | number> = {} extends Record<V, 1> ? false : true;

/** The intersection of a record's values. */
type Together<T> = { [P in keyof T]: (each: T[P]) => void }[keyof T] extends (all: infer All) => void ? All : never;
type Flat<T> = { [K in keyof T]: T[K] } & {};
