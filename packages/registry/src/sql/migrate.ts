import { sql } from "kysely";
import { Migrator } from "kysely/migration";

import { RegistryError } from "../registry-error.ts";
import { migrations, type StorePurpose } from "./migrations.ts";
import type { Database } from "./schema.ts";
import type { SqlConnections, SqlEngine } from "./sql-engine.ts";

const migrationTable = "cmkit_migration";

/** Brings the tables up to this version of the package, in one transaction and alone, unless they are there. */
export async function migrate(engine: SqlEngine, { reads, writes }: SqlConnections, purpose: StorePurpose): Promise<void> {
  const known = Object.keys(migrations(engine.columns, purpose));
  if (await isCurrent(engine, reads, known)) return;
  await writes
    .transaction()
    .setIsolationLevel("read committed")
    .execute(async (transaction) => {
      const schema = await engine.beginMigration(transaction);
      if (await isCurrent(engine, transaction, known)) return;
      const { error } = await migratorOf(engine, transaction, schema, purpose).migrateToLatest();
      if (error !== undefined) throw error;
    });
}

/** @throws {RegistryError} `store-unavailable`: a newer version of the package has been here. */
async function isCurrent(engine: SqlEngine, db: Database, known: readonly string[]): Promise<boolean> {
  const { rows: tables } = await engine.findTable(migrationTable).execute(db);
  if (tables.length === 0) return false;
  const { rows } = await sql<{ name: string }>`select name from ${sql.table(migrationTable)}`.execute(db);
  if (rows.every(({ name }) => known.includes(name))) return rows.length === known.length;
  throw new RegistryError(
    "store-unavailable",
    "the store was made or changed by a newer version of cmkit: update @cmkit/registry to that version",
  );
}

function migratorOf(engine: SqlEngine, db: Database, schema: string | undefined, purpose: StorePurpose): Migrator {
  return new Migrator({
    db,
    provider: { getMigrations: async () => migrations(engine.columns, purpose) },
    migrationTableName: migrationTable,
    migrationLockTableName: "cmkit_migration_lock",
    // Without it, tables of the same name in other schemas would be taken for ours.
    ...(schema === undefined ? {} : { migrationTableSchema: schema }),
  });
}
