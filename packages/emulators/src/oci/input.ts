import type { AssociatedData } from "./aes-ciphertext.ts";
import { refusals } from "./service-refusal.ts";

/** The members of a request's body. */
export type Input = Readonly<Record<string, unknown>>;

/** Reads a body; an empty one, which actions without details have, holds no members. */
export function parseInput(body: Uint8Array): Input {
  if (body.byteLength === 0) return {};
  try {
    const input: unknown = JSON.parse(Buffer.from(body).toString("utf8"));
    if (typeof input === "object" && input !== null && !Array.isArray(input)) return input as Input;
  } catch {
    // Falls through to the same refusal.
  }
  throw refusals.unparsable();
}

function present(input: Input, name: string): unknown {
  return Object.hasOwn(input, name) ? (input[name] ?? undefined) : undefined;
}

/** A string member that may be missing. */
export function optionalText(input: Input, name: string): string | undefined {
  const value = present(input, name);
  if (value === undefined || typeof value === "string") return value;
  throw refusals.invalid(`${name} must be a string.`);
}

/** A string member. */
export function requiredText(input: Input, name: string): string {
  const value = optionalText(input, name);
  if (value === undefined || value === "") throw refusals.missing(name);
  return value;
}

/** One of the words of an enumeration. */
export function optionalChoice<const T extends string>(input: Input, name: string, words: readonly T[]): T | undefined {
  const value = optionalText(input, name);
  const word = words.find((candidate) => candidate === value);
  if (value !== undefined && word === undefined) throw refusals.invalid(`${name} must be one of ${words.join(", ")}.`);
  return word;
}

/** A boolean that must be there. */
export function requiredFlag(input: Input, name: string): boolean {
  const value = present(input, name);
  if (value === undefined) throw refusals.missing(name);
  if (typeof value !== "boolean") throw refusals.invalid(`${name} must be true or false.`);
  return value;
}

/** Bytes of base64, at least one. */
export function requiredBytes(input: Input, name: string): Uint8Array {
  const value = requiredText(input, name);
  const bytes = Buffer.from(value, "base64");
  if (bytes.toString("base64") !== value) throw refusals.invalid(`${name} must be base64.`);
  return bytes;
}

/** An object member; empty when missing. */
export function objectOf(input: Input, name: string): Input {
  const value = present(input, name) ?? {};
  if (typeof value !== "object" || Array.isArray(value)) throw refusals.invalid(`${name} must be an object.`);
  return value as Input;
}

// "The length of the string representation of the associated data must be fewer than 4096 characters" (Encrypt, API reference).
const maxAssociatedDataLength = 4096;

/** The pairs of `associatedData`; empty when missing. */
export function associatedDataOf(input: Input): AssociatedData {
  const pairs = Object.entries(objectOf(input, "associatedData")).map(([key, value]): [string, string] => {
    if (typeof value !== "string") throw refusals.invalid("associatedData must hold strings.");
    return [key, value];
  });
  const data = Object.fromEntries(pairs);
  if (JSON.stringify(data).length >= maxAssociatedDataLength) throw refusals.invalid("associatedData is too long.");
  return data;
}

/** An instant in RFC 3339, in milliseconds. */
export function optionalInstant(input: Input, name: string): number | undefined {
  const value = optionalText(input, name);
  if (value === undefined) return undefined;
  const ms = /^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(?:\.\d+)?(?:Z|[+-]\d\d:\d\d)$/.test(value) ? Date.parse(value) : Number.NaN;
  if (Number.isNaN(ms)) throw refusals.invalid(`${name} must be an instant of RFC 3339.`);
  return ms;
}

/** The shape of a key: an algorithm and a length, as the caller gave them. */
export function keyShapeOf(input: Input): { readonly algorithm: string; readonly length: number } {
  if (present(input, "keyShape") === undefined) throw refusals.missing("keyShape");
  const shape = objectOf(input, "keyShape");
  const length = present(shape, "length");
  if (length === undefined) throw refusals.missing("keyShape.length");
  if (typeof length !== "number") throw refusals.invalid("keyShape.length must be a number.");
  return { algorithm: requiredText(shape, "algorithm"), length };
}

/** Refuses what would otherwise be ignored in silence. */
export function refuseUnemulated(input: Input, names: readonly string[]): void {
  const name = names.find((candidate) => (present(input, candidate) ?? false) !== false);
  if (name !== undefined) throw refusals.notImplemented(name);
}
