import type { Clock, RecordKey } from "@cmkit/core";

import { auditEntries } from "./audit-entries.ts";
import type { AuditLog } from "./audit-log.ts";
import { auditWriter, type AuditWriter } from "./audit-writer.ts";
import { recordTags } from "./record-tags.ts";
import type { RegistryStore } from "./store.ts";
import { verifyAudit } from "./verify-audit.ts";

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
    ...auditWriter(tags, clock),
    entries: (filter) => auditEntries(reads, tags, filter),
    head: async () => reads.auditHead(),
    verify: async (options) => verifyAudit(reads, tags, options),
  };
}
