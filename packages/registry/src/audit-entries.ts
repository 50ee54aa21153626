import type { AuditRecord } from "./cmk-record.ts";
import type { ChainTags } from "./record-tags.ts";
import { RegistryError } from "./registry-error.ts";
import { auditPage, type AuditReads } from "./audit-page.ts";
import type { AuditHead } from "./store.ts";

/**
 * The entries after a number, each held against the tag before it, so that nobody is shown a forged one.
 *
 * @throws {RegistryError} `bad-record`: names the first entry that is missing or not the one that was written; reading on
 * from a later number is possible.
 */
export async function* auditEntries(
  reads: AuditReads,
  tags: ChainTags,
  { project, after = 0 }: { readonly project?: string; readonly after?: number } = {},
): AsyncIterable<AuditRecord> {
  if (!Number.isSafeInteger(after) || after < 0) throw new RangeError("expected after to be the number of an entry, or 0");
  let head = after === 0 ? undefined : await entryAt(reads, after);
  if (after > 0 && head === undefined) return;
  for (;;) {
    const last: number = head?.seq ?? 0;
    const rows = await auditPage(reads, last);
    if (rows === undefined) throw notAsWritten(last + 1);
    if (rows.length === 0) return;
    for (const row of rows) {
      const seq: number = (head?.seq ?? 0) + 1;
      if (row.record.seq !== seq || !tags.verify(row, head?.tag)) throw notAsWritten(seq);
      head = { seq, tag: row.tag };
      if (project === undefined || row.record.project === project) yield row.record;
    }
  }
}

/** Undefined beyond the end of the log. */
async function entryAt(reads: AuditReads, seq: number): Promise<AuditHead | undefined> {
  const [row] = await reads.audit({ after: seq - 1, limit: 1 });
  if (row !== undefined && row.record.seq !== seq) throw notAsWritten(seq);
  return row && { seq, tag: row.tag };
}

function notAsWritten(seq: number): RegistryError {
  return new RegistryError("bad-record", `Entry ${seq} of the audit log is missing, or is not the one that was written.`);
}
