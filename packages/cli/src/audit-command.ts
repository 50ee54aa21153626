import { type AuditHead, type AuditLog, type AuditRecord, type AuditVerdict, chainedAuditLog } from "@cmkit/registry";

import { auditHeadText } from "./audit-head.ts";
import { ruledTable } from "./cmks-tables.ts";
import type { Deps, Io } from "./deps.ts";
import { type StoreOptions, withStoreOf } from "./server-store.ts";

/** The options of `cmkit audit head`. */
export interface AuditOptions extends StoreOptions {
  readonly json?: boolean;
}

/** The options of `cmkit audit list` and `export`. */
export interface AuditListOptions extends AuditOptions {
  readonly project?: string;
  readonly after?: number;
  readonly limit: number;
}

/** The options of `cmkit audit verify`. */
export interface AuditVerifyOptions extends AuditOptions {
  readonly head?: AuditHead;
}

export async function auditList(options: AuditListOptions, deps: Deps, io: Io): Promise<number> {
  const found = await withAudit(options, deps, io, async (audit) => entriesOf(audit, options));
  io.stdout(options.json ? `${JSON.stringify(found.map(shown), null, 2)}\n` : listed(found));
  return 0;
}

export async function auditVerify(options: AuditVerifyOptions, deps: Deps, io: Io): Promise<number> {
  const { head, json } = options;
  const verdict = await withAudit(options, deps, io, async (audit) => audit.verify(head === undefined ? {} : { head }));
  io.stdout(json ? `${JSON.stringify(verdictShown(verdict))}\n` : verdictText(verdict));
  return verdict.ok ? 0 : 1;
}

export async function auditHead(options: AuditOptions, deps: Deps, io: Io): Promise<number> {
  const head = await withAudit(options, deps, io, async (audit) => audit.head());
  if (options.json) io.stdout(`${JSON.stringify({ head: headShown(head) })}\n`);
  else if (head !== undefined) io.stdout(`${auditHeadText(head)}\n`);
  else io.stderr("cmkit: the log has no entry yet.\n");
  return 0;
}

export async function auditExport(options: AuditListOptions, deps: Deps, io: Io): Promise<number> {
  await withAudit(options, deps, io, async (audit) => {
    const { project } = options;
    for await (const entry of audit.entries(project === undefined ? {} : { project })) {
      await io.stdoutBytes(Buffer.from(`${JSON.stringify(shown(entry))}\n`));
    }
  });
  return 0;
}

async function withAudit<T>(options: StoreOptions, deps: Deps, io: Io, use: (audit: AuditLog) => Promise<T>): Promise<T> {
  return withStoreOf(options, deps, io, async ({ store, settings: { recordKey } }) =>
    use(chainedAuditLog({ store, recordKey, clock: { wallMs: Date.now } })),
  );
}

/** The first `limit` after a number; without one, the last. */
async function entriesOf(audit: AuditLog, { project, after, limit }: AuditListOptions): Promise<readonly AuditRecord[]> {
  const found: AuditRecord[] = [];
  const from = after ?? (project === undefined ? Math.max(0, ((await audit.head())?.seq ?? 0) - limit) : 0);
  for await (const entry of audit.entries({ after: from, ...(project === undefined ? {} : { project }) })) {
    if (after !== undefined && found.length >= limit) break;
    found.push(entry);
    if (found.length > limit) found.shift();
  }
  return found;
}

/** Spelt as on the wire. */
function shown({ requestId, at, ...entry }: AuditRecord): Readonly<Record<string, unknown>> {
  const { seq, actor, action, project, subject, details } = entry;
  return { seq, at: at.toISOString(), actor, action, project, subject, details, request_id: requestId };
}

function listed(entries: readonly AuditRecord[]): string {
  const head = ["number", "at", "who", "what", "project", "subject", "details"];
  return ruledTable(head, entries.map(rowOf));
}

function rowOf({ seq, at, actor, action, project, subject, details }: AuditRecord): string[] {
  const told = Object.entries(details).map(([name, value]) => `${name}=${String(value)}`);
  return [String(seq), at.toISOString(), actor, action, project ?? "-", subject ?? "-", told.join(" ")];
}

function headShown(head: AuditHead | undefined): string | null {
  return head === undefined ? null : auditHeadText(head);
}

function verdictShown({ ok, entries, head, brokenAt }: AuditVerdict): Readonly<Record<string, unknown>> {
  return { ok, entries, head: headShown(head), broken_at: brokenAt ?? null };
}

function verdictText({ entries, head, brokenAt }: AuditVerdict): string {
  if (brokenAt !== undefined) return `Entry ${brokenAt} is missing, or is not the one that was written.\n`;
  if (head === undefined) return "The log has no entry yet.\n";
  return `All ${entries.toLocaleString("en-US")} entries are as they were written. Head: ${auditHeadText(head)}\n`;
}
