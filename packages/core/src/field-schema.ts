import { indexedField, type IndexedField } from "./blind-index.ts";
import { isIdentifier } from "./cmk.ts";
import type { Field, FieldEncryptionOptions, Fields } from "./field-options.ts";
import type { FieldType } from "./field-value.ts";
import { hidden, masks } from "./mask.ts";

/** {@link FieldEncryptionOptions}, checked and prepared. */
export interface FieldSchema {
  readonly table: string;
  readonly rowId: string | null;
  readonly version: string | undefined;
  readonly fields: readonly FieldSpec[];
  /** The columns that `encrypt` adds and `decrypt` leaves out. */
  readonly indexColumns: ReadonlySet<string>;
}

export interface FieldSpec {
  readonly name: string;
  /** The name's parts: the column, then properties. */
  readonly keys: readonly [string, ...string[]];
  readonly type: FieldType;
  readonly padTo: number | undefined;
  readonly mask: (value: unknown) => unknown;
  /** Milliseconds since 1970 until which plain values are read; 0 where they never are. */
  readonly plainUntilMs: number;
  readonly index: FieldIndex | undefined;
}

export interface FieldIndex {
  readonly column: string;
  readonly field: IndexedField;
  readonly normalize: ((value: unknown) => unknown) | undefined;
}

const types: readonly FieldType[] = ["string", "number", "boolean", "date", "bytes", "json"];
const settings = new Set(["envelope", "table", "rowId", "version", "fields"]);
const options = new Set(["type", "index", "normalize", "leaksFrequency", "mask", "padTo", "plain"]);
const maxNameLength = 128;
const maxPadTo = 65_536;

/** @throws {TypeError | RangeError} that says what was expected, and of which field. */
export function fieldSchema(given: FieldEncryptionOptions<Fields, string | null, string>): FieldSchema {
  const { table, rowId, version } = given;
  // One letter off, `version` would bind nothing.
  for (const name of Object.keys(given))
    if (!settings.has(name)) throw new TypeError(`expected ${[...settings].join(", ")}, got ${name}`);
  if (!isName(table)) throw new TypeError(`expected table to be a text of 1 to ${maxNameLength} characters`);
  if (rowId !== null && !isName(rowId))
    throw new TypeError("expected rowId to be the column that names a row, or null to let values be exchanged between rows");
  if (version !== undefined && (!isName(version) || rowId === null || version === rowId))
    throw new TypeError("expected version to be a column beside that of rowId");
  const fields = Object.entries(given.fields ?? {}).map(([name, field]) => fieldSpec(table, name, field));
  if (fields.length === 0) throw new TypeError("expected at least one field");
  checkColumns(fields, [rowId, version]);
  const indexColumns = new Set(fields.flatMap(({ index }) => (index === undefined ? [] : [index.column])));
  return { table, rowId, version, fields, indexColumns };
}

function fieldSpec(table: string, name: string, field: Field): FieldSpec {
  const [column, ...properties] = name.split(".");
  if (!isName(name) || column === undefined || [column, ...properties].some((key) => key === "" || key === "__proto__"))
    throw new TypeError(`expected a column, or a path such as address.street, as the name of field ${JSON.stringify(name)}`);
  if (typeof field !== "object" || field === null) throw new TypeError(`expected an object for field ${name}`);
  for (const option of Object.keys(field))
    if (!options.has(option)) throw new TypeError(`expected ${[...options].join(", ")} for field ${name}, got ${option}`);
  const { type = "string", padTo } = field;
  if (!types.includes(type)) throw new TypeError(`expected the type of field ${name} to be one of ${types.join(", ")}`);
  if (padTo !== undefined && !(Number.isInteger(padTo) && padTo >= 1 && padTo <= maxPadTo))
    throw new RangeError(`expected padTo of field ${name} to be a whole number from 1 to ${maxPadTo}`);
  const keys = [column, ...properties] as const;
  const index = fieldIndex(table, name, type, field);
  return { name, keys, type, padTo, mask: maskOf(name, type, field), plainUntilMs: plainUntil(name, field), index };
}

function fieldIndex(table: string, name: string, type: FieldType, field: Field): FieldIndex | undefined {
  const { index, normalize, leaksFrequency } = field as { index?: unknown; normalize?: unknown; leaksFrequency?: unknown };
  if (index === undefined && (normalize !== undefined || leaksFrequency !== undefined))
    throw new TypeError(`expected an index for field ${name}: normalize and leaksFrequency are about it`);
  if (index === undefined) return undefined;
  if (!isName(index) || index === "__proto__")
    throw new TypeError(`expected the index of field ${name} to be the name of a column`);
  if (type === "json") throw new TypeError(`expected field ${name} to have another type: there is no index on json`);
  if (type === "boolean" && leaksFrequency !== true)
    throw new TypeError(
      `expected leaksFrequency: true for field ${name}: an index on a boolean shows how often each value occurs`,
    );
  if (normalize !== undefined && typeof normalize !== "function")
    throw new TypeError(`expected normalize of field ${name} to be a function`);
  return {
    column: index,
    field: indexedField(table, name, normalize === undefined ? "none" : "custom"),
    normalize: normalize as FieldIndex["normalize"],
  };
}

function maskOf(name: string, type: FieldType, { mask }: Field): (value: unknown) => unknown {
  if (mask === undefined) return () => hidden;
  if (typeof mask === "function") return mask as (value: unknown) => unknown;
  if (!Object.hasOwn(masks, mask) || type !== "string")
    throw new TypeError(`expected the mask of field ${name} to be a function or, for a string, ${Object.keys(masks).join(", ")}`);
  return masks[mask] as (value: unknown) => unknown;
}

function plainUntil(name: string, { plain }: Field): number {
  if (plain === undefined) return 0;
  const until: unknown = plain?.until;
  if (!(until instanceof Date) || Number.isNaN(until.getTime()))
    throw new TypeError(`expected plain of field ${name} to be { until: Date }`);
  return until.getTime();
}

/** A column has one purpose. */
function checkColumns(fields: readonly FieldSpec[], others: readonly (string | null | undefined)[]): void {
  const taken = new Set(others);
  for (const { name, keys } of fields) {
    if (others.includes(keys[0])) throw new TypeError(`expected ${keys[0]} to stay readable: it names the row or its version`);
    const above = fields.find((other) => name.startsWith(`${other.name}.`));
    if (above !== undefined) throw new TypeError(`expected either ${above.name} or ${name} as a field: one is within the other`);
    taken.add(keys[0]);
  }
  for (const { name, index } of fields) {
    if (index === undefined) continue;
    if (taken.has(index.column))
      throw new TypeError(`expected a column of its own as the index of field ${name}, got ${index.column}`);
    taken.add(index.column);
  }
}

function isName(value: unknown): value is string {
  return isIdentifier(value, maxNameLength);
}
