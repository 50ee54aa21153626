import { Kysely, PostgresAdapter, PostgresDialect, sql, type DialectAdapter } from "kysely";
import { createHash } from "node:crypto";

import { RegistryError } from "../registry-error.ts";
import { isConflict } from "./postgres-failure.ts";
import { postgresPool, type PostgresPoolOptions } from "./postgres-pool.ts";
import type { PostgresAddress } from "./postgres-url.ts";
import type { Database, Schema } from "./schema.ts";
import type { SqlEngine } from "./sql-engine.ts";

export function postgresEngine(address: PostgresAddress, options: PostgresPoolOptions): SqlEngine {
  return {
    name: "postgres",
    columns: {
      text: sql`text collate "C"`,
      integer: sql`bigint`,
      bytes: sql`bytea`,
      position: sql`bigint generated always as identity primary key`,
      tableEnd: sql``,
    },
    connect: () => {
      const db = new Kysely<Schema>({ dialect: new LockedDialect({ pool: async () => postgresPool(address, options) }) });
      return { reads: db, writes: db };
    },
    locks: (db) => ({
      exclusive: async (space, name) => void (await sql`select pg_advisory_xact_lock(${lockId(space, name)})`.execute(db)),
      shared: async (space, name) => void (await sql`select pg_advisory_xact_lock_shared(${lockId(space, name)})`.execute(db)),
    }),
    findTable: (name) => sql`select name from (select to_regclass(${name}) as name) its where name is not null`,
    beginMigration,
    isConflict,
  };
}

/** The migrator runs inside of our transaction, under our lock: its own would outlive it in the pool. */
class LockedDialect extends PostgresDialect {
  override createAdapter(): DialectAdapter {
    return new LockedAdapter();
  }
}

class LockedAdapter extends PostgresAdapter {
  override async acquireMigrationLock(): Promise<void> {}
  override async releaseMigrationLock(): Promise<void> {}
}

/** 64 bits: two names that share a lock by chance only wait for each other. */
function lockId(space: string, name: string): string {
  return createHash("sha256").update(`cmkit lock\0${space}\0${name}`).digest().readBigInt64BE().toString();
}

async function beginMigration(db: Database): Promise<string> {
  await sql`select pg_advisory_xact_lock(${lockId("migration", "")})`.execute(db);
  const { rows } = await sql<{ locks: number; encoding: string; schema: string | null }>`
    select current_schema() as schema, current_setting('server_encoding') as encoding, (select count(*) from pg_locks
      where locktype = 'advisory' and pid = pg_backend_pid() and granted) as locks`.execute(db);
  const [server] = rows;
  // Some servers that speak PostgreSQL's protocol know the function and lock nothing.
  if (server?.locks !== 1) throw new RegistryError("store-unavailable", "this server does not keep PostgreSQL's advisory locks");
  if (server.encoding !== "UTF8" && server.encoding !== "SQL_ASCII") {
    throw new RegistryError("store-unavailable", "the PostgreSQL database must have been created with encoding UTF8");
  }
  if (server.schema === null)
    throw new RegistryError("store-unavailable", "the PostgreSQL search_path names no schema for our tables");
  return server.schema;
}
