import { setImmediate as turn } from "node:timers/promises";
import { describe, expect, test } from "vitest";
import { keyA, keyB } from "./envelope-world.ts";
import { fields, readsWith, rows, underManyKeys } from "./fields-batch-rows.ts";
import { codeOf, FieldsWorld, fieldsOf, refusal, type AnyFields, type Row } from "./fields-world.ts";

describe("a batch", () => {
  test("of 1,000 rows under one data key asks the KMS once to write, once for its index key, and once to read", async () => {
    const world = new FieldsWorld({ fields });
    const given = rows(1000);
    const sealed = await world.mine.encryptMany(given);
    expect(world.scripted.count("generateDataKey")).toBe(2); // the data key, and the index key
    expect(world.store.adds).toBe(2);
    const reader = fieldsOf(world.another(), { fields });
    const before = world.scripted.count();
    expect(await reader.decryptMany(sealed)).toStrictEqual(given);
    expect([world.scripted.count() - before, world.store.gets]).toEqual([1, 1]);
    expect(new Set(sealed.map(({ emailIndex }) => emailIndex)).size).toBe(1000);
  });

  test("fails as a whole at its first wrong row, whichever batch that is in", async () => {
    const world = new FieldsWorld({ fields });
    const given = rows(200);
    const sealed = await world.mine.encryptMany(given);
    for (const wrong of [0, 63, 64, 199]) {
      const bad = given.with(wrong, { ...given[wrong], size: "large" });
      await expect(world.mine.encryptMany(bad)).rejects.toThrow(`field size of row "${wrong}": expected a number, got text`);
      const moved = sealed
        .with(wrong, { ...sealed[wrong], email: sealed[(wrong + 1) % 200]?.["email"] })
        .with(199, { id: 199, size: 3 });
      await expect(world.mine.decryptMany(moved)).rejects.toMatchObject(
        wrong === 199
          ? { code: "not-encrypted", field: "size" }
          : { code: "decrypt-failed", field: "email", message: `decryption failed: field email of row "${wrong}"` },
      );
    }
  });

  test("that is settled gives each row its own result, in order", async () => {
    const world = new FieldsWorld({ fields });
    const given = rows(150);
    const bad = new Set([3, 64, 149]);
    const mixed = given.map((row, i) => (bad.has(i) ? { ...row, size: "large" } : row));
    const settled = await world.mine.encryptAllSettled(mixed);
    expect(settled.map(({ status }) => status)).toEqual(given.map((_, i) => (bad.has(i) ? "rejected" : "fulfilled")));
    const sealed = settled.map((result, i) => (result.status === "fulfilled" ? result.value : { ...given[i] }));
    const opened = await world.mine.decryptAllSettled(sealed);
    expect(
      opened.map((result) => (result.status === "fulfilled" ? result.value : (result.reason as { code: string; field: string }))),
    ).toMatchObject(given.map((row, i) => (bad.has(i) ? { code: "not-encrypted", field: "email" } : row)));
  });

  test.each<[string, unknown[]]>([
    ["nothing", [undefined]],
    ["null", [null]],
    ["text", ["cmk1."]],
    // oxlint-disable-next-line no-sparse-arrays
    ["a hole", [{ id: 1 }, , { id: 2 }]],
    ["an array of nothing", Array.from({ length: 70 })],
  ])("with %s among its rows is refused, or its row is", async (_what, given) => {
    const { mine } = new FieldsWorld({ fields });
    for (const run of [mine.encryptMany(given as Row[]), mine.decryptMany(given as Row[])])
      await expect(run).rejects.toThrow("expected a row: an object");
    for (const run of [mine.encryptAllSettled(given as Row[]), mine.decryptAllSettled(given as Row[])]) {
      const isRow = (row: unknown): boolean => typeof row === "object" && row !== null;
      expect((await run).map(({ status }) => status)).toEqual(
        Array.from(given, (row) => (isRow(row) ? "fulfilled" : "rejected")),
      );
    }
  });

  test("of what is no array is refused, and one of no rows asks nobody", async () => {
    const world = new FieldsWorld({ fields });
    for (const given of [{ id: 1 }, "rows", new Set(), undefined, null])
      for (const run of [world.mine.encryptMany(given as never), world.mine.decryptAllSettled(given as never)])
        await expect(run).rejects.toThrow(new TypeError("expected an array of rows"));
    expect(await world.mine.encryptMany([])).toEqual([]);
    expect(await world.mine.decryptAllSettled([])).toEqual([]);
    expect([world.scripted.calls, world.store.adds, world.store.gets]).toEqual([[], 0, 0]);
  });

  test("is the rows that were given, whatever is done to the array meanwhile", async () => {
    const world = new FieldsWorld({ fields });
    const given = rows(150);
    const array = given.slice();
    const encrypting = world.mine.encryptMany(array);
    array.length = 10;
    array.push({ id: "late", email: "x", size: 1 });
    const sealed = await encrypting;
    expect(sealed).toHaveLength(150);
    const array2 = sealed.slice();
    const decrypting = world.mine.decryptMany(array2);
    array2.splice(5, 100);
    expect(await decrypting).toStrictEqual(given);
  });

  test("lets other work of the process go on", async () => {
    const { mine } = new FieldsWorld({ fields });
    await mine.encrypt({ id: 0, email: "a", size: 1 }); // warm
    let turns = 0;
    const state = { done: false };
    const others = (async () => {
      while (!state.done) {
        await turn();
        turns += 1;
      }
    })();
    const sealed = await mine.encryptMany(rows(640));
    const whileWriting = turns;
    await mine.decryptMany(sealed);
    state.done = true;
    await others;
    expect(whileWriting).toBeGreaterThanOrEqual(8);
    expect(turns - whileWriting).toBeGreaterThanOrEqual(8);
  });
});

describe("many data keys", () => {
  test("are loaded side by side, but not all at once", async () => {
    const world = new FieldsWorld({ fields });
    const sealed = await underManyKeys(world, 60);
    let running = 0;
    let most = 0;
    const reader = fieldsOf(world.another(), { fields });
    world.scripted.script = async () => {
      running += 1;
      most = Math.max(most, running);
      await turn();
      running -= 1;
      return undefined;
    };
    expect(await reader.decryptMany(sealed)).toStrictEqual(rows(60));
    expect(most).toBe(16);
  });

  test("may be more than the cache holds", async () => {
    const world = new FieldsWorld({ fields });
    const sealed = await underManyKeys(world, 40);
    const reader = fieldsOf(world.another({ cache: { maxEntries: 1 } }), { fields });
    const before = world.scripted.count("unwrap");
    expect(await reader.decryptMany([...sealed, ...sealed.slice(0, 5)])).toStrictEqual([...rows(40), ...rows(5)]);
    expect(world.scripted.count("unwrap") - before).toBe(40);
  });

  test("that are refused fail their own rows", async () => {
    const world = new FieldsWorld({ fields: { email: {} } });
    const ofB = fieldsOf(world.another({ cmk: () => keyB }), { fields: { email: {} } });
    const sealed = [...(await world.mine.encryptMany(rows(3))), ...(await ofB.encryptMany(rows(3, 3)))];
    const reader = fieldsOf(world.another({ accepted: () => [keyA, keyB] }), { fields: { email: {} } });
    world.scripted.refuse("key-disabled", keyB.resource);
    const settled = await reader.decryptAllSettled(sealed);
    expect(
      settled.map((result) => (result.status === "fulfilled" ? result.value["id"] : (result.reason as Error).message)),
    ).toEqual([0, 1, 2, ...[3, 4, 5].map((id) => `local: the key is disabled: field email of row "${id}"`)]);
    await expect(reader.decryptMany(sealed)).rejects.toMatchObject({ code: "key-disabled", provider: "local", field: "email" });
  });

  test("make one row, where one seals few messages", async () => {
    for (const dataKeyMessages of [1, 2, 3, 7]) {
      const twenty = Object.fromEntries(Array.from({ length: 20 }, (_, i) => [`f${i}`, {}]));
      const world = new FieldsWorld({ fields: twenty }, { dataKeyMessages });
      const given = Array.from({ length: 3 }, (_, id) => ({
        id,
        ...Object.fromEntries(Object.keys(twenty).map((f) => [f, `${f} of ${id}`])),
      }));
      const sealed = await world.mine.encryptMany(given);
      expect(world.scripted.count("generateDataKey")).toBe(Math.ceil(60 / dataKeyMessages));
      expect(await fieldsOf(world.another(), { fields: twenty }).decryptMany(sealed)).toStrictEqual(given);
    }
  });

  test("are not needed in a cache that keeps nothing: one call of the KMS for a batch, each way", async () => {
    const world = new FieldsWorld({ fields: { email: {} } }, { cache: { ttlMs: 0 } });
    const given = rows(64).map(({ id, email }) => ({ id, email }));
    const sealed = await world.mine.encryptMany(given);
    expect(await world.mine.decryptMany(sealed)).toStrictEqual(given);
    expect([world.scripted.count("generateDataKey"), world.scripted.count("unwrap")]).toEqual([1, 1]);
  });
});

describe.each<[string, (mine: AnyFields, given: Row[], sealed: Row[], options: object) => Promise<unknown>]>([
  ["encryptMany", async (mine, given, _sealed, options) => mine.encryptMany(given, options)],
  ["encryptAllSettled", async (mine, given, _sealed, options) => mine.encryptAllSettled(given, options)],
  ["decryptMany", async (mine, _given, sealed, options) => mine.decryptMany(sealed, options)],
  ["decryptAllSettled", async (mine, _given, sealed, options) => mine.decryptAllSettled(sealed, options)],
])("%s", (_name, run) => {
  test("ends as a whole when its caller aborts between rows", async () => {
    const { mine } = new FieldsWorld({ fields });
    const given = rows(200);
    const sealed = await mine.encryptMany(given);
    const controller = new AbortController();
    const aborting = (all: Row[]): Row[] =>
      all.with(
        70,
        readsWith(all[70], () => controller.abort()),
      );
    const error = await refusal(run(mine, aborting(given), aborting(sealed), { signal: controller.signal }));
    expect(error).toMatchObject({ code: "aborted" });
  });

  test("does nothing for a caller that has aborted", async () => {
    const world = new FieldsWorld({ fields });
    const read: number[] = [];
    const given = [readsWith({ id: 1, email: "a" }, () => read.push(1))];
    expect(await codeOf(run(world.mine, given, given, { signal: AbortSignal.abort() }))).toBe("aborted");
    expect([read, world.scripted.calls]).toEqual([[], []]);
  });

  test.each([0, -1, Number.NaN, 2 ** 31, "soon"])("refuses a timeout of %s", async (timeoutMs) => {
    const { mine } = new FieldsWorld({ fields });
    expect(await codeOf(run(mine, rows(1), rows(1), { timeoutMs }))).toBe("RangeError");
  });
});
