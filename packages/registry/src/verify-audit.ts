import type { AuditVerdict } from "./audit-log.ts";
import type { AuditRecord } from "./cmk-record.ts";
import type { ChainTags } from "./record-tags.ts";
import { auditPage, type AuditReads } from "./audit-page.ts";
import type { AuditHead, Tagged } from "./store.ts";

/** What {@link verifyAudit} is told: a head that was kept elsewhere, and when to stop. */
export interface VerifyAuditOptions {
  readonly head?: AuditHead;
  readonly signal?: AbortSignal;
}

/** A log that is tagged anew meanwhile looks broken once; one that changes each time is broken. */
const maxRounds = 3;

/**
 * Reads the log from its first entry and stops at the first that is missing, changed, out of place or not this operator's.
 * A head that was kept before the log was tagged anew is found in the entry that says so, if it was the head then.
 */
export async function verifyAudit(reads: AuditReads, tags: ChainTags, options: VerifyAuditOptions = {}): Promise<AuditVerdict> {
  for (let round = 1; ; round += 1) {
    const chain = new Chain(tags, options.head);
    await chain.readAll(reads, options.signal);
    if (chain.broken === undefined || round === maxRounds || !(await chain.movedOn(reads))) return chain.verdict();
  }
}

/** How the entry about a re-signing names the head that the log had before. */
export function headText({ seq, tag }: AuditHead): string {
  return `${seq}:${Buffer.from(tag).toString("base64url")}`;
}

class Chain {
  broken: number | undefined;
  private head: AuditHead | undefined;
  private entries = 0;
  private keptFound: boolean;
  private readonly kept: AuditHead | undefined;
  private readonly tags: ChainTags;

  constructor(tags: ChainTags, kept: AuditHead | undefined) {
    this.tags = tags;
    this.kept = kept;
    this.keptFound = kept === undefined;
  }

  async readAll(reads: AuditReads, signal: AbortSignal | undefined): Promise<void> {
    for (;;) {
      signal?.throwIfAborted();
      const last = this.head?.seq ?? 0;
      const rows = await auditPage(reads, last);
      if (rows === undefined) this.broken = last + 1;
      if (rows === undefined || rows.length === 0) return;
      for (const row of rows) {
        if (!this.takes(row)) return;
      }
    }
  }

  private takes(row: Tagged<AuditRecord>): boolean {
    const seq = (this.head?.seq ?? 0) + 1;
    this.entries += 1;
    if (row.record.seq !== seq || !this.tags.verify(row, this.head?.tag)) {
      this.broken = seq;
      return false;
    }
    this.head = { seq, tag: row.tag };
    this.keptFound ||= this.isKept(row);
    return true;
  }

  private isKept({ record, tag }: Tagged<AuditRecord>): boolean {
    if (this.kept === undefined) return false;
    if (record.seq === this.kept.seq) return Buffer.compare(tag, this.kept.tag) === 0;
    return record.action === "records.resign" && record.details["headBefore"] === headText(this.kept);
  }

  /** Whether the entry before the break carries another tag by now. */
  async movedOn(reads: AuditReads): Promise<boolean> {
    if (this.head === undefined) return false;
    const [row] = (await auditPage(reads, this.head.seq - 1)) ?? [];
    return row !== undefined && Buffer.compare(row.tag, this.head.tag) !== 0;
  }

  verdict(): AuditVerdict {
    const { head, entries, kept, keptFound } = this;
    const missing = kept === undefined || keptFound ? undefined : Math.min(kept.seq, (head?.seq ?? 0) + 1);
    const brokenAt = this.broken ?? missing;
    return { ok: brokenAt === undefined, entries, head, brokenAt };
  }
}
