import { AsyncLocalStorage, createHook } from "node:async_hooks";
import { expect, test } from "vitest";
import type { Field } from "../src/field-options.ts";
import { fieldsOf, FieldsWorld, type AnyFields, type Row } from "./fields-world.ts";

/** A world and a row of so many fields, every fourth with an index. */
function wide(count: number): { world: FieldsWorld; row: Row } {
  const names = Array.from({ length: count }, (_, i) => `f${i}`);
  const fields = Object.fromEntries(
    names.map((name, i): [string, Field] => [name, i % 4 === 0 ? { index: `${name}Index` } : {}]),
  );
  const world = new FieldsWorld({ fields });
  return { world, row: { id: 1, ...Object.fromEntries(names.map((name) => [name, `value of ${name}`])) } };
}

/** How many promises are made until `run` is settled, and how many turns of the microtask queue it takes. */
async function cost(run: () => Promise<unknown>): Promise<{ promises: number; turns: number }> {
  const mine = new AsyncLocalStorage<true>();
  let promises = 0;
  const hook = createHook({
    init: (_id, type) => void (promises += type === "PROMISE" && mine.getStore() === true ? 1 : 0),
  }).enable();
  const state = { done: false };
  const end = (): void => void (state.done = true);
  const running = mine.run(true, run);
  hook.disable(); // what was made before the first wait; later ones are counted in turns
  running.then(end, end);
  let turns = 0;
  for (; !state.done; turns += 1) await Promise.resolve();
  await running;
  return { promises, turns };
}

const operations: [string, (mine: AnyFields, row: Row, sealed: Row) => Promise<unknown>][] = [
  ["encrypt", async (mine, row) => mine.encrypt(row)],
  ["decrypt", async (mine, _row, sealed) => mine.decrypt(sealed)],
  ["decrypt with masks", async (mine, _row, sealed) => mine.decrypt(sealed, { mask: true })],
  ["encrypt that keeps", async (mine, _row, sealed) => mine.encrypt(sealed, { ifEncrypted: "keep" })],
  ["encryptMany", async (mine, row) => mine.encryptMany([row, row, row])],
  ["decryptMany", async (mine, _row, sealed) => mine.decryptMany([sealed, sealed, sealed])],
  ["decryptAllSettled", async (mine, _row, sealed) => mine.decryptAllSettled([sealed, sealed, sealed])],
];

test.each(operations)(
  "%s waits no more often for 40 fields than for one, and asks nobody, on a warm cache",
  async (_name, run) => {
    const costs = await Promise.all(
      [1, 20, 40].map(async (count) => {
        const { world, row } = wide(count);
        const sealed = await world.mine.encrypt(row);
        await world.mine.decrypt(sealed);
        const before = [world.scripted.calls.length, world.store.adds, world.store.gets, world.store.indexKeys];
        const spent = await cost(async () => run(world.mine, row, sealed));
        expect([world.scripted.calls.length, world.store.adds, world.store.gets, world.store.indexKeys]).toEqual(before);
        return spent;
      }),
    );
    const [one, ...more] = costs;
    expect(more).toEqual([one, one]);
    expect(one?.turns).toBeLessThan(25);
  },
);

test("one record of 20 fields is looked up in the cache once to write, once to index and once to read", async () => {
  const { world, row } = wide(20);
  const sealed = await world.mine.encrypt(row);
  await world.mine.decrypt(sealed);
  const looked = async (run: () => Promise<unknown>): Promise<string[]> => {
    world.events.length = 0;
    await run();
    return world.events.map(({ type }) => type);
  };
  expect(await looked(async () => world.mine.encrypt(row))).toEqual(["hit", "hit"]);
  expect(await looked(async () => world.mine.decrypt(sealed))).toEqual(["hit"]);
  expect(await looked(async () => world.mine.index("f0", "value"))).toEqual(["hit"]);
});

test("many calls at once on a cold cache ask the KMS once, each way", async () => {
  const { world, row } = wide(20);
  const sealed = await Promise.all(Array.from({ length: 50 }, async () => world.mine.encrypt(row)));
  expect([world.scripted.count("generateDataKey"), world.store.adds]).toEqual([2, 2]); // the data key and the index key
  const reader = fieldsOf(world.another(), {
    fields: Object.fromEntries(
      Object.keys(row)
        .slice(1)
        .map((name) => [name, {}]),
    ),
  });
  const before = world.scripted.count("unwrap");
  expect((await Promise.all(sealed.map(async (each) => reader.decrypt(each)))).every(({ f19 }) => f19 === row["f19"])).toBe(true);
  expect(world.scripted.count("unwrap") - before).toBe(1);
});
