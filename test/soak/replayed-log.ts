import type { AuditLog, AuditRecord } from "@cmkit/registry";

/** What the audit log says of a CMK from one entry on. */
export interface LoggedState {
  readonly status: string;
  readonly isDefault: boolean;
  readonly fromMs: number;
}

/** The audit log, read from its first entry on: what it says that is there, and which entries belong to which request. */
export class ReplayedLog {
  readonly byRequest = new Map<string, AuditRecord[]>();
  /** By token id. */
  readonly tokens = new Map<string, AuditRecord[]>();
  /** By project and CMK id: all states it had, the last one last. */
  readonly cmks = new Map<string, Map<string, LoggedState[]>>();
  entries = 0;

  static async of(audit: AuditLog): Promise<ReplayedLog> {
    const replayed = new ReplayedLog();
    for await (const entry of audit.entries()) replayed.take(entry);
    return replayed;
  }

  private take(entry: AuditRecord): void {
    this.entries += 1;
    if (entry.requestId !== null) append(this.byRequest, entry.requestId, entry);
    if (entry.action.startsWith("token.") && entry.subject !== null) append(this.tokens, entry.subject, entry);
    if (entry.action.startsWith("cmk.") && entry.project !== null && entry.subject !== null) {
      this.change(entry.project, entry.subject, entry);
    }
  }

  private change(project: string, subject: string, { at, details }: AuditRecord): void {
    const cmks = this.cmks.get(project) ?? new Map<string, LoggedState[]>();
    this.cmks.set(project, cmks);
    const isDefault = details["default_cmk"] === true;
    const fromMs = at.getTime();
    // A new default takes the mark from the last one, which has no entry of its own.
    for (const [id, states] of cmks) {
      const last = states.at(-1);
      if (isDefault && id !== subject && last?.isDefault === true) states.push({ ...last, isDefault: false, fromMs });
    }
    append(cmks, subject, { status: String(details["status"]), isDefault, fromMs });
  }
}

function append<K, V>(lists: Map<K, V[]>, key: K, value: V): void {
  const list = lists.get(key);
  if (list === undefined) lists.set(key, [value]);
  else list.push(value);
}
