import type { AuditRecord } from "./cmk-record.ts";
import type { AuditHead } from "./store.ts";

/** What {@link AuditLog.verify} found. */
export interface AuditVerdict {
  readonly ok: boolean;
  /** How many entries were read. */
  readonly entries: number;
  readonly head: AuditHead | undefined;
  /** The number of the first entry that is missing, changed or out of place. */
  readonly brokenAt: number | undefined;
}

/** What was done and refused: append-only, every entry tagged together with the one before it. */
export interface AuditLog {
  /** Newest last. */
  entries(filter?: { readonly project?: string; readonly after?: number }): AsyncIterable<AuditRecord>;
  /** The newest entry's number and tag: keep it elsewhere, and what was cut off the end shows. */
  head(): Promise<AuditHead | undefined>;
  /** Reads all of it. @param options.head One that was kept elsewhere: the log must still hold it. */
  verify(options?: { readonly head?: AuditHead; readonly signal?: AbortSignal }): Promise<AuditVerdict>;
}
