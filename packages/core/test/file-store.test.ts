import { spawn } from "node:child_process";
import {
  appendFileSync,
  existsSync,
  mkdtempSync,
  readFileSync,
  renameSync,
  rmSync,
  statSync,
  truncateSync,
  unlinkSync,
  writeFileSync,
} from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { afterAll, describe, expect, test } from "vitest";
import { fileDataKeyStore } from "../src/file-data-key-store.ts";
import { bytes, textOf, World } from "./envelope-world.ts";
import { dataKeyRecord, dataKeyStoreSuite } from "./store-suite.ts";

const folder = mkdtempSync(join(tmpdir(), "cmkit-file-store-"));
let files = 0;
const newPath = (): string => join(folder, `data-keys-${(files += 1)}.jsonl`);
afterAll(() => rmSync(folder, { recursive: true }));

dataKeyStoreSuite("in a file", () => fileDataKeyStore(newPath()));

/** A process that appends, and the ids that it was told are stored. `killAfter`: ended by SIGKILL at that many. */
async function appender(path: string, count: number, killAfter = Infinity): Promise<string[]> {
  const script = fileURLToPath(new URL("file-store-appender.ts", import.meta.url));
  const child = spawn(process.execPath, ["--conditions=@cmkit/source", script, path, String(count)], {
    stdio: ["ignore", "pipe", "inherit"],
  });
  const stored: string[] = [];
  let rest = "";
  child.stdout.setEncoding("utf8").on("data", (text: string) => {
    const lines = `${rest}${text}`.split("\n");
    rest = lines.pop() ?? "";
    stored.push(...lines);
    if (stored.length >= killAfter) child.kill("SIGKILL");
  });
  await new Promise((resolve) => {
    child.on("close", resolve);
  });
  return stored;
}

const fromHex = (id: string): Uint8Array => new Uint8Array(Buffer.from(id, "hex"));

describe("a data-key file", () => {
  test("with megabytes of damage in the middle still gives what stands before and after it", async () => {
    const path = newPath();
    const [before, after] = [dataKeyRecord(), dataKeyRecord()];
    const store = fileDataKeyStore(path);
    await store.add(before);
    appendFileSync(path, Buffer.alloc(17 * 1024 * 1024));
    await store.add(after);
    for (const reader of [store, fileDataKeyStore(path)]) {
      expect(await reader.get("acme", before.id)).toEqual(before);
      expect(await reader.get("acme", after.id)).toEqual(after);
      await expect(reader.get("acme", dataKeyRecord().id)).rejects.toThrow("line 2 of the data-key file is damaged");
    }
  });

  test("is read again by the next process", async () => {
    const path = newPath();
    const records = [dataKeyRecord(), dataKeyRecord({ purpose: "index" })];
    const first = fileDataKeyStore(path);
    for (const record of records) await first.add(record);
    const second = fileDataKeyStore(path);
    for (const record of records) expect(await second.get("acme", record.id)).toEqual(record);
    expect(await second.indexKey(records[0]?.context ?? { tenant: "" })).toEqual(records[1]);
  });

  test("is made at the first add, readable by its owner alone", async () => {
    const path = newPath();
    const store = fileDataKeyStore(path);
    expect(await store.get("acme", new Uint8Array(32))).toBeUndefined();
    expect(existsSync(path)).toBe(false);
    await store.add(dataKeyRecord());
    expect(statSync(path).mode & 0o777).toBe(0o600);
  });

  test("is shared by two stores, each of which sees what the other added", async () => {
    const path = newPath();
    const [one, two] = [fileDataKeyStore(path), fileDataKeyStore(path)];
    const records = Array.from({ length: 40 }, () => dataKeyRecord());
    await Promise.all(records.map(async (record, i) => (i % 2 === 0 ? one : two).add(record)));
    for (const record of records) {
      expect(await one.get("acme", record.id)).toEqual(record);
      expect(await two.get("acme", record.id)).toEqual(record);
    }
    await expect(two.add(records[0] ?? dataKeyRecord())).rejects.toMatchObject({ code: "malformed" });
  });

  test("gives two stores that write at once one index key", async () => {
    const path = newPath();
    const stores = Array.from({ length: 8 }, () => fileDataKeyStore(path));
    const stored = await Promise.all(stores.map(async (store) => store.add(dataKeyRecord({ purpose: "index" }))));
    expect(new Set(stored.map(({ id }) => Buffer.from(id).toString("hex"))).size).toBe(1);
  });

  test("refuses one of two stores that write the same id at once, or gives both the first", async () => {
    const path = newPath();
    const id = new Uint8Array(32).fill(9);
    const added = await Promise.allSettled([1, 2, 3, 4].map(async () => fileDataKeyStore(path).add(dataKeyRecord({ id }))));
    const standing = await fileDataKeyStore(path).get("acme", id);
    for (const result of added) {
      // Whoever is given another record than its own must not use its own: the envelope compares.
      expect(result.status === "rejected" ? (result.reason as { code: string }).code : result.value).toEqual(
        result.status === "rejected" ? "malformed" : standing,
      );
    }
  });

  test("takes appends of several processes at once, none mixed with another", async () => {
    const path = newPath();
    const stored = (await Promise.all([1, 2, 3].map(async () => appender(path, 40)))).flat();
    expect(stored.length).toBe(120);
    const store = fileDataKeyStore(path);
    for (const id of stored) expect((await store.get("acme", fromHex(id)))?.recipients[0].bytes.length).toBe(600);
    // A writer that looked while another was writing begins with a line end of its own: an empty line means nothing.
    const lines = readFileSync(path, "utf8").split("\n");
    expect(lines.filter((line) => line !== "").length).toBe(120);
  });

  test("holds what a process was told is stored, though it was killed at once", async () => {
    const path = newPath();
    const stored = await appender(path, 100_000, 20);
    expect(stored.length).toBeGreaterThanOrEqual(20);
    const store = fileDataKeyStore(path);
    for (const id of stored) expect(await store.get("acme", fromHex(id))).toBeDefined();
    await store.add(dataKeyRecord());
  });

  test.each([1, 20, 200])(
    "passes over a last line that lacks its last %d bytes, and begins the next on a line of its own",
    async (bytesLost) => {
      const path = newPath();
      const [kept, torn, next] = [dataKeyRecord(), dataKeyRecord(), dataKeyRecord()];
      const before = fileDataKeyStore(path);
      await before.add(kept);
      await before.add(torn);
      truncateSync(path, statSync(path).size - bytesLost);
      const store = fileDataKeyStore(path);
      expect(await store.get("acme", kept.id)).toEqual(kept);
      expect(await store.get("acme", torn.id)).toBeUndefined();
      await store.add(next);
      const again = fileDataKeyStore(path);
      expect(await again.get("acme", next.id)).toEqual(next);
      expect(await again.get("acme", kept.id)).toEqual(kept);
    },
  );

  test("says which line is damaged when an id is not found that may have stood there", async () => {
    const path = newPath();
    const records = [dataKeyRecord(), dataKeyRecord(), dataKeyRecord()];
    const before = fileDataKeyStore(path);
    for (const record of records) await before.add(record);
    const lines = readFileSync(path, "utf8").split("\n");
    lines[1] = lines[1]?.replace('"id"', '"ID"') ?? "";
    writeFileSync(path, lines.join("\n"));
    const store = fileDataKeyStore(path);
    const [first, lost, last] = records;
    expect(await store.get("acme", first?.id ?? new Uint8Array(32))).toEqual(first);
    expect(await store.get("acme", last?.id ?? new Uint8Array(32))).toEqual(last);
    await expect(store.get("acme", lost?.id ?? new Uint8Array(32))).rejects.toMatchObject({ code: "unknown-data-key" });
    await expect(store.get("acme", lost?.id ?? new Uint8Array(32))).rejects.toThrow("line 2");
    const added = dataKeyRecord();
    await store.add(added);
    expect(await store.get("acme", added.id)).toEqual(added);
  });

  test("says that it has no index key only if no damaged line may have held it", async () => {
    const path = newPath();
    const mine = dataKeyRecord({ purpose: "index" });
    const theirs = dataKeyRecord({ purpose: "index", context: { tenant: "globex" } });
    const before = fileDataKeyStore(path);
    for (const record of [mine, theirs]) await before.add(record);
    const [first, second] = readFileSync(path, "utf8").split("\n");
    writeFileSync(path, `${first?.slice(0, 200)}\n${second}\n`); // cut off: never acknowledged
    const afterCrash = fileDataKeyStore(path);
    expect(await afterCrash.indexKey(mine.context)).toBeUndefined();
    writeFileSync(path, `${first?.replace('"id"', '"ID"')}\n${second}\n`);
    for (const store of [afterCrash, fileDataKeyStore(path)]) {
      expect(await store.indexKey(theirs.context)).toEqual(theirs);
      await expect(store.indexKey(mine.context)).rejects.toMatchObject({ code: "unknown-data-key" });
      await expect(store.indexKey(mine.context)).rejects.toThrow("line 1 of the data-key file is damaged");
    }
    writeFileSync(path, `${second}\n`); // somebody took the line out
    expect(await afterCrash.indexKey(mine.context)).toBeUndefined();
  });

  test.each([
    ["is no JSON", () => "{"],
    ["is no object", () => "[]"],
    ["is not base64url", (line: string) => line.replace(/"id":"./, '"id":"+')],
    ["has padding", (line: string) => line.replace(/("id":"[^"]+)"/, '$1="')],
    ["has an unknown member", (line: string) => line.replace("{", '{"extra":1,')],
    ["has an id of another length", (line: string) => line.replace(/"id":"..../, '"id":"')],
    ["has a date of another spelling", (line: string) => line.replace(/"createdAt":"[^"]+"/, '"createdAt":"2026"')],
  ])("takes no line that %s", async (_name, damage) => {
    const path = newPath();
    const record = dataKeyRecord();
    await fileDataKeyStore(path).add(record);
    writeFileSync(path, `${damage(readFileSync(path, "utf8").trimEnd())}\n`);
    await expect(fileDataKeyStore(path).get("acme", record.id)).rejects.toMatchObject({ code: "unknown-data-key" });
  });

  test("keeps the first of two lines of one id", async () => {
    const path = newPath();
    const record = dataKeyRecord();
    await fileDataKeyStore(path).add(record);
    const other = newPath();
    await fileDataKeyStore(other).add(dataKeyRecord({ id: record.id }));
    appendFileSync(path, readFileSync(other));
    expect(await fileDataKeyStore(path).get("acme", record.id)).toEqual(record);
  });

  test("is read anew when it was replaced by another file, larger or smaller", async () => {
    for (const count of [1, 5]) {
      const [path, other] = [newPath(), newPath()];
      const store = fileDataKeyStore(path);
      const old = [dataKeyRecord(), dataKeyRecord()];
      for (const record of old) await store.add(record);
      const restored = Array.from({ length: count }, () => dataKeyRecord());
      for (const record of restored) await fileDataKeyStore(other).add(record);
      renameSync(other, path);
      for (const record of restored) expect(await store.get("acme", record.id)).toEqual(record);
    }
  });

  test("is read anew when it was deleted and made again", async () => {
    const path = newPath();
    const store = fileDataKeyStore(path);
    await store.add(dataKeyRecord());
    unlinkSync(path);
    const restored = Array.from({ length: 5 }, () => dataKeyRecord());
    for (const record of restored) await fileDataKeyStore(path).add(record);
    for (const record of restored) expect(await store.get("acme", record.id)).toEqual(record);
  });

  test("that cannot be written is an error, and nothing is sealed", async () => {
    const world = new World({ dataKeys: fileDataKeyStore(join(folder, "no-such-folder", "file")) });
    expect(await world.box.seal(bytes("a"), { tenant: "acme" }).catch((error: { code: string }) => error.code)).toBe(
      "unavailable",
    );
  });

  test("carries an envelope over a restart, and holds nothing that opens without the CMK", async () => {
    const path = newPath();
    const world = new World({ dataKeys: fileDataKeyStore(path) });
    const sealed = await world.box.seal(bytes("a"), { tenant: "acme" });
    const next = world.another({ dataKeys: fileDataKeyStore(path) });
    expect(textOf(await next.open(sealed, { tenant: "acme" }))).toBe("a");
    world.scripted.refuse("key-disabled");
    const later = world.another({ dataKeys: fileDataKeyStore(path) });
    await expect(later.open(sealed, { tenant: "acme" })).rejects.toMatchObject({ code: "key-disabled" });
  });
});
