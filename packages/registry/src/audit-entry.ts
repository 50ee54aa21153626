import type { AuditRecord } from "./cmk-record.ts";

/** What is written down: everything but the number and the time, which the log gives. */
export type AuditEntry = Omit<AuditRecord, "seq" | "at">;

const actionGrammar = /^[a-z][a-z0-9.-]{0,63}$/;
const detailGrammar = /^[a-z][A-Za-z0-9_]{0,63}$/;
const maxNameLength = 256;
const maxDetailLength = 1000;
const maxDetails = 16;
/** They would let one entry look like several where a log is read as lines. */
const controlCharacter = /\p{Cc}/u;

/**
 * Holds an entry to its limits, so that nobody fills the log with one: names of 1 to 256 characters, at most 16 details of
 * at most 1,000 characters each, safe integers, no control characters.
 *
 * @returns A copy.
 * @throws {TypeError} that names what is wrong, never its value.
 */
export function checkedAuditEntry({ actor, action, project, subject, details, requestId }: AuditEntry): AuditEntry {
  if (typeof action !== "string" || !actionGrammar.test(action)) {
    throw new TypeError("expected an audit entry's action to match [a-z][a-z0-9.-]{0,63}");
  }
  const named = { actor, project, subject, requestId };
  for (const [name, value] of Object.entries(named)) {
    if (value === null && name !== "actor") continue;
    if (!isText(value, 1, maxNameLength)) {
      throw new TypeError(`expected an audit entry's ${name} to be 1 to ${maxNameLength} characters without control characters`);
    }
  }
  return { ...named, action, details: checkedDetails(details) };
}

function checkedDetails(details: AuditEntry["details"]): AuditEntry["details"] {
  const entries = Object.entries(details);
  if (entries.length > maxDetails) throw new TypeError(`expected at most ${maxDetails} details, got ${entries.length}`);
  for (const [name, value] of entries) {
    if (!detailGrammar.test(name)) throw new TypeError("expected the names of details to match [a-z][A-Za-z0-9_]{0,63}");
    if (typeof value === "boolean" || Number.isSafeInteger(value) || isText(value, 0, maxDetailLength)) continue;
    throw new TypeError(
      `expected the detail ${name} to be a boolean, a safe integer or text of at most ${maxDetailLength} characters`,
    );
  }
  return Object.fromEntries(entries);
}

function isText(value: unknown, min: number, max: number): value is string {
  return (
    typeof value === "string" &&
    value.length >= min &&
    value.length <= max &&
    value.isWellFormed() &&
    !controlCharacter.test(value)
  );
}
