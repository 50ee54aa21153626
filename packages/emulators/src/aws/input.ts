import type { EncryptionContext } from "./ciphertext-blob.ts";
import { refusals, ServiceRefusal } from "./errors.ts";

type Input = Readonly<Record<string, unknown>>;

function failed(name: string, value: string, rule: string): ServiceRefusal {
  const member = name.charAt(0).toLowerCase() + name.slice(1);
  return refusals.validation(`1 validation error detected: Value ${value} at '${member}' failed to satisfy constraint: ${rule}`);
}

function wrongType(name: string): ServiceRefusal {
  return new ServiceRefusal("SerializationException", `${name} has another type than the model says`);
}

function present(input: Input, name: string): unknown {
  return input[name] ?? undefined;
}

/** A string member that may be missing. */
export function optionalText(input: Input, name: string, maxLength = 2048): string | undefined {
  const value = present(input, name);
  if (value === undefined) return undefined;
  if (typeof value !== "string") throw wrongType(name);
  if (value.length === 0) throw failed(name, "''", "Member must have length greater than or equal to 1");
  if (value.length > maxLength) throw failed(name, "", `Member must have length less than or equal to ${maxLength}`);
  return value;
}

/** A string member. */
export function requiredText(input: Input, name: string, maxLength = 2048): string {
  const value = optionalText(input, name, maxLength);
  if (value === undefined) throw failed(name, "null", "Member must not be null");
  return value;
}

/** One of the words of an enumeration. */
export function optionalChoice<const T extends string>(input: Input, name: string, words: readonly T[]): T | undefined {
  const value = optionalText(input, name);
  if (value === undefined) return undefined;
  const word = words.find((candidate) => candidate === value);
  if (word === undefined) throw failed(name, `'${value}'`, `Member must satisfy enum value set: [${words.join(", ")}]`);
  return word;
}

/** A whole number in a range. */
export function optionalInteger(input: Input, name: string, min: number, max: number): number | undefined {
  const value = present(input, name);
  if (value === undefined) return undefined;
  if (typeof value !== "number" || !Number.isInteger(value)) throw wrongType(name);
  if (value < min) throw failed(name, `'${value}'`, `Member must have value greater than or equal to ${min}`);
  if (value > max) throw failed(name, `'${value}'`, `Member must have value less than or equal to ${max}`);
  return value;
}

/** A boolean; false when missing. */
export function flagOf(input: Input, name: string): boolean {
  const value = present(input, name);
  if (value === undefined) return false;
  if (typeof value !== "boolean") throw wrongType(name);
  return value;
}

/** Bytes of base64, from 1 to `maxBytes`. */
export function optionalBytes(input: Input, name: string, maxBytes: number): Uint8Array | undefined {
  const value = present(input, name);
  if (value === undefined) return undefined;
  const bytes = typeof value === "string" ? Buffer.from(value, "base64") : undefined;
  if (bytes === undefined || bytes.toString("base64") !== value) throw wrongType(name);
  if (bytes.byteLength === 0) throw failed(name, "''", "Member must have length greater than or equal to 1");
  if (bytes.byteLength > maxBytes) throw failed(name, "", `Member must have length less than or equal to ${maxBytes}`);
  return bytes;
}

/** Bytes of base64 that must be there. */
export function requiredBytes(input: Input, name: string, maxBytes: number): Uint8Array {
  const bytes = optionalBytes(input, name, maxBytes);
  if (bytes === undefined) throw failed(name, "null", "Member must not be null");
  return bytes;
}

/** An encryption context; empty when missing. */
export function contextOf(input: Input, name: string): EncryptionContext {
  const value = present(input, name);
  if (value === undefined) return {};
  if (typeof value !== "object" || value === null || Array.isArray(value)) throw wrongType(name);
  const pairs = Object.entries(value).map(([key, item]): [string, string] => {
    if (typeof item !== "string") throw wrongType(name);
    return [key, item];
  });
  return Object.fromEntries(pairs);
}

/** Refuses what would otherwise be ignored in silence. */
export function refuseUnemulated(input: Input, names: readonly string[]): void {
  for (const name of names) {
    const value = present(input, name);
    if (value !== undefined && !(Array.isArray(value) && value.length === 0))
      throw refusals.unsupported(`${name} is not emulated.`);
  }
}
