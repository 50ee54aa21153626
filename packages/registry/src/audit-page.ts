import type { AuditRecord } from "./cmk-record.ts";
import { isRegistryError } from "./registry-error.ts";
import type { RegistryReads, Tagged } from "./store.ts";

/** What reads the log. */
export type AuditReads = Pick<RegistryReads, "audit">;

const pageSize = 200;

/**
 * The next rows after a number. Where one cannot be read, those before it come one at a time.
 *
 * @returns Empty at the end; undefined when the next row cannot be read.
 */
export async function auditPage(reads: AuditReads, after: number): Promise<readonly Tagged<AuditRecord>[] | undefined> {
  for (const limit of [pageSize, 1]) {
    try {
      return await reads.audit({ after, limit });
    } catch (error) {
      if (!isRegistryError(error) || error.code !== "bad-record") throw error;
    }
  }
  return undefined;
}
