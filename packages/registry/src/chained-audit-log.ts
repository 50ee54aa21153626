import type { Clock, RecordKey } from "@cmkit/core";

import { auditEntries } from "./audit-entries.ts";
import { checkedAuditEntry, type AuditEntry } from "./audit-entry.ts";
import type { AuditLog } from "./audit-log.ts";
import type { AuditRecord } from "./cmk-record.ts";
import { recordTags } from "./record-tags.ts";
import { RegistryError } from "./registry-error.ts";
import type { RegistryStore, RegistryWrites } from "./store.ts";
import { verifyAudit } from "./verify-audit.ts";

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

export interface ChainedAuditLogOptions {
  readonly store: RegistryStore;
  readonly recordKey: RecordKey;
  readonly clock: Pick<Clock, "wallMs">;
}

/** The audit log of a store: to be read, and to be written to inside transactions. */
export function chainedAuditLog({ store, recordKey, clock }: ChainedAuditLogOptions): AuditLog & AuditWriter {
  const { audit: tags } = recordTags(recordKey);
  const { reads } = store;
  return {
    entries: (filter) => auditEntries(reads, tags, filter),
    head: async () => reads.auditHead(),
    verify: async (options) => verifyAudit(reads, tags, options),
    async append(tx, entry) {
      const checked = checkedAuditEntry(entry);
      const head = await tx.lockAudit();
      const seq = (head?.seq ?? 0) + 1;
      if (!Number.isSafeInteger(seq)) throw new RegistryError("bad-record");
      const row = tags.seal({ ...checked, seq, at: new Date(clock.wallMs()) }, head?.tag);
      await tx.appendAudit(row);
      return row.record;
    },
  };
}
