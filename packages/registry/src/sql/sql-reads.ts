import type { Cmk, DataKeyRecord } from "@cmkit/core";
import { isService } from "@cmkit/core/store";

import type { AuditRecord, CmkRecord, ProjectRecord } from "../cmk-record.ts";
import { RegistryError } from "../registry-error.ts";
import type { AuditHead, Page, RegistryReads, StoredToken, Tagged } from "../store.ts";
import { auditHead, auditRow } from "./audit-row.ts";
import { cmkRow } from "./cmk-row.ts";
import { dataKeyRow } from "./data-key-row.ts";
import { maxProjectLength, projectRow } from "./project-row.ts";
import { RowReader } from "./row-reader.ts";
import type { Database } from "./schema.ts";
import { storedToken } from "./token-row.ts";

/** Runs one query on whatever it is to be run: the database, or a transaction. */
export type RunQuery = <T>(query: (db: Database) => Promise<T>) => Promise<T>;

/** Everything that can be asked of the tables. */
export class SqlReads implements RegistryReads {
  protected readonly run: RunQuery;

  constructor(run: RunQuery) {
    this.run = run;
  }

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

  /** One search of three indexes a name: the rows of one project may be very many. */
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

  async dataKey(project: string, id: Uint8Array): Promise<DataKeyRecord | undefined> {
    const row = await this.run(async (db) =>
      db.selectFrom("cmkit_data_keys").selectAll().where("project", "=", project).where("id", "=", id).executeTakeFirst(),
    );
    return row && dataKeyRow.read(row);
  }

  async indexKey(project: string, contextKey: string): Promise<DataKeyRecord | undefined> {
    const row = await this.run(async (db) => {
      const ofProject = db.selectFrom("cmkit_data_keys").selectAll().where("project", "=", project);
      return ofProject.where("context_key", "=", contextKey).where("purpose", "=", "index").executeTakeFirst();
    });
    return row && dataKeyRow.read(row);
  }

  async countDataKeys(project: string, { provider, resource }: Cmk): Promise<number> {
    const { count } = await this.run(async (db) => {
      const ofProject = db.selectFrom("cmkit_data_keys").where("project", "=", project);
      const ofCmk = ofProject.where("provider", "=", provider).where("resource", "=", resource);
      return ofCmk.select((its) => its.fn.countAll<number>().as("count")).executeTakeFirstOrThrow();
    });
    return count;
  }

  /** One search of the index a service: the rows of one service may be very many. */
  async services(project: string, { provider, resource }: Cmk): Promise<readonly string[]> {
    const services: string[] = [];
    for (let last: string | null = ""; last !== null;) {
      const before: string = last;
      const { next } = await this.run(async (db) => {
        const ofProject = db.selectFrom("cmkit_data_keys").where("project", "=", project);
        const ofCmk = ofProject.where("provider", "=", provider).where("resource", "=", resource);
        const rest = ofCmk.where("service", ">", before).select((its) => its.fn.min<string | null>("service").as("next"));
        return rest.executeTakeFirstOrThrow();
      });
      if (next !== null) services.push(checkedService(next));
      last = next;
    }
    return services;
  }

  async dataKeys(project: string, { after, limit }: Page<Uint8Array>): Promise<readonly DataKeyRecord[]> {
    const size = pageSize(limit);
    const rows = await this.run(async (db) => {
      const all = db.selectFrom("cmkit_data_keys").selectAll().where("project", "=", project);
      const rest = after === undefined ? all : all.where("id", ">", after);
      return rest.orderBy("id").limit(size).execute();
    });
    return rows.map((row) => dataKeyRow.read(row));
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
      const all = own
        .select((its) => its.fn.min("name").as("name"))
        .unionAll(ofCmks.select((its) => its.fn.min("project").as("name")))
        .unionAll(ofKeys.select((its) => its.fn.min("project").as("name")));
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

/** The whole of a row is not read here. */
function checkedService(service: string): string {
  return isService(service) ? service : new RowReader("cmkit_data_keys", { service }).refuse("service");
}

function pageSize(limit: number): number {
  if (Number.isSafeInteger(limit) && limit > 0) return limit;
  throw new RangeError("expected a limit of at least 1 row");
}
