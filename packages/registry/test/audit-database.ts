import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { DatabaseSync, type SQLInputValue, type SQLOutputValue } from "node:sqlite";
import { onTestFinished } from "vitest";

import { RegistryError } from "../src/registry-error.ts";
import { sqliteStore } from "../src/sqlite.ts";
import type { RegistryStore } from "../src/store.ts";

/** A store, and whoever can write its database past it. */
export interface AttackedStore {
  readonly store: RegistryStore;
  readonly file: string;
  /** Runs a statement on a connection of its own. */
  readonly sql: (statement: string, ...values: SQLInputValue[]) => Record<string, SQLOutputValue>[];
}

/** In a file that goes when the test ends. */
export function attackedStore(): AttackedStore {
  const directory = mkdtempSync(join(tmpdir(), "cmkit-audit-"));
  const file = join(directory, "cmkit.db");
  const store = sqliteStore(file);
  const databases: DatabaseSync[] = [];
  onTestFinished(async () => {
    await store.close();
    for (const database of databases) database.close();
    rmSync(directory, { recursive: true });
  });
  return {
    store,
    file,
    sql: (statement, ...values) => {
      const database = databases[0] ?? new DatabaseSync(file);
      databases[0] = database;
      return database.prepare(statement).all(...values);
    },
  };
}

/** A store in memory whose writes are counted and can be made to fail. */
export interface WatchedStore extends RegistryStore {
  writes: number;
  failing: boolean;
  /** Resolves when every write that was begun has ended. */
  settled(): Promise<void>;
}

export function watchedStore(): WatchedStore {
  const store = sqliteStore(":memory:");
  onTestFinished(async () => store.close());
  const begun: Promise<unknown>[] = [];
  const watched: WatchedStore = {
    engine: store.engine,
    reads: store.reads,
    writes: 0,
    failing: false,
    write: async (work, options) => {
      watched.writes += 1;
      if (watched.failing) throw new RegistryError("store-unavailable");
      const write = store.write(work, options);
      begun.push(write);
      return write;
    },
    claimDataKeys: store.claimDataKeys.bind(store),
    onPurge: store.onPurge.bind(store),
    settled: async () => void (await Promise.allSettled(begun)),
    isDevelopment: async () => store.isDevelopment(),
    ready: async () => store.ready(),
    close: async () => store.close(),
  };
  return watched;
}
