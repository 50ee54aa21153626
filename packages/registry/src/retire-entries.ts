import type { AuditWriter } from "./chained-audit-log.ts";
import type { AuditRecord } from "./cmk-record.ts";
import type { Attribution } from "./registry.ts";
import type { RetireReport } from "./retire-report.ts";
import type { RegistryWrites } from "./store.ts";

/** A report of which the audit log does not know yet. */
export type UnloggedReport = Omit<RetireReport, "at" | "auditEntry">;

/**
 * Chains the whole report into the audit log: an entry `cmk.retire.version` for each version, then `cmk.retire` with the sums
 * and everything else. Each says which key and CMK it is about.
 */
export async function logRetire(
  audit: AuditWriter,
  tx: RegistryWrites,
  report: UnloggedReport,
  by: Attribution,
): Promise<Pick<RetireReport, "at" | "auditEntry">> {
  for (const { keyVersion, ...counts } of report.versions) {
    const version = keyVersion === null ? {} : { key_version: keyVersion };
    await audit.append(tx, entry("cmk.retire.version", report, by, { ...version, ...told(counts) }));
  }
  const { at, seq } = await audit.append(tx, entry("cmk.retire", report, by, conclusion(report)));
  return { at, auditEntry: seq };
}

function conclusion({
  store,
  position,
  versions,
  cannotSee,
  backupsUntil,
  safeToDestroy,
}: UnloggedReport): AuditRecord["details"] {
  const sum = (count: (version: Counts) => number): number => versions.reduce((total, version) => total + count(version), 0);
  const sums = {
    made: sum(({ made }) => made),
    rewrappedIn: sum(({ rewrappedIn }) => rewrappedIn),
    rewrappedOut: sum(({ rewrappedOut }) => rewrappedOut),
    shredded: sum(({ shredded }) => shredded),
    present: sum(({ present }) => present),
  };
  return {
    store: printable(store),
    position: printable(position),
    versions: versions.length,
    ...told(sums),
    ...(backupsUntil === null ? {} : { backups_until: backupsUntil.toISOString() }),
    safe_to_destroy: safeToDestroy,
    cannot_see: cannotSee.join(" "),
  };
}

type Counts = Omit<RetireReport["versions"][number], "keyVersion">;

function told({ made, rewrappedIn, rewrappedOut, shredded, present }: Counts): AuditRecord["details"] {
  return { made, rewrapped_in: rewrappedIn, rewrapped_out: rewrappedOut, shredded, present };
}

function entry(
  action: string,
  { cmk: { id, project, provider }, resource }: UnloggedReport,
  { actor = "application", requestId }: Attribution,
  details: AuditRecord["details"],
): Parameters<AuditWriter["append"]>[1] {
  return { actor, action, project, subject: id, details: { provider, resource, ...details }, requestId: requestId ?? null };
}

/** A store's name may hold a path, and a path anything. */
function printable(text: string): string {
  return text
    .toWellFormed()
    .replaceAll(/\p{Cc}/gu, "?")
    .slice(0, 1000)
    .toWellFormed();
}
