import { refusals } from "./errors.ts";

type Input = Readonly<Record<string, unknown>>;

function present(input: Input, name: string): unknown {
  return input[name] ?? undefined;
}

// [unverified] The service says BadParameter; its words for each member are not published.
function invalid(name: string): Error {
  return refusals.parameter(`Property ${name} has invalid value\r\n`);
}

/** A string member that may be missing. */
export function optionalText(input: Input, name: string): string | undefined {
  const value = present(input, name);
  if (value !== undefined && typeof value !== "string") throw invalid(name);
  return value;
}

/** A string member. */
export function requiredText(input: Input, name: string): string {
  const value = optionalText(input, name);
  if (value === undefined || value === "") throw invalid(name);
  return value;
}

/** A boolean member that may be missing. */
export function optionalFlag(input: Input, name: string): boolean | undefined {
  const value = present(input, name);
  if (value !== undefined && typeof value !== "boolean") throw invalid(name);
  return value;
}

/** A whole number that may be missing. */
export function optionalNumber(input: Input, name: string): number | undefined {
  const value = present(input, name);
  if (value !== undefined && (typeof value !== "number" || !Number.isSafeInteger(value) || value < 0)) throw invalid(name);
  return value;
}

/** An object member; empty when missing. */
export function objectMember(input: Input, name: string): Input {
  const value = present(input, name) ?? {};
  if (typeof value !== "object" || Array.isArray(value)) throw invalid(name);
  return value as Input;
}

/** Bytes of base64url without padding; `undefined` when missing or empty. */
export function optionalBytes(input: Input, name: string): Uint8Array | undefined {
  const value = optionalText(input, name);
  if (value === undefined || value === "") return undefined;
  const bytes = Buffer.from(value, "base64url");
  if (bytes.toString("base64url") !== value) throw invalid(name);
  return bytes;
}

/** Bytes that must be there. */
export function requiredBytes(input: Input, name: string): Uint8Array {
  const bytes = optionalBytes(input, name);
  if (bytes === undefined) throw invalid(name);
  return bytes;
}

/** A list of the words that are known; `undefined` when missing. */
export function optionalWords(input: Input, name: string, known: readonly string[]): readonly string[] | undefined {
  const value = present(input, name);
  if (value === undefined) return undefined;
  if (!Array.isArray(value)) throw invalid(name);
  return value.map((item: unknown) => {
    const word = known.find((candidate) => candidate === item);
    if (word === undefined) throw invalid(name);
    return word;
  });
}

/** An object of strings; `undefined` when missing. */
export function optionalTags(input: Input, name: string): Readonly<Record<string, string>> | undefined {
  if (present(input, name) === undefined) return undefined;
  return Object.fromEntries(
    Object.entries(objectMember(input, name)).map(([tag, value]) => {
      if (typeof value !== "string") throw invalid(name);
      return [tag, value];
    }),
  );
}
