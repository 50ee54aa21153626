import { Kysely, sql, type RawBuilder } from "kysely";

import { auditHead } from "./audit-row.ts";
import type { Database, Schema } from "./schema.ts";
import { SqliteConnection } from "./sqlite-database.ts";
import { PatientSqliteDialect } from "./sqlite-dialect.ts";
import { isBusy } from "./sqlite-failure.ts";
import type { Listed, ListedParts, SqlConnections, SqlEngine } from "./sql-engine.ts";

/** @param file An absolute path, or `:memory:`, which has one connection: there reads wait while a transaction runs. */
export function sqliteEngine(file: string, { maxBytes }: { readonly maxBytes?: number | undefined }): SqlEngine {
  const connection = (readOnly: boolean): Kysely<Schema> =>
    new Kysely<Schema>({ dialect: new PatientSqliteDialect(() => new SqliteConnection(file, { readOnly, maxBytes })) });
  return {
    name: "sqlite",
    columns: {
      text: sql`text`,
      integer: sql`integer`,
      real: sql`real`,
      bytes: sql`blob`,
      position: sql`integer primary key autoincrement`,
      tableEnd: sql`strict`,
    },
    connect: (): SqlConnections => {
      const writes = connection(false);
      return { writes, reads: file === ":memory:" ? writes : connection(true) };
    },
    // `begin immediate` is alone with the whole file.
    locks: () => ({ exclusive: async () => {}, shared: async () => {} }),
    forUpdate: sql``,
    forUpdateSkipLocked: sql``,
    // One transaction at a time: others could not write while a cloud is asked.
    claims: 0,
    forListed,
    now: () => sql`${Date.now()}`,
    whereabouts: async (db) => whereabouts(db, file),
    findTable: (name) => sql`select name from sqlite_master where type = 'table' and name = ${name}`,
    beginMigration: async () => undefined,
    isConflict: isBusy,
  };
}

/** One statement a row, prepared once: no network is in between, and one for all rows takes five times as long. */
async function forListed<Column extends string, Row>(
  db: Database,
  listed: Listed<Column>,
  statement: (its: ListedParts<Column>) => RawBuilder<Row>,
): Promise<readonly Row[]> {
  const [first] = Object.values<Listed<Column>[Column]>(listed);
  const found: Row[] = [];
  for (const row of (first?.values ?? []).keys()) {
    const cell = (column: Column): RawBuilder<unknown> => sql`${listed[column].values[row]}`;
    const { rows } = await statement({ head: sql``, from: sql``, cell }).execute(db);
    found.push(...rows);
  }
  return found;
}

/** SQLite counts no transactions that another connection could see: what stands in the log of the registry does. */
async function whereabouts(db: Database, file: string): ReturnType<SqlEngine["whereabouts"]> {
  const newest = db.selectFrom("cmkit_audit").select(["seq", "tag"]).orderBy("seq", "desc").limit(1);
  const head = await newest.executeTakeFirst();
  const name = file === ":memory:" ? "SQLite in memory" : `SQLite file ${file}`;
  if (head === undefined) return { name, position: "before the first audit entry" };
  const { seq, tag } = auditHead(head);
  return { name, position: `audit entry ${seq}, tag ${Buffer.from(tag).toString("hex")}` };
}
