import { kmsErrorCodes, type Cmk, type DataKeyRecord } from "@cmkit/core";
import { isService } from "@cmkit/core/store";
import type { SelectQueryBuilder } from "kysely";

import { isRegistryError } from "../registry-error.ts";
import type { DataKeyClaim, DataKeyPlace, Page, RewrapFailures, VersionCount } from "../store.ts";
import { maxKeyVersionLength } from "./cmk-row.ts";
import { dataKeyRow } from "./data-key-row.ts";
import { maxProjectLength } from "./project-row.ts";
import { RowReader } from "./row-reader.ts";
import type { Database, DataKeyRow, Schema } from "./schema.ts";
import type { SqlEngine } from "./sql-engine.ts";

/** Runs one query on whatever it is to be run: the database, or a transaction. */
export type RunQuery = <T>(query: (db: Database) => Promise<T>) => Promise<T>;

/** Nobody puts a next try off for longer: it was written by a clock that was wrong, or by a stranger. */
const longestPauseMs = 60_000;
/** How many ids of failed ones are listed. */
const listedFailures = 100;

/** Data keys that may be rewrapped, and where rows stand that this package would not have written. */
export interface ClaimedRows {
  readonly records: readonly DataKeyRecord[];
  readonly unreadable: readonly DataKeyPlace[];
}

/** Everything that can be asked about data keys. */
export class DataKeyReads {
  protected readonly run: RunQuery;
  protected readonly sql: SqlEngine;

  constructor(run: RunQuery, engine: SqlEngine) {
    this.run = run;
    this.sql = engine;
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

  async dataKeys(project: string, { after, limit }: Page<Uint8Array>): Promise<readonly DataKeyRecord[]> {
    const size = pageSize(limit);
    const rows = await this.run(async (db) => {
      const all = db.selectFrom("cmkit_data_keys").selectAll().where("project", "=", project);
      const rest = after === undefined ? all : all.where("id", ">", after);
      return rest.orderBy("id").limit(size).execute();
    });
    return rows.map((row) => dataKeyRow.read(row));
  }

  async countDataKeys(project: string, cmk: Cmk, exceptVersion?: string): Promise<number> {
    const { count } = await this.run(async (db) => {
      const all = wrappedUnder(db, cmk, project);
      const meant = exceptVersion === undefined ? all : all.where("key_version", "is distinct from", exceptVersion);
      return meant.select((its) => its.fn.countAll<number>().as("count")).executeTakeFirstOrThrow();
    });
    return count;
  }

  async countByVersion(cmk: Cmk): Promise<readonly VersionCount[]> {
    const rows = await this.run(async (db) =>
      wrappedUnder(db, cmk)
        .select((its) => ["project", "key_version", its.fn.countAll<number>().as("count")])
        .groupBy(["project", "key_version"])
        .orderBy("project")
        .orderBy("key_version", (its) => its.asc().nullsFirst())
        .execute(),
    );
    return rows.map((raw) => {
      const row = new RowReader("cmkit_data_keys", raw);
      return {
        project: row.identifier("project", maxProjectLength),
        keyVersion: row.optional("key_version", (column) => row.identifier(column, maxKeyVersionLength)),
        count: row.integer("count", 1),
      };
    });
  }

  /** One search of the index a service: the rows of one service may be very many. */
  async services(project: string, cmk: Cmk): Promise<readonly string[]> {
    const services: string[] = [];
    for (let last: string | null = ""; last !== null;) {
      const before: string = last;
      const { next } = await this.run(async (db) => {
        const rest = wrappedUnder(db, cmk, project).where("service", ">", before);
        return rest.select((its) => its.fn.min<string | null>("service").as("next")).executeTakeFirstOrThrow();
      });
      if (next !== null) services.push(checkedService(next));
      last = next;
    }
    return services;
  }

  async rewrapFailures(project: string, cmk: Cmk, exceptVersion?: string): Promise<RewrapFailures> {
    const { counts, ids } = await this.run(async (db) => {
      const all = wrappedUnder(db, cmk, project).where("rewrap_code", "is not", null);
      const failed = exceptVersion === undefined ? all : all.where("key_version", "is distinct from", exceptVersion);
      const perCode = failed.select((its) => [
        "rewrap_code",
        its.fn.countAll<number>().as("count"),
        its.fn.min("rewrap_after").as("rewrap_after"),
      ]);
      return {
        counts: await perCode.groupBy("rewrap_code").orderBy("rewrap_code").execute(),
        ids: await failed.select("id").orderBy("id").limit(listedFailures).execute(),
      };
    });
    const read = counts.map((raw) => {
      const row = new RowReader("cmkit_data_keys", raw);
      const nextTryAt = row.optional("rewrap_after", (column) => row.time(column));
      return { code: row.oneOf("rewrap_code", kmsErrorCodes), count: row.integer("count", 1), nextTryAt };
    });
    const due = read.flatMap(({ nextTryAt }) => (nextTryAt === null ? [] : [nextTryAt.getTime()]));
    return {
      counts: read.map(({ code, count }) => ({ code, count })),
      ids: ids.map((raw) => new RowReader("cmkit_data_keys", raw).bytes("id", 32)),
      nextTryAt: due.length === 0 ? null : new Date(Math.min(...due)),
    };
  }

  /** @param hold Whether the rows stay ours until the transaction ends. */
  async claimable(claim: DataKeyClaim, { hold }: { readonly hold: boolean }): Promise<ClaimedRows> {
    const { project, cmk, exceptVersion, after, limit, now } = claim;
    const size = pageSize(limit);
    const rows = await this.run(async (db) => {
      const nowMs = now.getTime();
      let query = wrappedUnder(db, cmk, project)
        .selectAll()
        .where((its) =>
          its.or([
            its("rewrap_code", "is", null),
            its("rewrap_after", "<=", nowMs),
            its("rewrap_after", ">", nowMs + longestPauseMs),
          ]),
        );
      if (exceptVersion !== undefined) query = query.where("key_version", "is distinct from", exceptVersion);
      if (after !== undefined) {
        const { service, id } = after;
        query = query.where((its) => its(its.refTuple("service", "id"), ">", its.tuple(service, id)));
      }
      query = query.orderBy("service").orderBy("id").limit(size);
      return (hold ? query.modifyEnd(this.sql.forUpdateSkipLocked) : query).execute();
    });
    const records: DataKeyRecord[] = [];
    const unreadable: DataKeyPlace[] = [];
    for (const row of rows) {
      const record = readable(row);
      if (record !== undefined) records.push(record);
      else unreadable.push({ service: checkedService(row.service), id: new RowReader("cmkit_data_keys", row).bytes("id", 32) });
    }
    return { records, unreadable };
  }
}

/** One row that somebody else wrote must not keep the others from being rewrapped, as long as it has a place among them. */
function readable(row: DataKeyRow): DataKeyRecord | undefined {
  try {
    return dataKeyRow.read(row);
  } catch (error) {
    if (isRegistryError(error)) return undefined;
    throw error;
  }
}

/** In the order of the index that knows what is wrapped under a key. */
function wrappedUnder(
  db: Database,
  { provider, resource }: Cmk,
  project?: string,
): SelectQueryBuilder<Schema, "cmkit_data_keys", object> {
  const ofKey = db.selectFrom("cmkit_data_keys").where("provider", "=", provider).where("resource", "=", resource);
  return project === undefined ? ofKey : ofKey.where("project", "=", project);
}

/** The whole of a row is not read here. */
function checkedService(service: string): string {
  return isService(service) ? service : new RowReader("cmkit_data_keys", { service }).refuse("service");
}

/** @throws {RangeError} */
export function pageSize(limit: number): number {
  if (Number.isSafeInteger(limit) && limit > 0) return limit;
  throw new RangeError("expected a limit of at least 1 row");
}
