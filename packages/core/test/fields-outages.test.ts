import { describe, expect, test } from "vitest";
import { minute, ttlMs } from "./envelope-world.ts";
import { fields, readsWith, rows, underManyKeys } from "./fields-batch-rows.ts";
import { fieldsOf, FieldsWorld, type Row } from "./fields-world.ts";

describe("a KMS that does not answer", () => {
  test("ends the wait of an encryption and a decryption at their timeout, batches of many keys too", async () => {
    const world = new FieldsWorld({ fields });
    const sealed = await underManyKeys(world, 40);
    world.scripted.hang();
    const reader = fieldsOf(world.another(), { fields });
    const { waiting } = world.clock; // what caches wait for
    const started = world.clock.monotonicMs();
    const all = [
      world.code(reader.decryptMany(sealed, { timeoutMs: 200 })),
      world.code(reader.encryptMany(rows(3), { timeoutMs: 200 })),
      world.code(reader.encrypt({ id: 1, email: "a", size: 1 }, { timeoutMs: 200 })),
      world.code(reader.index("email", "a", { timeoutMs: 200 })),
    ];
    expect(await Promise.all(all)).toEqual(["timeout", "timeout", "timeout", "timeout"]);
    expect(world.clock.monotonicMs() - started).toBeLessThanOrEqual(400);
    await world.clock.advance(10_000); // what others could have joined
    expect(world.clock.waiting).toBe(waiting);
  });

  test("ends the wait of all rows as one when the caller aborts, in whatever batch", async () => {
    const world = new FieldsWorld({ fields: { email: {} } });
    const sealed = await world.mine.encryptMany(rows(3).map(({ id, email }) => ({ id, email })));
    const reader = fieldsOf(world.another(), { fields: { email: {} } });
    world.scripted.hang();
    const { waiting } = world.clock; // what caches wait for
    const controller = new AbortController();
    const settling = reader.decryptAllSettled([...sealed, { id: 9, email: null }], { signal: controller.signal });
    await world.clock.advance(10);
    controller.abort();
    await expect(settling).rejects.toMatchObject({ code: "aborted" });
    await world.clock.advance(10_000); // what others could have joined
    expect(world.clock.waiting).toBe(waiting);
  });

  test("is asked once for all rows of a batch that it fails", async () => {
    const world = new FieldsWorld({ fields: { email: {} } });
    const given = rows(60).map(({ id, email }) => ({ id, email }));
    const sealed = await world.mine.encryptMany(given);
    const other = fieldsOf(world.another(), { fields: { email: {} } });
    world.scripted.refuse("unavailable");
    for (const run of [async () => other.encryptAllSettled(given), async () => other.decryptAllSettled(sealed)]) {
      const before = world.scripted.count();
      const settled = await world.settle(run());
      expect(
        new Set(settled.map((result) => (result.status === "rejected" ? (result.reason as { code: string }).code : "ok"))),
      ).toEqual(new Set(["unavailable"]));
      expect(world.scripted.count() - before).toBeLessThanOrEqual(4); // one call, and its retries
    }
  });
});

test("a key that is revoked between two batches ends both reading and writing, of the rows that remain", async () => {
  const world = new FieldsWorld({ fields });
  const given = rows(130);
  const sealed = await world.mine.encryptMany(given);
  const revoked = (all: Row[]): Row[] =>
    all.with(
      63,
      readsWith(all[63], () => {
        world.scripted.refuse("key-disabled");
        world.clock.jumpMonotonic(ttlMs);
      }),
    );
  const slowly = { timeoutMs: 2 * ttlMs };
  const codes = (settled: PromiseSettledResult<unknown>[]): string[] =>
    settled.map((result) => (result.status === "rejected" ? (result.reason as { code: string }).code : "ok"));
  for (const run of [
    async () => world.mine.encryptAllSettled(revoked(given), slowly),
    async () => world.mine.decryptAllSettled(revoked(sealed), slowly),
  ]) {
    world.scripted.obey();
    await world.clock.advance(minute);
    await world.mine.decryptMany(await world.mine.encryptMany(given)); // warm again
    const result = codes(await world.settle(run()));
    expect(new Set(result.slice(64))).toEqual(new Set(["key-disabled"]));
    expect(new Set(result.slice(0, 64)).size).toBe(1); // all rows of the batch were told the same
  }
});
