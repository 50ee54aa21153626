import { describe, expect, test } from "vitest";
import { ttlMs } from "./envelope-world.ts";
import { fieldsOf, FieldsWorld, refusal } from "./fields-world.ts";

const fields = { email: { index: "emailIndex" } };
const tenants = ["a", "b", "c", "d"];

describe("an index key that is dropped between its answer and its use", () => {
  test("because there is no room is asked for again, for rows and for searches", async () => {
    const world = new FieldsWorld({ fields }, { cache: { maxEntries: 1 } });
    const mine = tenants.map((tenant) => fieldsOf(world.box, { fields }, tenant));
    const rows = await Promise.all(mine.map(async (each) => each.encryptMany([{ id: 1, email: "ada@example.com" }])));
    world.box.purge();
    const wanted = await Promise.all(mine.map(async (each) => each.index("email", "ada@example.com")));
    expect(rows.map(([row]) => row?.["emailIndex"])).toEqual(wanted);
    expect(new Set(wanted).size).toBe(tenants.length);
  });

  test("by its TTL, while a value is normalized, is asked for again", async () => {
    let waits = false;
    const normalize = (email: string): string => {
      if (waits) world.clock.jumpMonotonic(ttlMs);
      return email;
    };
    const world: FieldsWorld = new FieldsWorld({ fields: { email: { ...fields.email, normalize } } });
    const index = await world.mine.index("email", "ada@example.com");
    waits = true;
    expect(await world.mine.index("email", "ada@example.com")).toBe(index);
    world.scripted.refuse("unavailable");
    expect(await world.code(world.mine.index("email", "ada@example.com"))).toBe("unavailable");
  });
});

test("rows that need no index do without an index key, also beside rows that do", async () => {
  const world = new FieldsWorld({ fields });
  world.store.onIndexKey = async () => Promise.reject(new Error("down"));
  const [without, needs] = await world.mine.encryptAllSettled([
    { id: 1, email: null },
    { id: 2, email: "a" },
  ]);
  expect(without).toEqual({ status: "fulfilled", value: { id: 1, email: null, emailIndex: null } });
  expect(await refusal(Promise.reject((needs as PromiseRejectedResult).reason as Error))).toMatchObject({ code: "unavailable" });
});
