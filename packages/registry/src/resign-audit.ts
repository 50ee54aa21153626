import { auditPage } from "./audit-page.ts";
import type { ChainTags } from "./record-tags.ts";
import { RegistryError } from "./registry-error.ts";
import type { AuditHead, RegistryWrites } from "./store.ts";
import { verifyAudit, type VerifyAuditOptions } from "./verify-audit.ts";

export interface ResignAuditOptions {
  /** Of both record keys. */
  readonly tags: ChainTags;
  /** Of the current one alone. */
  readonly currentTags: ChainTags;
  readonly trustStore: boolean;
  /** What the log is held against. */
  readonly verify: VerifyAuditOptions;
  readonly onPage: (entries: number) => void;
}

/** The log's newest entry as it was before, and how many entries were tagged anew. */
export interface ResignedAudit {
  readonly entries: number;
  readonly headBefore: AuditHead | undefined;
}

/**
 * Tags the whole log anew, under its lock. Every tag covers the one before it, so that a log which is half tagged anew would
 * be a broken one: it is one transaction, and a crash leaves the log as it was.
 *
 * @throws {RegistryError} `bad-record`: names the first entry that is not as it was written.
 */
export async function resignAudit(tx: RegistryWrites, options: ResignAuditOptions): Promise<ResignedAudit> {
  const { tags, currentTags, trustStore, verify, onPage } = options;
  const headBefore = await tx.lockAudit();
  const verdict = await verifyAudit(tx, tags, verify);
  if (verdict.brokenAt !== undefined && !trustStore) throw notAsWritten(verdict.brokenAt);
  let entries = 0;
  let before: AuditHead | undefined;
  for (;;) {
    verify.signal?.throwIfAborted();
    const last: number = before?.seq ?? 0;
    const rows = await auditPage(tx, last);
    if (rows === undefined) throw notAsWritten(last + 1);
    if (rows.length === 0) return { entries, headBefore };
    for (const { record } of rows) {
      const { tag } = currentTags.seal(record, before?.tag);
      await tx.putAuditTag(record.seq, tag);
      before = { seq: record.seq, tag };
    }
    entries += rows.length;
    onPage(entries);
  }
}

function notAsWritten(seq: number): RegistryError {
  return new RegistryError(
    "bad-record",
    `Entry ${seq} of the audit log is missing, cannot be read, or carries the tag of neither record key.`,
  );
}
