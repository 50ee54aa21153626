import type { RawBuilder } from "kysely";

import type { Purge } from "../store.ts";
import type { Database } from "./schema.ts";

/** How an engine spells the columns of the tables. */
export interface ColumnTypes {
  /** Compared byte by byte. */
  readonly text: RawBuilder<unknown>;
  /** 53 bits and a sign. */
  readonly integer: RawBuilder<unknown>;
  /** A number with a fraction. */
  readonly real: RawBuilder<unknown>;
  readonly bytes: RawBuilder<unknown>;
  /** A primary key that numbers rows as they are inserted. */
  readonly position: RawBuilder<unknown>;
  /** What follows a table's columns. */
  readonly tableEnd: RawBuilder<unknown>;
}

/** What a lock is about. */
export type LockSpace = "project" | "resource" | "balance" | "rate" | "audit";

/** Locks by name, held until the transaction ends. */
export interface SqlLocks {
  exclusive(space: LockSpace, name: string): Promise<void>;
  shared(space: LockSpace, name: string): Promise<void>;
}

/** One column of rows that a statement brings with it: a value a row. */
export interface ListedColumn {
  readonly type: "text" | "integer" | "bytes";
  readonly values: readonly (string | number | Uint8Array | null)[];
}

/** Rows that a statement brings with it. */
export type Listed<Column extends string> = { readonly [column in Column]: ListedColumn };

/** How a statement speaks of the rows that it brings with it. */
export interface ListedParts<Column extends string> {
  /** Stands before the statement. */
  readonly head: RawBuilder<unknown>;
  /** Stands where it names the tables to join. */
  readonly from: RawBuilder<unknown>;
  readonly cell: (column: Column) => RawBuilder<unknown>;
}

/** What is told to the other processes that use the store. */
export interface Announcements {
  /** When the transaction has been committed. @throws {TypeError} for what could not be read back. */
  send(transaction: Database, purge: Purge): Promise<void>;
  /**
   * Hears what others tell from now on; undefined when something may have been missed. Never throws, keeps no process running.
   * @returns Ends it.
   */
  listen(hear: (purge: Purge | undefined) => void): () => Promise<void>;
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
  /** Follows a query whose rows nobody else may change until the transaction ends. */
  readonly forUpdate: RawBuilder<unknown>;
  /** The same, and passes over rows that somebody else holds. */
  readonly forUpdateSkipLocked: RawBuilder<unknown>;
  /** How many transactions may hold claimed rows at the same time, so that others can write; 0: none can. */
  readonly claims: number;
  /** Does for every row what the statement says: at once, or one row after the other, as is faster. */
  forListed<Column extends string, Row>(
    transaction: Database,
    listed: Listed<Column>,
    statement: (its: ListedParts<Column>) => RawBuilder<Row>,
  ): Promise<readonly Row[]>;
  /** Milliseconds since 1970, on the clock that all who use the store have in common. */
  now(): RawBuilder<number>;
  /** Without it, nobody else hears of anything. */
  readonly announcements?: Announcements;
  /** For a report: which store this is, and where its history stands. */
  whereabouts(db: Database): Promise<{ readonly name: string; readonly position: string }>;
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
