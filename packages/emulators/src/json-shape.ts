/** Reads one JSON value at `path`, or throws a `TypeError` that says what was expected there and what was found. */
export type Reader<T> = (value: unknown, path: string) => T;

/** A reader for a field that may be left out. */
export interface OptionalReader<T> {
  readonly optional: Reader<T>;
}

type Fields<T> = {
  readonly [K in keyof T]-?: Partial<Pick<T, K>> extends Pick<T, K> ? OptionalReader<Exclude<T[K], undefined>> : Reader<T[K]>;
};

// Only the kind of a value is named: a value in the wrong place may be a secret.
function kindOf(value: unknown): string {
  if (value === null) return "null";
  if (Array.isArray(value)) return "an array";
  if (value === undefined) return "nothing";
  return typeof value === "object" ? "an object" : `a ${typeof value}`;
}

function mismatch(path: string, expected: string, got: string): TypeError {
  return new TypeError(`${path}: expected ${expected}, got ${got}`);
}

/** A reader of strings; with `pattern`, only of those that match, described by `expected`. */
export function text(pattern?: RegExp, expected = "a string"): Reader<string> {
  return (value, path) => {
    if (typeof value !== "string") throw mismatch(path, expected, kindOf(value));
    if (pattern !== undefined && !pattern.test(value)) throw mismatch(path, expected, "another string");
    return value;
  };
}

/** A reader of whole numbers from `min` to `max`. */
export function wholeNumber(min: number, max: number): Reader<number> {
  return (value, path) => {
    if (typeof value !== "number") throw mismatch(path, `a whole number from ${min} to ${max}`, kindOf(value));
    if (!Number.isSafeInteger(value) || value < min || value > max) {
      throw new RangeError(`${path}: expected a whole number from ${min} to ${max}, got ${value}`);
    }
    return value;
  };
}

/** A reader of numbers above 0, up to `max`. */
export function numberUpTo(max: number): Reader<number> {
  return (value, path) => {
    if (typeof value !== "number") throw mismatch(path, `a number above 0, up to ${max}`, kindOf(value));
    if (!(value > 0 && value <= max)) throw new RangeError(`${path}: expected a number above 0, up to ${max}, got ${value}`);
    return value;
  };
}

/** A reader of `true` and `false`. */
export function flag(): Reader<boolean> {
  return (value, path) => {
    if (typeof value !== "boolean") throw mismatch(path, "true or false", kindOf(value));
    return value;
  };
}

/** A reader of one of a few words. */
export function oneOf<const T extends string>(words: readonly T[]): Reader<T> {
  return (value, path) => {
    const word = words.find((candidate) => candidate === value);
    if (word === undefined) {
      throw mismatch(path, `one of ${words.join(", ")}`, typeof value === "string" ? JSON.stringify(value) : kindOf(value));
    }
    return word;
  };
}

/** A reader of ISO 8601 instants, as `Date.prototype.toISOString` writes them. */
export function instant(): Reader<string> {
  return (value, path) => {
    const date = typeof value === "string" ? new Date(value) : undefined;
    if (date === undefined || Number.isNaN(date.getTime()) || date.toISOString() !== value) {
      throw mismatch(path, "an instant such as 2026-01-31T00:00:00.000Z", kindOf(value));
    }
    return value;
  };
}

/** A reader of arrays. */
export function listOf<T>(read: Reader<T>): Reader<readonly T[]> {
  return (value, path) => {
    if (!Array.isArray(value)) throw mismatch(path, "an array", kindOf(value));
    return value.map((item, index) => read(item, `${path}[${index}]`));
  };
}

/** A reader of objects with free names. */
export function mapOf<T>(read: Reader<T>): Reader<Readonly<Record<string, T>>> {
  return (value, path) =>
    Object.fromEntries(Object.entries(objectAt(value, path)).map(([name, item]) => [name, read(item, `${path}.${name}`)]));
}

/** Marks a field that may be left out (but not be `undefined` or `null`). */
export function optional<T>(read: Reader<T>): OptionalReader<T> {
  return { optional: read };
}

/** A reader of objects with exactly these fields; a field that is not listed is refused. */
export function objectOf<T extends object>(fields: Fields<T>): Reader<T> {
  const known = new Map<string, unknown>(Object.entries(fields));
  return (value, path) => {
    const source = objectAt(value, path);
    for (const name of Object.keys(source)) {
      if (!known.has(name)) throw mismatch(path, `only the fields ${[...known.keys()].join(", ")}`, JSON.stringify(name));
    }
    const entries: [string, unknown][] = [];
    for (const [name, field] of known) {
      const given = Object.hasOwn(source, name) ? source[name] : undefined;
      const reader = field as Reader<unknown> | OptionalReader<unknown>;
      if (typeof reader === "function") entries.push([name, reader(given, `${path}.${name}`)]);
      else if (given !== undefined) entries.push([name, reader.optional(given, `${path}.${name}`)]);
    }
    return Object.fromEntries(entries) as T;
  };
}

/** The value as an object with string names. */
export function objectAt(value: unknown, path: string): Readonly<Record<string, unknown>> {
  if (typeof value !== "object" || value === null || Array.isArray(value)) throw mismatch(path, "an object", kindOf(value));
  return value as Readonly<Record<string, unknown>>;
}
