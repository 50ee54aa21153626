import type { AuditRecord, CmkRecord, ProjectRecord, TokenRecord } from "../src/cmk-record.ts";
import { RegistryError } from "../src/registry-error.ts";
import type { RegistryStore, RegistryWrites, StoredToken, Tagged } from "../src/store.ts";

/** As much of a store as tokens and the audit log need, until the real ones are there. */
export class MemoryStore {
  rows: Rows = emptyRows();
  failing = false;
  onTouch: (at: Date) => unknown = () => {};

  asStore(): RegistryStore {
    const reads = this.writes();
    let turn: Promise<unknown> = Promise.resolve();
    return {
      engine: "memory",
      reads,
      write: async (work) => {
        const run = turn.then(async () => {
          const before = structuredClone(this.rows);
          if (this.failing) throw new RegistryError("store-unavailable");
          try {
            return await work(this.writes());
          } catch (error) {
            this.rows = before;
            throw error;
          }
        });
        turn = run.catch(() => {});
        return run;
      },
      isDevelopment: async () => false,
      ready: async () => {},
      close: async () => {},
    };
  }

  private writes(): RegistryWrites {
    const rows = (): Rows => this.rows;
    const part: Partial<RegistryWrites> = {
      audit: async ({ after = 0, limit }) =>
        rows()
          .audit.filter(({ record }) => record.seq > after)
          .slice(0, limit),
      auditHead: async () => headOf(rows().audit.at(-1)),
      lockAudit: async () => headOf(rows().audit.at(-1)),
      appendAudit: async (row) => void rows().audit.push(row),
      token: async (id) => rows().tokens.get(id),
      tokens: async () => [...rows().tokens.values()],
      putToken: async (row) =>
        void rows().tokens.set(row.record.id, { lastUsedAt: null, ...rows().tokens.get(row.record.id), ...row }),
      touchToken: async (id, lastUsedAt) => {
        this.onTouch(lastUsedAt);
        const row = rows().tokens.get(id);
        if (row !== undefined) rows().tokens.set(id, { ...row, lastUsedAt });
      },
    };
    return part as RegistryWrites;
  }
}

interface Rows {
  audit: Tagged<AuditRecord>[];
  readonly tokens: Map<string, StoredToken>;
  readonly cmks: Map<string, Tagged<CmkRecord>>;
  readonly projects: Map<string, Tagged<ProjectRecord>>;
}

export type TokenRow = Tagged<TokenRecord>;

function emptyRows(): Rows {
  return { audit: [], tokens: new Map(), cmks: new Map(), projects: new Map() };
}

function headOf(row: Tagged<AuditRecord> | undefined): { seq: number; tag: Uint8Array } | undefined {
  return row && { seq: row.record.seq, tag: row.tag };
}
