import type { Kms } from "@cmkit/core";

import type { AuditWriter } from "./chained-audit-log.ts";
import type { AuditRecord, CmkRecord } from "./cmk-record.ts";
import type { RecordTags } from "./record-tags.ts";
import type { Attribution, RegistryOptions } from "./registry.ts";
import type { RegistryStore } from "./store.ts";

/** What the parts of a registry share. */
export interface RegistryParts {
  readonly kms: Kms;
  readonly store: RegistryStore;
  readonly tags: RecordTags;
  readonly audit: AuditWriter;
  readonly options: RegistryOptions;
}

/** What the audit log says of a change of a CMK. */
export function auditEntry(
  action: string,
  { id, project, provider, resource, status, isDefault }: CmkRecord,
  { actor = "application", requestId }: Attribution,
  details: AuditRecord["details"] = {},
): Parameters<AuditWriter["append"]>[1] {
  const about = { provider, resource, status, default_cmk: isDefault };
  return { actor, action, project, subject: id, details: { ...about, ...details }, requestId: requestId ?? null };
}
