import { KmsError, type Cmk, type DataKeyRecord } from "@cmkit/core";

import type { AuditRecord, CmkRecord, ProjectRecord, TokenRecord } from "../cmk-record.ts";
import type { AuditHead, Purge, RegistryWrites, Tagged } from "../store.ts";
import { auditRow } from "./audit-row.ts";
import { cmkRow } from "./cmk-row.ts";
import { dataKeyRow } from "./data-key-row.ts";
import { maxProjectLength, projectRow, tagBytes } from "./project-row.ts";
import { RewrapTables } from "./rewrap-tables.ts";
import { RowReader, rowOf } from "./row-reader.ts";
import { tokenRow } from "./token-row.ts";

/** Everything that can be done to the tables inside one transaction. */
export class SqlTables extends RewrapTables implements RegistryWrites {
  /** What is to be told in this process, once the transaction has been committed. */
  readonly announced: Purge[] = [];
  /** The number that the next audit entry must have; undefined without the lock. */
  private nextEntry: number | undefined;

  async lockProject(project: string): Promise<void> {
    await this.run(async (db) => this.sql.locks(db).exclusive("project", project));
  }

  async shareProject(project: string): Promise<void> {
    await this.run(async (db) => this.sql.locks(db).shared("project", project));
  }

  async lockResource({ provider, resource }: Cmk): Promise<void> {
    await this.run(async (db) => this.sql.locks(db).exclusive("resource", `${provider} ${resource}`));
  }

  async projectsUsing(
    { provider, resource }: Cmk,
    { deleted = false }: { readonly deleted?: boolean } = {},
  ): Promise<readonly string[]> {
    const rows = await this.run(async (db) => {
      const ofKey = db.selectFrom("cmkit_cmks").where("provider", "=", provider).where("key_resource", "=", resource);
      const meant = deleted ? ofKey : ofKey.where("status", "<>", "deleted");
      return meant.select("project").distinct().orderBy("project").execute();
    });
    return rows.map((row) => new RowReader("cmkit_cmks", row).identifier("project", maxProjectLength));
  }

  async putProject(project: Tagged<ProjectRecord>): Promise<void> {
    const { name, ...rest } = rowOf(projectRow, project);
    await this.run(async (db) => {
      const insert = db.insertInto("cmkit_projects").values({ name, ...rest });
      await insert.onConflict((conflict) => conflict.column("name").doUpdateSet(rest)).execute();
    });
  }

  async putCmk(cmk: Tagged<CmkRecord>): Promise<void> {
    const { id, ...rest } = rowOf(cmkRow, cmk);
    await this.run(async (db) => {
      const insert = db.insertInto("cmkit_cmks").values({ id, ...rest });
      await insert.onConflict((conflict) => conflict.column("id").doUpdateSet(rest)).execute();
    });
  }

  async addDataKey(record: DataKeyRecord): Promise<DataKeyRecord> {
    const row = rowOf(dataKeyRow, record);
    const inserted = await this.run(async (db) => {
      const insert = db.insertInto("cmkit_data_keys").values(row);
      return insert.onConflict((conflict) => conflict.doNothing()).executeTakeFirstOrThrow();
    });
    if (inserted.numInsertedOrUpdatedRows === 1n) return record;
    const first = record.purpose === "index" ? await this.indexKey(row.project, row.context_key) : undefined;
    if (first === undefined) throw new KmsError("malformed", { detail: "a data key with this id exists already" });
    return first;
  }

  async announcePurge(purge: Purge): Promise<void> {
    await this.run(async (db) => this.sql.announcements?.send(db, purge));
    this.announced.push(purge);
  }

  async putOrigin(project: string, id: Uint8Array, origin: Uint8Array): Promise<void> {
    const tag = checkedTag(origin);
    await this.run(async (db) => {
      const update = db.updateTable("cmkit_data_keys").set({ origin: tag });
      await update.where("project", "=", project).where("id", "=", id).execute();
    });
  }

  async putToken(token: Tagged<TokenRecord>): Promise<void> {
    const { id, ...rest } = rowOf(tokenRow, token);
    await this.run(async (db) => {
      const insert = db.insertInto("cmkit_tokens").values({ id, ...rest });
      await insert.onConflict((conflict) => conflict.column("id").doUpdateSet(rest)).execute();
    });
  }

  async touchToken(id: string, lastUsedAt: Date): Promise<void> {
    const at = lastUsedAt.getTime();
    if (Number.isNaN(at)) throw new TypeError("expected a valid date");
    await this.run(async (db) => {
      await db.updateTable("cmkit_tokens").set({ last_used_at: at }).where("id", "=", id).execute();
    });
  }

  async lockAudit(): Promise<AuditHead | undefined> {
    await this.run(async (db) => this.sql.locks(db).exclusive("audit", ""));
    const head = await this.auditHead();
    this.nextEntry = (head?.seq ?? 0) + 1;
    return head;
  }

  async appendAudit(entry: Tagged<AuditRecord>): Promise<void> {
    if (entry.record.seq !== this.nextEntry) {
      throw new TypeError(`expected the audit entry after the head, under the lock: ${this.nextEntry ?? "it is not held"}`);
    }
    const row = rowOf(auditRow, entry);
    await this.run(async (db) => {
      await db.insertInto("cmkit_audit").values(row).execute();
    });
    this.nextEntry += 1;
  }

  async putAuditTag(seq: number, tag: Uint8Array): Promise<void> {
    const checked = checkedTag(tag);
    await this.run(async (db) => {
      await db.updateTable("cmkit_audit").set({ tag: checked }).where("seq", "=", seq).execute();
    });
  }
}

function checkedTag(tag: Uint8Array): Uint8Array {
  if (tag instanceof Uint8Array && tag.length === tagBytes) return tag;
  throw new TypeError(`expected a tag of ${tagBytes} bytes`);
}
