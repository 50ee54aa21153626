import type { FieldSchema, FieldSpec } from "./field-schema.ts";
import { isPlain } from "./field-value-kinds.ts";
import { aboutField, isKmsError } from "./kms-error.ts";
import { encodePath, type Path } from "./path.ts";

export type Row = Record<string, unknown>;

/** A copy of a row, in which the declared fields are about to be replaced. */
export interface RowDraft {
  readonly columns: Row;
  /** The declared fields whose columns the row has; `null` where there is no value. */
  readonly slots: readonly Slot[];
  /** ` of row "42"`: for messages. */
  readonly where: string;
}

/** Where a declared field stands in a draft, and what stood there in the row, read once. */
export interface Slot {
  readonly spec: FieldSpec;
  readonly holder: Row;
  readonly key: string;
  readonly value: unknown;
  /** What its ciphertext is bound to: table, field, row id, version. */
  readonly path: Path;
}

const maxRowIdLength = 512;
/** Row id and version of so many characters each fit in a path with any table and field. */
const alwaysFits = 128;
const maxShownLength = 64;

/**
 * Copies a row, objects on the way to declared fields included. Nothing is read twice, so that a row cannot change between
 * check and use.
 *
 * @param leftOut Declared fields that the copy shall not have.
 * @throws {TypeError} for what is no row: no row id, an array or a class instance on the way to a field, a field that is inherited.
 */
export function draftRow(schema: FieldSchema, row: unknown, leftOut: ReadonlySet<FieldSpec>): RowDraft {
  if (typeof row !== "object" || row === null || Array.isArray(row)) throw new TypeError("expected a row: an object");
  const skipped = leftOut.size === 0 ? schema.indexColumns : new Set(schema.indexColumns);
  for (const { keys } of leftOut) if (keys.length === 1) (skipped as Set<string>).add(keys[0]);
  const columns = copyOf(row, skipped, "");
  const identity = identityOf(schema, row, columns);
  const where = identity[0] === undefined ? "" : ` of row ${shown(identity[0])}`;
  const copied: Walk["copied"] = new Map();
  const slots: Slot[] = [];
  for (const spec of schema.fields) {
    const [key, ...properties] = spec.keys;
    if (properties.length === 0 && leftOut.has(spec)) continue;
    const found = slotIn({ holder: columns, key, original: row }, properties, { spec, where, columns, copied });
    if (found === undefined) continue;
    if (leftOut.has(spec)) delete found.holder[found.key];
    else slots.push({ ...found, spec, path: pathOf(schema, spec, identity, where) });
  }
  // Such as a promise or a Map: without a row id nothing else would be missed.
  if (Object.keys(columns).length === 0 && !isPlain(row)) throw new TypeError("expected a row: an object with columns");
  return { columns, slots, where };
}

/** It is checked before any call: which field it is of would not be known later. */
function pathOf({ table }: FieldSchema, spec: FieldSpec, identity: readonly string[], where: string): Path {
  const path = [table, spec.name, ...identity];
  try {
    if (identity.some(({ length }) => length > alwaysFits)) encodePath(path);
    return path;
  } catch (error) {
    throw placed(error, spec, where);
  }
}

/** An error of a field, by name and row. What a value was is never said. */
export function placed(error: unknown, { name }: FieldSpec, where: string): unknown {
  if (isKmsError(error)) return aboutField(error, name, where);
  if (error instanceof RangeError) return new RangeError(`field ${name}${where}: ${error.message}`);
  return error instanceof TypeError ? new TypeError(`field ${name}${where}: ${error.message}`) : error;
}

/** Calls a function that the application gave for a field. What it throws may hold the value, even as an error's name: it is not told. */
export function applied<T>(call: () => T, what: string, spec: FieldSpec, where: string): T {
  try {
    const given = call();
    // An async function is refused for what it gives. Its rejection may hold the value, and would end the process.
    if (given instanceof Promise) given.catch(() => {});
    return given;
  } catch {
    throw new TypeError(`field ${spec.name}${where}: its ${what} function threw`);
  }
}

interface Step {
  readonly holder: Row;
  readonly key: string;
  /** What `holder` is a copy of. */
  readonly original: object;
}

interface Walk {
  readonly spec: FieldSpec;
  readonly where: string;
  /** The whole copy. */
  readonly columns: Row;
  /** Copies that were made for fields with the same beginning. */
  readonly copied: Map<string, { readonly copy: Row; readonly original: object }>;
}

function slotIn(
  { holder, key, original }: Step,
  properties: readonly string[],
  walk: Walk,
): Omit<Slot, "spec" | "path"> | undefined {
  const { spec, where, columns, copied } = walk;
  if (properties.length > 0) refuseFlat(holder, [key, ...properties], walk);
  const nothing = { holder, key, value: null }; // of an object that the row has: the value, if there was one, is gone
  if (!Object.hasOwn(holder, key)) {
    if (!isInherited(original, key)) return holder === columns ? undefined : nothing;
    throw new TypeError(
      `field ${spec.name}${where}: expected an enumerable property of the row's own, got an inherited or hidden one`,
    );
  }
  const value = holder[key];
  const [next, ...rest] = properties;
  if (value === undefined) return holder === columns ? undefined : nothing;
  if (next === undefined) return { holder, key, value };
  if (value === null) return nothing;
  const name = spec.keys.slice(0, -properties.length).join(".");
  const before = copied.get(name);
  if (before !== undefined) return slotIn({ holder: before.copy, key: next, original: before.original }, rest, walk);
  if (typeof value !== "object" || !isPlain(value))
    throw new TypeError(`field ${spec.name}${where}: expected a plain object as ${name}, got ${kindOf(value)}`);
  const copy = copyOf(value, noKeys, `field ${spec.name}${where}: `);
  copied.set(name, { copy, original: value });
  holder[key] = copy;
  return slotIn({ holder: copy, key: next, original: value }, rest, walk);
}

const noKeys: ReadonlySet<string> = new Set();

/** `{ "address.street": … }`, as some databases take updates, would stay unencrypted beside the path. */
function refuseFlat(holder: Row, keys: readonly string[], { spec, where }: Walk): void {
  for (let parts = 2; parts <= keys.length; parts += 1) {
    const flat = keys.slice(0, parts).join(".");
    if (Object.hasOwn(holder, flat))
      throw new TypeError(`field ${spec.name}${where}: expected a path, got a property named ${flat}`);
  }
}

/** Own enumerable properties; each is read once. What a getter or proxy throws may hold a value: it is not told. */
function copyOf(source: object, skipped: ReadonlySet<string>, start: string): Row {
  const copy: Row = {};
  try {
    for (const key of Object.keys(source)) {
      if (skipped.has(key)) continue;
      const value = (source as Row)[key];
      if (key === "__proto__") Object.defineProperty(copy, key, { value, enumerable: true, writable: true, configurable: true });
      else copy[key] = value;
    }
  } catch {
    throw new TypeError(`${start}expected properties that can be read, got one that throws`);
  }
  return copy;
}

/** Whether reading the property gives something that a copy does not have: it would stay unencrypted behind an accessor. */
function isInherited(original: object, key: string): boolean {
  try {
    return key in original && (Object.hasOwn(original, key) || !isPlain(original));
  } catch {
    return true; // a proxy: what it throws may hold a value
  }
}

function kindOf(value: unknown): string {
  if (Array.isArray(value)) return "an array: declare the array itself, as json";
  return typeof value === "object" ? "an instance of a class" : typeof value;
}

/** Row id and version as texts. */
function identityOf({ rowId, version }: FieldSchema, row: object, columns: Row): readonly string[] {
  const named = [rowId, version].filter((column) => typeof column === "string");
  return named.map((column) => {
    const value = Object.hasOwn(columns, column) ? columns[column] : undefined;
    const text = typeof value === "bigint" || Number.isSafeInteger(value) ? String(value) : value;
    if (typeof text !== "string" || text === "" || text.length > maxRowIdLength || !text.isWellFormed()) {
      const got = !Object.hasOwn(columns, column) && isInherited(row, column) ? "an inherited one" : typeof value;
      throw new TypeError(
        `expected a text of 1 to ${maxRowIdLength} characters, a whole number or a bigint as column ${column}, got ${got}`,
      );
    }
    return text;
  });
}

function shown(rowId: string): string {
  return JSON.stringify(rowId.length > maxShownLength ? `${rowId.slice(0, maxShownLength)}…` : rowId);
}
