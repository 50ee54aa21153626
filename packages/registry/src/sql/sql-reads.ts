import type { Cmk } from "@cmkit/core";

import type { AuditRecord, BalanceRecord, CmkRecord, ProjectRecord, RewrapRecord } from "../cmk-record.ts";
import { RegistryError } from "../registry-error.ts";
import type { AuditHead, Page, RegistryReads, StoredToken, Tagged } from "../store.ts";
import { auditHead, auditRow } from "./audit-row.ts";
import { balanceRow } from "./balance-row.ts";
import { cmkRow, maxResourceLength } from "./cmk-row.ts";
import { DataKeyReads, pageSize } from "./data-key-reads.ts";
import { maxProjectLength, projectRow } from "./project-row.ts";
import { rewrapRow } from "./rewrap-row.ts";
import { RowReader } from "./row-reader.ts";
import { storedToken } from "./token-row.ts";

/** Everything that can be asked of the tables. */
export class SqlReads extends DataKeyReads implements RegistryReads {
  async cmks(project: string): Promise<readonly Tagged<CmkRecord>[]> {
    const rows = await this.run(async (db) =>
      db.selectFrom("cmkit_cmks").selectAll().where("project", "=", project).orderBy("position").execute(),
    );
    return rows.map((row) => cmkRow.read(row));
  }

  async project(name: string): Promise<Tagged<ProjectRecord> | undefined> {
    const row = await this.run(async (db) =>
      db.selectFrom("cmkit_projects").selectAll().where("name", "=", name).executeTakeFirst(),
    );
    return row && projectRow.read(row);
  }

  /** One search of five indexes a name: the rows of one project may be very many. */
  async projects({ after = "", limit }: Page<string>): Promise<readonly string[]> {
    const size = pageSize(limit);
    const names: string[] = [];
    for (let last = after; names.length < size;) {
      const next = await this.projectAfter(last);
      if (next === undefined) break;
      names.push(next);
      last = next;
    }
    return names;
  }

  async balances(project: string, cmk?: Cmk): Promise<readonly Tagged<BalanceRecord>[]> {
    const rows = await this.run(async (db) => {
      const all = db.selectFrom("cmkit_balances").selectAll().where("project", "=", project);
      const ofKey = cmk && all.where("provider", "=", cmk.provider).where("resource", "=", cmk.resource);
      return (ofKey ?? all).orderBy("provider").orderBy("resource").orderBy("key_version").execute();
    });
    return rows.map((row) => balanceRow.read(row));
  }

  async balancesUnder({ provider, resource }: Cmk): Promise<readonly Tagged<BalanceRecord>[]> {
    const rows = await this.run(async (db) => {
      const ofKey = db.selectFrom("cmkit_balances").selectAll().where("provider", "=", provider).where("resource", "=", resource);
      return ofKey.orderBy("project").orderBy("key_version").execute();
    });
    return rows.map((row) => balanceRow.read(row));
  }

  async wrappedNames(provider: string): Promise<readonly string[]> {
    const rows = await this.run(async (db) => {
      const ofProvider = db.selectFrom("cmkit_balances").where("provider", "=", provider);
      return ofProvider.select("resource").distinct().orderBy("resource").execute();
    });
    return rows.map((row) => new RowReader("cmkit_balances", row).identifier("resource", maxResourceLength));
  }

  async rewraps(project: string): Promise<readonly Tagged<RewrapRecord>[]> {
    const rows = await this.run(async (db) =>
      db.selectFrom("cmkit_rewraps").selectAll().where("project", "=", project).orderBy("source").execute(),
    );
    return rows.map((row) => rewrapRow.read(row));
  }

  async whereabouts(): Promise<{ readonly name: string; readonly position: string }> {
    return this.run(async (db) => this.sql.whereabouts(db));
  }

  async token(id: string): Promise<StoredToken | undefined> {
    const row = await this.run(async (db) => db.selectFrom("cmkit_tokens").selectAll().where("id", "=", id).executeTakeFirst());
    return row && storedToken(row);
  }

  async tokens(): Promise<readonly StoredToken[]> {
    const rows = await this.run(async (db) => db.selectFrom("cmkit_tokens").selectAll().orderBy("position").execute());
    return rows.map((row) => storedToken(row));
  }

  async audit({ after, limit }: Page<number>): Promise<readonly Tagged<AuditRecord>[]> {
    const size = pageSize(limit);
    const rows = await this.run(async (db) => {
      const all = db.selectFrom("cmkit_audit").selectAll();
      const rest = after === undefined ? all : all.where("seq", ">", after);
      return rest.orderBy("seq").limit(size).execute();
    });
    return rows.map((row) => auditRow.read(row));
  }

  async auditHead(): Promise<AuditHead | undefined> {
    const row = await this.run(async (db) =>
      db.selectFrom("cmkit_audit").select(["seq", "tag"]).orderBy("seq", "desc").limit(1).executeTakeFirst(),
    );
    return row && auditHead(row);
  }

  /** Whether the store was made for development. @throws {RegistryError} `bad-record` */
  async isDevelopment(): Promise<boolean> {
    const row = await this.run(async (db) =>
      db.selectFrom("cmkit_meta").select("value").where("name", "=", "purpose").executeTakeFirst(),
    );
    if (row?.value === "development") return true;
    if (row?.value === "production") return false;
    throw new RegistryError("bad-record", "the store does not say what it was made for");
  }

  private async projectAfter(last: string): Promise<string | undefined> {
    const row = await this.run(async (db) => {
      const own = db.selectFrom("cmkit_projects").where("name", ">", last);
      const ofCmks = db.selectFrom("cmkit_cmks").where("project", ">", last);
      const ofKeys = db.selectFrom("cmkit_data_keys").where("project", ">", last);
      const ofRewraps = db.selectFrom("cmkit_rewraps").where("project", ">", last);
      const ofBalances = db.selectFrom("cmkit_balances").where("project", ">", last);
      const all = own
        .select((its) => its.fn.min("name").as("name"))
        .unionAll(ofCmks.select((its) => its.fn.min("project").as("name")))
        .unionAll(ofKeys.select((its) => its.fn.min("project").as("name")))
        .unionAll(ofRewraps.select((its) => its.fn.min("project").as("name")))
        .unionAll(ofBalances.select((its) => its.fn.min("project").as("name")));
      return db
        .selectFrom(all.as("its"))
        .select("name")
        .where("name", "is not", null)
        .orderBy("name")
        .limit(1)
        .executeTakeFirst();
    });
    return row && new RowReader("cmkit_projects", row).identifier("name", maxProjectLength);
  }
}
