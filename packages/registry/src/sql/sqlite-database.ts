import type { SqliteDatabase, SqliteStatement } from "kysely";
import { chmodSync, closeSync, openSync, statSync } from "node:fs";
import type * as sqlite from "node:sqlite";

import { checkParameters } from "./store-failure.ts";
import { sqliteFailure } from "./sqlite-failure.ts";

/** How long SQLite itself waits for a lock. It blocks the event loop: who waits longer waits outside. */
const busyMs = 5;
const ownerOnly = 0o600;
const maxPrepared = 200;

/** What a connection is opened with. */
export interface SqliteOpenOptions {
  readonly readOnly: boolean;
  /** The file may not grow beyond this. */
  readonly maxBytes?: number | undefined;
}

/** A `node:sqlite` connection in the shape that the query builder's SQLite dialect takes. Its failures are RegistryErrors. */
export class SqliteConnection implements SqliteDatabase {
  private readonly db: sqlite.DatabaseSync;
  private readonly prepared = new Map<string, SqliteStatement>();

  /** @param file An absolute path, or `:memory:`. */
  constructor(file: string, options: SqliteOpenOptions) {
    this.db = attempt(() => openDatabase(file, options));
  }

  get inTransaction(): boolean {
    return this.db.isTransaction;
  }

  /** Once a text: there are few, and some are run for one row after the other. */
  prepare(text: string): SqliteStatement {
    const known = this.prepared.get(text);
    if (known !== undefined) return known;
    if (this.prepared.size >= maxPrepared) this.prepared.clear();
    const statement = this.prepareNew(text);
    this.prepared.set(text, statement);
    return statement;
  }

  private prepareNew(text: string): SqliteStatement {
    const statement = attempt(() => this.db.prepare(text));
    return {
      reader: statement.columns().length > 0,
      all: (parameters) => {
        const bound = values(parameters);
        return attempt(() => statement.all(...bound));
      },
      run: (parameters) => {
        const bound = values(parameters);
        return attempt(() => statement.run(...bound));
      },
      iterate: () => {
        throw new TypeError("expected no streamed query");
      },
    };
  }

  close(): void {
    if (this.db.isOpen) this.db.close();
  }
}

function attempt<T>(run: () => T): T {
  try {
    return run();
  } catch (error) {
    throw sqliteFailure(error);
  }
}

function values(parameters: readonly unknown[]): sqlite.SQLInputValue[] {
  checkParameters(parameters);
  return parameters as sqlite.SQLInputValue[];
}

function openDatabase(file: string, { readOnly, maxBytes }: SqliteOpenOptions): sqlite.DatabaseSync {
  if (file !== ":memory:") for (const suffix of ["", "-wal", "-shm"]) keepPrivate(`${file}${suffix}`, suffix === "");
  const { DatabaseSync } = nodeSqlite();
  const db = new DatabaseSync(file, { timeout: busyMs });
  try {
    // A commit is on the disk when it returns. What somebody else wrote into the schema may not call functions.
    db.exec("pragma journal_mode = wal; pragma synchronous = full; pragma trusted_schema = off; pragma cell_size_check = on");
    if (readOnly) db.exec("pragma query_only = on");
    if (maxBytes !== undefined) limitPages(db, maxBytes);
    return db;
  } catch (error) {
    db.close();
    throw error;
  }
}

/** SQLite gives the files beside it the mode of the database. */
function keepPrivate(file: string, create: boolean): void {
  if (create) closeSync(openSync(file, "a", ownerOnly));
  const mode = statSync(file, { throwIfNoEntry: false })?.mode;
  if (mode !== undefined && (mode & 0o077) !== 0) chmodSync(file, ownerOnly);
}

function limitPages(db: sqlite.DatabaseSync, maxBytes: number): void {
  const pageBytes = db.prepare("pragma page_size").get()?.["page_size"];
  db.exec(`pragma max_page_count = ${Math.max(1, Math.floor(maxBytes / Number(pageBytes)))}`);
}

/**
 * `node:sqlite`, loaded at its first use. Node 22 and 24 say that it is experimental while they load it: that one warning
 * is left out, and since loading is synchronous, no other one.
 */
function nodeSqlite(): typeof sqlite {
  const theirs = process.emitWarning.bind(process);
  const property = Object.getOwnPropertyDescriptor(process, "emitWarning") ?? { value: theirs };
  process.emitWarning = (warning: string | Error, ...rest: unknown[]): void => {
    const expected = rest[0] === "ExperimentalWarning" && String(warning).startsWith("SQLite ");
    if (!expected) Reflect.apply(theirs, process, [warning, ...rest]);
  };
  try {
    return process.getBuiltinModule("node:sqlite");
  } finally {
    Object.defineProperty(process, "emitWarning", property);
  }
}
