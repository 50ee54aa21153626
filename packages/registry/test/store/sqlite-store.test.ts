import { chmod, mkdir, mkdtemp, rm, stat, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { DatabaseSync } from "node:sqlite";
import { inspect } from "node:util";
import { afterEach, beforeEach, describe, expect, it, vi } from "vitest";

import { sqliteStore } from "../../src/sqlite.ts";
import { sampleBytes, sampleCmk, sampleDataKey, sampleKey, sampleProject } from "./sample-records.ts";
import { sharedStoreSuite } from "./shared-store-suite.ts";
import type { StorePlace } from "./store-place.ts";
import { storeSuite } from "./store-suite.ts";

async function filePlace(): Promise<StorePlace> {
  const directory = await mkdtemp(join(tmpdir(), "cmkit-store-"));
  const file = join(directory, "cmkit.db");
  return {
    location: `sqlite:${file}`,
    open: (options) => sqliteStore(file, options),
    byHand: async (sql, ...parameters) => {
      using db = new DatabaseSync(file, { timeout: 1000 });
      db.exec("pragma synchronous = off");
      db.prepare(sql).run(...parameters);
    },
    remove: async () => rm(directory, { recursive: true, force: true }),
  };
}

async function memoryPlace(): Promise<StorePlace> {
  return {
    location: "sqlite::memory:",
    open: (options) => sqliteStore(":memory:", options),
    byHand: async () => {
      throw new Error("a store in memory is nobody else's");
    },
    remove: async () => {},
  };
}

storeSuite("SQLite file", filePlace);
storeSuite("SQLite in memory", memoryPlace);
sharedStoreSuite("SQLite file", filePlace, 2);

describe("a store in an SQLite file", () => {
  let directory: string;
  let file: string;
  beforeEach(async () => {
    directory = await mkdtemp(join(tmpdir(), "cmkit-store-"));
    file = join(directory, "cmkit.db");
  });
  afterEach(async () => rm(directory, { recursive: true, force: true }));

  it("is readable by its owner alone, with the files beside it", async () => {
    await writeFile(file, "");
    await chmod(file, 0o644);
    await writeFile(`${file}-wal`, "");
    await chmod(`${file}-wal`, 0o666);
    const store = sqliteStore(file);
    await store.write(async (tx) => tx.putProject(sampleProject()));
    for (const suffix of ["", "-wal", "-shm"]) expect((await stat(`${file}${suffix}`)).mode & 0o777).toBe(0o600);
    await store.close();
  });

  it("is made where nothing is, private from the first moment, whatever the umask", async () => {
    const before = process.umask(0);
    const store = sqliteStore(file);
    await store.ready();
    process.umask(before);
    for (const suffix of ["", "-wal", "-shm"]) expect((await stat(`${file}${suffix}`)).mode & 0o777).toBe(0o600);
    await store.close();
  });

  it("is not opened before it is used, and says what is wrong when it cannot be", async () => {
    const missing = sqliteStore(join(directory, "missing", "cmkit.db"));
    const noDatabase = sqliteStore(file);
    await writeFile(file, "this is a text, and no database of any kind");
    const isDirectory = sqliteStore(directory);
    for (const [store, words] of [
      [missing, "its directory must exist"],
      [noDatabase, "is not an SQLite database"],
      [isDirectory, "cannot be opened"],
    ] as const) {
      const error: unknown = await store.ready().catch((reason: unknown) => reason);
      expect(error).toMatchObject({ code: "store-unavailable", message: expect.stringContaining(words) as string });
      expect(inspect(error)).not.toContain("SQLITE");
      await store.close();
    }
  });

  it("is opened by the next call once it can be", async () => {
    const store = sqliteStore(join(directory, "later", "cmkit.db"));
    await expect(store.ready()).rejects.toMatchObject({ code: "store-unavailable" });
    await mkdir(join(directory, "later"));
    await store.ready();
    await store.close();
  });

  it("is a file even when its name looks like a URI", async () => {
    const before = process.cwd();
    process.chdir(directory);
    const store = sqliteStore("file:x?mode=memory");
    await store.ready();
    process.chdir(before);
    expect((await stat(join(directory, "file:x?mode=memory"))).isFile()).toBe(true);
    await store.close();
  });

  it("waits for another process's transaction, and lets the event loop go on", async () => {
    const store = sqliteStore(file);
    await store.ready();
    const other = new DatabaseSync(file);
    other.exec("begin immediate");
    // Only an event loop that goes on can end the other transaction, and so this wait.
    const ended = new Promise<void>((resolve) => setTimeout(() => resolve(other.exec("rollback")), 30));
    await store.write(async (tx) => tx.putProject(sampleProject()));
    await ended;
    expect(await store.reads.projects({ limit: 9 })).toEqual(["acme"]);
    other.close();
    await store.close();
  });

  it("gives up in the end, writes nothing, and works again when the other is done", async () => {
    const store = sqliteStore(file);
    await store.ready();
    const other = new DatabaseSync(file);
    other.exec("begin immediate");
    let now = 0;
    const clock = vi.spyOn(performance, "now").mockImplementation(() => (now += 6_000));
    const refused = store.write(async (tx) => tx.putProject(sampleProject()));
    const busy = { code: "store-unavailable", message: expect.stringContaining("busy") as string };
    await expect(refused).rejects.toMatchObject(busy);
    clock.mockRestore();
    expect(await store.reads.projects({ limit: 9 })).toEqual([]); // reads go on all the time
    other.exec("rollback");
    await store.write(async (tx) => tx.putProject(sampleProject()));
    expect(await store.reads.projects({ limit: 9 })).toEqual(["acme"]);
    other.close();
    await store.close();
  });

  it("ends a transaction that waits for itself, within the time for a turn", async () => {
    const store = sqliteStore(":memory:");
    await store.ready();
    vi.useFakeTimers();
    const nested = store.write(async (tx) => {
      await tx.putProject(sampleProject());
      await store.write(async (inner) => inner.putProject(sampleProject({ name: "inner" })));
    });
    const error = nested.catch((reason: unknown) => reason);
    await vi.advanceTimersByTimeAsync(30_000);
    expect(await error).toMatchObject({ code: "store-unavailable" });
    vi.useRealTimers();
    await store.write(async (tx) => tx.lockProject("acme"));
    expect(await store.reads.projects({ limit: 9 })).toEqual([]);
    await store.close();
  });

  it("on a full disk is store-unavailable, keeps what it acknowledged and nothing else, and works again when there is room", async () => {
    const store = sqliteStore(file, { maxBytes: 400_000 });
    let acknowledged = 0;
    const addTen = async (): Promise<void> => {
      await store.write(async (tx) => {
        const wrapped = { cmk: sampleKey, keyVersion: null, bytes: sampleBytes(2000) };
        for (let n = 0; n < 10; n++) await tx.addDataKey(sampleDataKey({ recipients: [wrapped] }));
        await tx.putCmk(sampleCmk());
      });
      acknowledged += 10;
    };
    const fill = async (): Promise<void> => {
      for (;;) await addTen();
    };
    const full = { code: "store-unavailable", message: expect.stringContaining("no room") as string };
    await expect(fill()).rejects.toMatchObject(full);
    await expect(addTen()).rejects.toMatchObject(full);
    expect(acknowledged).toBeGreaterThan(20);
    expect(await store.reads.countDataKeys("acme", sampleKey)).toBe(acknowledged);
    expect(await store.reads.cmks("acme")).toHaveLength(acknowledged / 10);
    const other = new DatabaseSync(file);
    other.exec("delete from cmkit_data_keys");
    expect(other.prepare("pragma integrity_check").get()).toEqual({ integrity_check: "ok" });
    other.close();
    await addTen();
    expect(await store.reads.countDataKeys("acme", sampleKey)).toBe(10);
    await store.close();
  });

  it("wants a path, not nothing", () => {
    expect(() => sqliteStore("")).toThrow(TypeError);
    expect(() => sqliteStore("a\0b")).toThrow(TypeError);
  });
});
