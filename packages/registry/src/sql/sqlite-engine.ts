import { Kysely, sql } from "kysely";

import type { Schema } from "./schema.ts";
import { SqliteConnection } from "./sqlite-database.ts";
import { PatientSqliteDialect } from "./sqlite-dialect.ts";
import { isBusy } from "./sqlite-failure.ts";
import type { SqlConnections, SqlEngine } from "./sql-engine.ts";

/** @param file An absolute path, or `:memory:`, which has one connection: there reads wait while a transaction runs. */
export function sqliteEngine(file: string, { maxBytes }: { readonly maxBytes?: number | undefined }): SqlEngine {
  const connection = (readOnly: boolean): Kysely<Schema> =>
    new Kysely<Schema>({ dialect: new PatientSqliteDialect(() => new SqliteConnection(file, { readOnly, maxBytes })) });
  return {
    name: "sqlite",
    columns: {
      text: sql`text`,
      integer: sql`integer`,
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
    findTable: (name) => sql`select name from sqlite_master where type = 'table' and name = ${name}`,
    beginMigration: async () => undefined,
    isConflict: isBusy,
  };
}
