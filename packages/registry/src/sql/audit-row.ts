import type { AuditRecord } from "../cmk-record.ts";
import type { AuditHead, Tagged } from "../store.ts";
import { tagBytes } from "./project-row.ts";
import { RowReader, type RowCodec } from "./row-reader.ts";
import type { AuditRow } from "./schema.ts";

/** Room for whatever was refused: names that are too long are cut before they get here. */
const maxWordLength = 1024;
const maxDetailsLength = 65_536;

export const auditRow: RowCodec<Tagged<AuditRecord>, AuditRow> = {
  write: ({ record, tag }) => ({
    seq: record.seq,
    at: record.at.getTime(),
    actor: record.actor,
    action: record.action,
    project: record.project,
    subject: record.subject,
    details: JSON.stringify(record.details),
    request_id: record.requestId,
    tag,
  }),
  read: (raw) => {
    const row = new RowReader("cmkit_audit", raw);
    const word = (column: keyof AuditRow): string => row.text(column, maxWordLength);
    const record: AuditRecord = {
      seq: row.integer("seq", 1),
      at: row.time("at"),
      actor: word("actor"),
      action: word("action"),
      project: row.optional("project", word),
      subject: row.optional("subject", word),
      details: detailsOf(row),
      requestId: row.optional("request_id", word),
    };
    return { record, tag: row.bytes("tag", tagBytes) };
  },
};

/** @throws {RegistryError} `bad-record` */
export function auditHead(raw: { readonly seq: unknown; readonly tag: unknown }): AuditHead {
  const row = new RowReader("cmkit_audit", raw);
  return { seq: row.integer("seq", 1), tag: row.bytes("tag", tagBytes) };
}

function detailsOf(row: RowReader<keyof AuditRow>): AuditRecord["details"] {
  const details = Object.entries(row.object("details", maxDetailsLength));
  if (!details.every(isDetail)) return row.refuse("details");
  return Object.fromEntries(details);
}

function isDetail(entry: [string, unknown]): entry is [string, string | number | boolean] {
  const [name, value] = entry;
  if (!name.isWellFormed()) return false;
  return typeof value === "string" ? value.isWellFormed() : Number.isSafeInteger(value) || typeof value === "boolean";
}
