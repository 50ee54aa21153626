import {
  CompiledQuery,
  SqliteAdapter,
  SqliteDialect,
  SqliteDriver,
  type DatabaseConnection,
  type DialectAdapter,
  type Driver,
  type QueryResult,
} from "kysely";
import { setTimeout as wait } from "node:timers/promises";

import type { SqliteConnection } from "./sqlite-database.ts";
import { isBusy } from "./sqlite-failure.ts";

/** How long one statement waits for other processes, before it is `store-unavailable`. */
const patienceMs = 10_000;
const longestPauseMs = 10;

/** The query builder's dialect with transactions that lock at once, and a wait for locks that blocks nobody else. */
export class PatientSqliteDialect extends SqliteDialect {
  private readonly open: () => SqliteConnection;

  constructor(open: () => SqliteConnection) {
    super({ database: async () => open() });
    this.open = open;
  }

  override createDriver(): Driver {
    return new PatientSqliteDriver(this.open);
  }

  override createAdapter(): DialectAdapter {
    return new TransactionalAdapter();
  }
}

/** SQLite's DDL is as transactional as the rest: https://www.sqlite.org/lang_transaction.html */
class TransactionalAdapter extends SqliteAdapter {
  override get supportsTransactionalDdl(): boolean {
    return true;
  }
}

class PatientSqliteDriver extends SqliteDriver {
  private readonly held: { db?: SqliteConnection };

  constructor(open: () => SqliteConnection) {
    const held: { db?: SqliteConnection } = {};
    super({ database: async () => (held.db = await whenFree(open, () => true)) });
    this.held = held;
  }

  override async acquireConnection(): Promise<DatabaseConnection> {
    const connection = await super.acquireConnection();
    const isOutside = (): boolean => this.held.db?.inTransaction !== true;
    return {
      executeQuery: async <R>(query: CompiledQuery): Promise<QueryResult<R>> =>
        whenFree(async () => connection.executeQuery<R>(query), isOutside),
      streamQuery: (query, chunkSize) => connection.streamQuery(query, chunkSize),
    };
  }

  /** A transaction that read before it wrote could not write any more once another one had written. */
  override async beginTransaction(connection: DatabaseConnection): Promise<void> {
    await connection.executeQuery(CompiledQuery.raw("begin immediate"));
  }

  /** Some failures, such as a full disk, have rolled back already. */
  override async rollbackTransaction(connection: DatabaseConnection): Promise<void> {
    if (this.held.db?.inTransaction === true) await connection.executeQuery(CompiledQuery.raw("rollback"));
  }
}

/** Tries again while others hold the file, and `mayRetry`. */
async function whenFree<T>(run: () => T | Promise<T>, mayRetry: () => boolean): Promise<T> {
  const until = performance.now() + patienceMs;
  for (;;) {
    try {
      return await run();
    } catch (error) {
      if (!isBusy(error) || !mayRetry() || performance.now() > until) throw error;
    }
    await wait(1 + Math.random() * longestPauseMs);
  }
}
