/**
 * The fields of an object that has exactly these, and perhaps the optional ones.
 * @throws {TypeError} that says what was expected and got, but no value.
 */
export function fieldsOf<const Name extends string, const Optional extends string = never>(
  value: unknown,
  path: string,
  names: readonly Name[],
  optional: readonly Optional[] = [],
): Readonly<Record<Name | Optional, unknown>> {
  if (typeof value !== "object" || value === null || Array.isArray(value)) {
    throw new TypeError(`${path}: expected an object, got ${kindOf(value)}`);
  }
  const given = Object.keys(value);
  const missing = names.find((name) => !given.includes(name));
  if (missing !== undefined) throw new TypeError(`${path}: expected the field ${missing}, got none`);
  const known: readonly string[] = [...names, ...optional];
  const further = given.find((name) => !known.includes(name));
  if (further !== undefined) {
    throw new TypeError(`${path}: expected only the fields ${known.join(", ")}, got ${JSON.stringify(further)}`);
  }
  return value as Readonly<Record<Name | Optional, unknown>>;
}

/** A string that matches. @throws {TypeError} that names what was expected, never the string: it may be a secret. */
export function textAt(value: unknown, path: string, pattern: RegExp, expected: string): string {
  if (typeof value !== "string") throw new TypeError(`${path}: expected ${expected}, got ${kindOf(value)}`);
  if (!pattern.test(value)) throw new TypeError(`${path}: expected ${expected}, got another string`);
  return value;
}

/** 32 bytes in canonical base64url. @throws {TypeError} without the value. */
export function keyAt(value: unknown, path: string): Uint8Array {
  const expected = "32 bytes in base64url";
  const text = textAt(value, path, /^[\w-]{43}$/, expected);
  const bytes = Buffer.from(text, "base64url");
  if (bytes.toString("base64url") !== text) throw new TypeError(`${path}: expected ${expected}, got another string`);
  return new Uint8Array(bytes);
}

/** The mark that says what a file is. @throws {TypeError} */
export function markAt(value: unknown, path: string, expected: number): void {
  if (value !== expected) {
    throw new TypeError(`${path}: expected ${expected}, got ${typeof value === "number" ? value : kindOf(value)}`);
  }
}

function kindOf(value: unknown): string {
  if (value === null) return "null";
  if (Array.isArray(value)) return "an array";
  if (value === undefined) return "nothing";
  return typeof value === "object" ? "an object" : `a ${typeof value}`;
}
