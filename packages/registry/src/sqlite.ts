import { resolve } from "node:path";

import { sqliteEngine } from "./sql/sqlite-engine.ts";
import { SqlStore } from "./sql/sql-store.ts";
import type { RegistryStore } from "./store.ts";

/** Options of {@link sqliteStore}. */
export interface SqliteStoreOptions {
  /** Marks a store that is made now as one for development; a store that exists keeps its mark. Default false. */
  readonly development?: boolean;
  /** The file may not grow beyond this (its write-ahead log comes on top): what would is `store-unavailable`. Default: the disk. */
  readonly maxBytes?: number;
}

/**
 * A store in one SQLite file, which any number of processes of one machine may share. Opened, and made where it does not
 * exist, at the first call; readable by its owner alone. Its directory must exist.
 *
 * One transaction writes at a time; who waits longer than 30 s for its turn, or 10 s for another process's transaction, is
 * told `store-unavailable`. With `:memory:` reads wait for transactions too, so inside of one read through it alone.
 * @param file A path, or `:memory:` for a store that ends with the process.
 */
export function sqliteStore(file: string, { development = false, maxBytes }: SqliteStoreOptions = {}): RegistryStore {
  if (typeof file !== "string" || file === "" || file.includes("\0"))
    throw new TypeError("expected the path of a file, or :memory:");
  // An absolute path: SQLite would take one that begins with `file:` for a URI, with options.
  const engine = sqliteEngine(file === ":memory:" ? file : resolve(file), { maxBytes });
  return new SqlStore(engine, development ? "development" : "production");
}
