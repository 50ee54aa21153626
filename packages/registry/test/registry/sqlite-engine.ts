import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll } from "vitest";
import { sqliteStore } from "../../src/sqlite.ts";
import type { RegistryStore } from "../../src/store.ts";

/** Where a suite keeps its rows: each call is a new, empty database, opened as often as `open` is called. */
export interface Engine {
  readonly name: string;
  readonly database: () => Promise<() => RegistryStore>;
}

/** SQLite, in a file each. */
export function sqlite(): Engine {
  let directory = "";
  let made = 0;
  beforeAll(async () => {
    directory = await mkdtemp(join(tmpdir(), "cmkit-registry-"));
  });
  afterAll(async () => rm(directory, { recursive: true, force: true }));
  return {
    name: "SQLite",
    database: async () => {
      made += 1;
      const file = join(directory, `${made}.db`);
      return () => sqliteStore(file);
    },
  };
}
