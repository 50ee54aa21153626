import { describe, expect, test } from "vitest";
import { fieldEncryption } from "../src/field-encryption.ts";
import { World } from "./envelope-world.ts";
import { codeOf, fieldsOf, fullRow, refusal, type Row } from "./fields-world.ts";

const world = new World();
const pii = fieldEncryption({
  envelope: world.box,
  table: "customers",
  rowId: "id",
  fields: {
    email: { index: "emailIndex", normalize: (v) => v.trim().toLowerCase(), mask: "email" },
    phone: { index: "phoneIndex", mask: "phone" },
    born: {
      type: "date",
      index: "bornIndex",
      normalize: (v) => (v.setUTCHours(0, 0, 0, 0), v),
      mask: (v) => String(v.getUTCFullYear()),
    },
    key: { type: "bytes", index: "keyIndex", normalize: (v) => v.fill(0, 1) },
    vip: { type: "boolean", index: "vipIndex", leaksFrequency: true },
    limit: { type: "number", index: "limitIndex" },
    tags: { type: "json" },
    "address.street": { index: "streetIndex" },
    note: { padTo: 64 },
  },
});
const mine = pii.for("acme");

describe("encrypt", () => {
  test("keeps null, leaves out what is absent or undefined, and encrypts what is empty", async () => {
    const empty = { id: "1", email: "", tags: [], key: new Uint8Array(0), phone: null, note: undefined };
    const sealed = await mine.encrypt(empty);
    expect(Object.keys(sealed).sort()).toEqual([
      "email",
      "emailIndex",
      "id",
      "key",
      "keyIndex",
      "note",
      "phone",
      "phoneIndex",
      "tags",
    ]);
    expect(sealed).toMatchObject({ id: "1", phone: null, phoneIndex: null, note: undefined });
    for (const value of [sealed.email, sealed.tags, sealed.key]) expect(value).toMatch(/^cmk1\./);
    expect(await mine.decrypt(sealed)).toStrictEqual(empty);
  });

  test("gives equal values other texts each time", async () => {
    const row = { id: "1", phone: "030 23125 000" };
    const texts = await Promise.all(Array.from({ length: 20 }, async () => mine.encrypt(row)));
    expect(new Set(texts.map(({ phone }) => phone)).size).toBe(20);
    expect(new Set(texts.map(({ phoneIndex }) => phoneIndex)).size).toBe(1);
  });

  test("hides how long a value is, in steps of padTo", async () => {
    const sizes = async (name: "note" | "phone"): Promise<number[]> =>
      Promise.all(
        [0, 1, 30, 62, 63, 64, 500].map(
          async (n) => String(((await mine.encrypt({ id: "1", [name]: "x".repeat(n) })) as Row)[name]).length,
        ),
      );
    const [empty, ...longer] = await sizes("note");
    expect(longer.map((size) => size - (empty ?? 0))).toEqual([0, 0, 0, 86, 86, 599]);
    expect(new Set(await sizes("phone")).size).toBe(7);
  });
});

describe("the index of a field", () => {
  test.each<[string, Row, unknown]>([
    ["email", { email: " Ada@Example.COM" }, "ada@example.com "],
    ["phone", { phone: "+49 30" }, "+49 30"],
    ["born", { born: new Date("1815-12-10T17:00Z") }, new Date("1815-12-10T03:00Z")],
    ["key", { key: new Uint8Array([7, 8]) }, new Uint8Array([7, 9])],
    ["vip", { vip: false }, false],
    ["limit", { limit: -0.5 }, -0.5],
    ["address.street", { address: { street: "" } }, ""],
  ])("%s is what index() gives, and 22 characters that say nothing", async (field, row, equal) => {
    const sealed = (await mine.encrypt({ id: "1", ...row })) as Row;
    const column = `${field.split(".").at(-1)}Index`;
    expect(sealed[column]).toMatch(/^[\w-]{22}$/);
    expect(await mine.index(field as "email", equal as string)).toBe(sealed[column]);
    expect(Object.keys(await mine.decrypt(sealed as { id: string }))).not.toContain(column);
  });

  test("differs between fields, tables, tenants, contexts and normalisations", async () => {
    const of = (table: string, fields: object, tenant = "acme", context?: Record<string, string>): Promise<string> =>
      fieldsOf(world.box, { table, fields: fields as never }, tenant, context).index(Object.keys(fields)[0] ?? "", "same");
    const email = { email: { index: "e" } };
    const all = await Promise.all([
      of("customers", email),
      of("orders", email),
      of("customers", { phone: { index: "e" } }),
      of("customers", { email: { index: "e", normalize: (v: string) => v } }),
      of("customers", email, "bolt"),
      of("customers", email, "acme", { region: "eu" }),
    ]);
    expect(new Set(all).size).toBe(6);
    expect(await of("customers", { email: { index: "other column", padTo: 64 } })).toBe(all[0]);
  });

  test("is never the one that the row was given with", async () => {
    const planted = { id: "1", emailIndex: "planted", phone: "1", phoneIndex: "planted", limitIndex: "planted", limit: null };
    const sealed = await mine.encrypt(planted);
    expect(JSON.stringify(sealed)).not.toContain("planted");
    expect(sealed).toMatchObject({ limitIndex: null });
  });

  test("ends with the value: no index stays beside what became null", async () => {
    const sealed = (await mine.encrypt({ id: "1", email: null, address: { street: null } })) as Row;
    expect(sealed).toStrictEqual({ id: "1", email: null, emailIndex: null, address: { street: null }, streetIndex: null });
  });

  test.each([null, undefined, 5, {}, new Date(0)])("refuses %s as what to search for", async (value) => {
    await expect(mine.index("phone", value as never)).rejects.toThrow(/^field phone: expected text, got/);
    await expect(mine.index("email", value as never)).rejects.toThrow(/^field email: expected text, got/);
  });

  test("normalises a copy: the row's dates and bytes stay what they are", async () => {
    const row = { id: "1", born: new Date("1815-12-10T17:00Z"), key: new Uint8Array([7, 8]) };
    expect(await mine.decrypt(await mine.encrypt(row))).toStrictEqual(row);
    await mine.index("born", row.born);
    await mine.index("key", row.key);
    expect(row).toStrictEqual({ id: "1", born: new Date("1815-12-10T17:00Z"), key: new Uint8Array([7, 8]) });
  });

  test("is right even when whoever listens to events encrypts on each of them", async () => {
    let left = 10;
    const events = new World();
    const other = fieldsOf(events.box, { table: "log", rowId: null, fields: { text: { index: "i" } } });
    const { push } = events.events;
    events.events.push = (...all) => {
      if ((left -= 1) > 0)
        void Promise.allSettled([other.index("text", "something else"), other.encrypt({ text: "something else" })]);
      return push.apply(events.events, all);
    };
    const searching = fieldsOf(events.box, { fields: { email: { index: "e" } } });
    const sealed = await searching.encrypt({ id: 1, email: "ada" });
    await other.encrypt({ text: "warm" });
    for (let i = 0; i < 3; i += 1) {
      left = 10; // it answers itself, too
      expect(await searching.index("email", "ada")).toBe(sealed["e"]);
    }
    expect(await searching.decrypt(sealed)).toEqual({ id: 1, email: "ada" });
    expect(left).toBeLessThan(10);
  });
});

describe("decrypt", () => {
  test("with only gives these fields, and does not look at the others", async () => {
    const sealed = await mine.encrypt({
      id: "1",
      plan: "gold",
      email: "ada@example.com",
      phone: "1",
      address: { street: "2", city: "3" },
    });
    const garbage = { ...sealed, phone: "garbage", address: { street: 5 as never, city: "3" } };
    expect(await mine.decrypt(garbage, { only: ["email", "email"] })).toStrictEqual({
      id: "1",
      plan: "gold",
      email: "ada@example.com",
      address: { city: "3" },
    });
    expect(await mine.decrypt(garbage, { only: [] })).toStrictEqual({ id: "1", plan: "gold", address: { city: "3" } });
    expect(await mine.decryptMany([sealed], { only: ["address.street"] })).toStrictEqual([
      { id: "1", plan: "gold", address: { street: "2", city: "3" } },
    ]);
  });

  test("with mask gives text for every declared field that is not null, and nothing of what has no mask", async () => {
    const row = {
      id: "1",
      plan: "gold",
      email: "ada@example.com",
      phone: "+49 30 23125 023",
      born: new Date("1815-12-10"),
      key: new Uint8Array([1]),
      vip: true,
      limit: 5,
      tags: ["a"],
      note: null,
    };
    const sealed = await mine.encrypt(row);
    const masked = {
      id: "1",
      plan: "gold",
      email: "a•••@example.com",
      phone: "•••23",
      born: "1815",
      key: "•••",
      vip: "•••",
      limit: "•••",
      tags: "•••",
      note: null,
    };
    expect(await mine.decrypt(sealed, { mask: true })).toStrictEqual(masked);
    expect(await mine.decryptMany([sealed], { mask: true, only: ["email"] })).toStrictEqual([
      { id: "1", plan: "gold", email: "a•••@example.com" },
    ]);
    expect(await mine.decryptAllSettled([sealed], { mask: true })).toStrictEqual([{ status: "fulfilled", value: masked }]);
  });

  test.each<[string, unknown, string]>([
    ["plain text", "ada@example.com", "not-encrypted"],
    ["nothing in it", "", "not-encrypted"],
    ["a number", 5, "not-encrypted"],
    ["an object", {}, "not-encrypted"],
    ["bytes", new Uint8Array([1, 2, 3]), "not-encrypted"],
    ["a boxed text", Object("cmk1.AAAA"), "not-encrypted"],
    ["text that begins like a ciphertext", "cmk1.", "malformed"],
    ["what is no base64url", "cmk1.@@@", "malformed"],
    ["another spelling", "cmk1.AB", "malformed"],
  ])("refuses %s by field and row, without its content", async (_what, email, code) => {
    const error = await refusal(mine.decrypt({ id: "r7", email: email as string }));
    expect(error).toMatchObject({ code, field: "email" });
    expect(error.message).toContain('field email of row "r7"');
    expect(error.message).not.toContain("ada@");
  });
});

test("an older value that is put back is refused where the row has a version, and opens where it has none", async () => {
  const fields = { text: {} };
  const versioned = fieldsOf(world.box, { fields, version: "rev" });
  const old = await versioned.encrypt({ id: 1, rev: 1, text: "old" });
  expect(await codeOf(versioned.decrypt({ id: 1, rev: 2, text: old["text"] }))).toBe("decrypt-failed");
  const unversioned = fieldsOf(world.box, { fields });
  const before = await unversioned.encrypt({ id: 1, rev: 1, text: "old" });
  expect(await unversioned.decrypt({ id: 1, rev: 2, text: before["text"] })).toEqual({ id: 1, rev: 2, text: "old" });
});

test("another process, and another declaration of masks, indexes and padding, opens what was stored", async () => {
  const sealed = await fieldsOf(world.box).encrypt(fullRow());
  const fields = { text: { mask: "last4", padTo: 3 }, size: { type: "number" }, "address.street": { index: "s" } } as const;
  expect(await fieldsOf(world.another(), { fields }).decrypt(sealed)).toMatchObject({
    text: "Ada Lovelace",
    size: -0,
    address: { street: "12 St James's Square" },
  });
});
