import type { Clock } from "@cmkit/core";

import { checkedAuditEntry, type AuditEntry } from "./audit-entry.ts";
import type { AuditRecord } from "./cmk-record.ts";
import type { ChainTags } from "./record-tags.ts";
import { RegistryError } from "./registry-error.ts";
import type { RegistryWrites } from "./store.ts";

/** Writes to the audit log, in the transaction of what it tells. */
export interface AuditWriter {
  /**
   * Locks the audit log until the transaction ends, and adds an entry. Locks are taken in the order project, resource,
   * audit: append last.
   *
   * @throws {TypeError} for an entry beyond the limits of `checkedAuditEntry`.
   * @throws {RegistryError} `bad-record`: the log's newest number cannot be one of ours.
   */
  append(tx: RegistryWrites, entry: AuditEntry): Promise<AuditRecord>;
}

/** Numbers entries, gives them the time, and tags each together with the tag before it. */
export function auditWriter(tags: ChainTags, clock: Pick<Clock, "wallMs">): AuditWriter {
  return {
    async append(tx, entry) {
      const checked = checkedAuditEntry(entry);
      const head = await tx.lockAudit();
      const seq = (head?.seq ?? 0) + 1;
      if (!Number.isSafeInteger(seq)) throw new RegistryError("bad-record");
      const row = tags.seal({ ...checked, seq, at: new Date(Math.floor(clock.wallMs())) }, head?.tag);
      await tx.appendAudit(row);
      return row.record;
    },
  };
}
