/**
 * Readers of what a registry's server answers. A server may be newer and say more, so further fields are passed over; what is
 * read is read strictly. All throw {@link UnexpectedAnswer}.
 *
 * @module
 */

/** An answer that is not of a registry's shape: says where what was expected. */
export class UnexpectedAnswer extends Error {
  constructor(expected: string) {
    super(expected);
    this.name = "UnexpectedAnswer";
  }
}

export type WireObject = Readonly<Record<string, unknown>>;

export function objectAt(value: unknown, path: string): WireObject {
  if (typeof value !== "object" || value === null || Array.isArray(value))
    throw new UnexpectedAnswer(`${path}: expected an object`);
  return value as WireObject;
}

export function listAt<T>(value: unknown, path: string, each: (value: unknown, path: string) => T): T[] {
  if (!Array.isArray(value)) throw new UnexpectedAnswer(`${path}: expected an array`);
  return value.map((item, index) => each(item, `${path}[${index}]`));
}

export function textAt(value: unknown, path: string, maxLength: number): string {
  if (typeof value !== "string" || value.length > maxLength)
    throw new UnexpectedAnswer(`${path}: expected a text of at most ${maxLength} characters`);
  return value;
}

export function matchAt(value: unknown, path: string, pattern: RegExp, expected: string): string {
  if (typeof value !== "string" || !pattern.test(value)) throw new UnexpectedAnswer(`${path}: expected ${expected}`);
  return value;
}

export function oneOfAt<const T extends string>(value: unknown, path: string, allowed: readonly T[]): T {
  const found = allowed.find((each) => each === value);
  if (found === undefined) throw new UnexpectedAnswer(`${path}: expected one of ${allowed.join(", ")}`);
  return found;
}

export function flagAt(value: unknown, path: string): boolean {
  if (typeof value !== "boolean") throw new UnexpectedAnswer(`${path}: expected true or false`);
  return value;
}

export function countAt(value: unknown, path: string): number {
  if (typeof value !== "number" || !Number.isSafeInteger(value) || value < 0)
    throw new UnexpectedAnswer(`${path}: expected a count`);
  return value;
}

/** RFC 3339, with its zone, as it was sent. */
export function momentAt(value: unknown, path: string): string {
  return matchAt(value, path, /^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(?:\.\d{1,9})?(?:Z|[+-]\d\d:\d\d)$/, "a time");
}
