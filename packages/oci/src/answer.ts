import { KmsError } from "@cmkit/core";

// Goes into messages and logs, so nothing but an identifier passes: three parts of hex digits, joined by slashes.
const requestIdGrammar = /^[A-Za-z0-9/_.-]{1,256}$/;

type Fields = Readonly<Record<string, unknown>>;

/** Says what an answer lacks, in our own words. */
export function badAnswer(detail: string): never {
  throw new KmsError("bad-answer", { provider: "oci", detail });
}

/** The part of an answer that is looked at. */
export function fieldsIn(value: unknown, name: string): Fields {
  return value instanceof Object ? (value as Fields) : badAnswer(`it has no ${name}`);
}

export function textIn(value: unknown, field: string): string {
  return typeof value === "string" && value !== "" ? value : badAnswer(`it has no ${field}`);
}

/** An identifier, which the service may leave out of some answers. */
export function optionalTextIn(value: unknown, field: string): string | null {
  return value === undefined || value === null ? null : textIn(value, field);
}

/** Bytes out of base64 of which there is one spelling: decoders take ten for one value. */
export function base64In(value: unknown, field: string): Uint8Array {
  const text = textIn(value, field);
  const decoded = Buffer.from(text, "base64");
  if (decoded.length === 0 || decoded.toString("base64") !== text) badAnswer(`${field} is not canonical base64`);
  const bytes = new Uint8Array(decoded);
  decoded.fill(0); // may be part of a pool, and may have been a key
  return bytes;
}

// RFC 3339 with a zone. The SDK types these fields as Date and leaves them as text, until one day it may not.
const dateGrammar = /^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(?:\.\d{1,9})?(?:Z|[+-]\d\d:\d\d)$/;

export function dateIn(value: unknown, field: string): Date | undefined {
  if (value === undefined || value === null) return undefined;
  const date = value instanceof Date || (typeof value === "string" && dateGrammar.test(value)) ? new Date(value) : undefined;
  return date !== undefined && !Number.isNaN(date.getTime()) ? date : badAnswer(`${field} is not a date`);
}

/** The service's id of a request, out of answers and errors. */
export function requestIdIn(id: unknown): string | undefined {
  return typeof id === "string" && requestIdGrammar.test(id) ? id : undefined;
}
