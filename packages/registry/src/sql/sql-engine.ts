import type { RawBuilder } from "kysely";

import type { Database } from "./schema.ts";

/** How an engine spells the columns of the tables. */
export interface ColumnTypes {
  /** Compared byte by byte. */
  readonly text: RawBuilder<unknown>;
  /** 53 bits and a sign. */
  readonly integer: RawBuilder<unknown>;
  readonly bytes: RawBuilder<unknown>;
  /** A primary key that numbers rows as they are inserted. */
  readonly position: RawBuilder<unknown>;
  /** What follows a table's columns. */
  readonly tableEnd: RawBuilder<unknown>;
}

/** What a lock is about. */
export type LockSpace = "project" | "resource" | "audit";

/** Locks by name, held until the transaction ends. */
export interface SqlLocks {
  exclusive(space: LockSpace, name: string): Promise<void>;
  shared(space: LockSpace, name: string): Promise<void>;
}

/** Two ways to the same tables: what is read outside a transaction does not see half of one. */
export interface SqlConnections {
  readonly reads: Database;
  readonly writes: Database;
}

/** All in which the two engines differ. Its failures are RegistryErrors already. */
export interface SqlEngine {
  readonly name: "sqlite" | "postgres";
  readonly columns: ColumnTypes;
  /** Opens nothing yet. */
  connect(): SqlConnections;
  locks(transaction: Database): SqlLocks;
  /** Selects one row if the table exists. */
  findTable(name: string): RawBuilder<unknown>;
  /**
   * Alone with the tables' definitions until the transaction ends.
   * @returns The schema that new tables go to, where the engine has schemas.
   * @throws {RegistryError} `store-unavailable`: the server is not fit.
   */
  beginMigration(transaction: Database): Promise<string | undefined>;
  /** Whether the transaction failed only because of another one, and may be run again. */
  isConflict(error: unknown): boolean;
}
