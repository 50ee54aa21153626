import { RegistryError } from "../registry-error.ts";

/** A kind of row: both ways between what the registry speaks of and what the table holds. */
export interface RowCodec<T, Row> {
  write(record: T): Row;
  /** @throws {RegistryError} `bad-record` */
  read(row: { readonly [column in keyof Row]: unknown }): T;
}

const controlCharacter = /\p{Cc}/u;
const uuid = /^[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}$/;
/** ECMA-262 §21.4.1.1: what a Date can hold. */
const maxTime = 8_640_000_000_000_000;

/** Reads one row strictly: nothing is converted, nothing is passed over. */
export class RowReader<Column extends string> {
  private readonly where: string;
  private readonly row: { readonly [column in Column]: unknown };

  /** @param where For error messages: the table. */
  constructor(where: string, row: { readonly [column in Column]: unknown }) {
    this.where = where;
    this.row = row;
  }

  /** Well-formed text without NUL, which PostgreSQL could not keep. */
  text(column: Column, maxLength: number): string {
    const value = this.row[column];
    const fits = typeof value === "string" && value.length <= maxLength && value.isWellFormed() && !value.includes("\0");
    return fits ? value : this.refuse(column);
  }

  /** Text of 1 to `maxLength` characters (UTF-16 code units), none of them a control character. */
  identifier(column: Column, maxLength: number): string {
    const value = this.text(column, maxLength);
    return value.length > 0 && !controlCharacter.test(value) ? value : this.refuse(column);
  }

  matching(column: Column, grammar: RegExp): string {
    const value = this.row[column];
    return typeof value === "string" && grammar.test(value) ? value : this.refuse(column);
  }

  uuid(column: Column): string {
    return this.matching(column, uuid);
  }

  bytes(column: Column, min: number, max: number = min): Uint8Array {
    const value = this.row[column];
    if (!(value instanceof Uint8Array) || value.length < min || value.length > max) return this.refuse(column);
    return new Uint8Array(value);
  }

  integer(column: Column, min: number, max: number = Number.MAX_SAFE_INTEGER): number {
    const value = this.row[column];
    if (typeof value !== "number" || !Number.isSafeInteger(value) || value < min || value > max) return this.refuse(column);
    return value;
  }

  /** A number of at least 0, with or without a fraction. */
  real(column: Column): number {
    const value = this.row[column];
    const fits = typeof value === "number" && value >= 0 && value <= Number.MAX_SAFE_INTEGER;
    return fits ? value : this.refuse(column);
  }

  truth(column: Column): boolean {
    return this.integer(column, 0, 1) === 1;
  }

  time(column: Column): Date {
    return new Date(this.integer(column, -maxTime, maxTime));
  }

  oneOf<T extends string>(column: Column, values: readonly T[]): T {
    return values.find((value) => value === this.row[column]) ?? this.refuse(column);
  }

  optional<T>(column: Column, read: (column: Column) => T): T | null {
    return this.row[column] === null ? null : read(column);
  }

  /** An object with exactly these members, out of JSON. */
  json<Member extends string>(column: Column, maxLength: number, members: readonly Member[]): RowReader<Member> {
    return this.members(column, this.object(column, maxLength), members);
  }

  /** The object in a column of JSON, whatever its members. */
  object(column: Column, maxLength: number): object {
    const text = this.text(column, maxLength);
    try {
      const value: unknown = JSON.parse(text);
      if (typeof value === "object" && value !== null && !Array.isArray(value)) return value;
    } catch {
      // refused below: the parser's message would quote the row
    }
    return this.refuse(column);
  }

  /** An object with exactly these members that is the value of one. */
  nested<Member extends string>(column: Column, members: readonly Member[]): RowReader<Member> {
    const value = this.row[column];
    return typeof value === "object" && value !== null ? this.members(column, value, members) : this.refuse(column);
  }

  /** Neither the row's value nor its key: both may be another tenant's. */
  refuse(column: Column): never {
    throw new RegistryError("bad-record", `the store holds a row that cmkit does not write: ${this.where}.${column}`);
  }

  private members<Member extends string>(column: Column, value: object, members: readonly Member[]): RowReader<Member> {
    const found = new Map<string, unknown>(Object.entries(value));
    if (found.size !== members.length || !members.every((member) => found.has(member))) return this.refuse(column);
    const row = Object.fromEntries(found) as { readonly [member in Member]: unknown };
    return new RowReader(`${this.where}.${column}`, row);
  }
}

/** The row of a record, which must be one that can be read back. @throws {TypeError} */
export function rowOf<T, Row>(codec: RowCodec<T, Row>, record: T): Row {
  const row = codec.write(record);
  try {
    codec.read(row);
  } catch (error) {
    throw new TypeError("expected a record that could be read back from the store", { cause: error });
  }
  return row;
}
