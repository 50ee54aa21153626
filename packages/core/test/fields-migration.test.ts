import { describe, expect, test } from "vitest";
import type { Field } from "../src/field-options.ts";
import { World } from "./envelope-world.ts";
import { codeOf, deepFrozen, everyType, FieldsWorld, fieldsOf, fullRow, refusal, type Row } from "./fields-world.ts";

const start = Date.UTC(2030, 0, 1); // where the fake clock starts
const until = new Date(start + 60_000);
const declared = Object.entries<Field>(everyType);
const readable = Object.fromEntries(declared.map(([name, field]) => [name, { ...field, plain: { until } }]));

describe("dual reads", () => {
  test("give plain values of each type as they are, copied, and count each", async () => {
    const world = new FieldsWorld({ fields: readable });
    const row = deepFrozen(fullRow());
    const read = await world.mine.decrypt(row);
    expect(read).toStrictEqual(fullRow());
    expect(read["photo"]).not.toBe(row["photo"]);
    expect(read["born"]).not.toBe(row["born"]);
    expect(world.plainReads().sort()).toEqual(declared.map(([name]) => `acme customers ${name}`).sort());
    expect([world.scripted.calls, world.store.gets]).toEqual([[], 0]);
  });

  test("count nothing for what is encrypted, null, absent or left out", async () => {
    const world = new FieldsWorld({ fields: readable });
    await world.mine.decrypt(await world.mine.encrypt(fullRow()));
    await world.mine.decrypt({ id: 1, text: null, address: { street: null } });
    await world.mine.decrypt({ id: 1 });
    await world.mine.decrypt({ id: 1, text: "left out" }, { only: ["size"] });
    expect(world.plainReads()).toEqual([]);
    await world.mine.decryptMany([
      { id: 1, text: "a" },
      { id: 2, text: "b" },
    ]);
    expect(world.plainReads()).toEqual(["acme customers text", "acme customers text"]);
  });

  test("end at their date, to the millisecond, each field at its own", async () => {
    const later = new Date(start + 90_000);
    const world = new FieldsWorld({ fields: { text: { plain: { until } }, note: { plain: { until: later } } } });
    const read = async (field: string): Promise<string> => codeOf(world.mine.decrypt({ id: 1, [field]: "plain" }));
    world.clock.jumpWall(59_999);
    expect([await read("text"), await read("note")]).toEqual(["ok", "ok"]);
    world.clock.jumpWall(1);
    expect([await read("text"), await read("note")]).toEqual(["not-encrypted", "ok"]);
    world.clock.jumpWall(30_000);
    expect([await read("text"), await read("note")]).toEqual(["not-encrypted", "not-encrypted"]);
    expect(world.plainReads()).toEqual(["acme customers text", "acme customers note", "acme customers note"]);
  });

  test("are for the fields that declare them, and for values of the declared type", async () => {
    const mixed = fieldsOf(new World().box, {
      fields: { text: { plain: { until } }, note: {}, size: { type: "number", plain: { until } } },
    });
    expect(await codeOf(mixed.decrypt({ id: 1, note: "plain" }))).toBe("not-encrypted");
    for (const size of ["5", true, Number.NaN, 5n, {}])
      expect((await refusal(mixed.decrypt({ id: 1, size }))).message).toMatch(/^field size of row "1": expected a/);
    expect((await refusal(mixed.decrypt({ id: 1, text: "lone \ud800" }))).message).toContain("lone surrogate");
  });

  test.each(["cmk1.", "cmk1.AAAA", "cmk1.!", " cmk1.AAAA", "cmk1.hAAA\n"])("take %j for the text that it is", async (text) => {
    const world = new FieldsWorld({ fields: readable });
    expect(await world.mine.decrypt({ id: 1, text })).toEqual({ id: 1, text });
    const encrypted = await world.mine.encrypt({ id: 1, text });
    expect(encrypted["text"]).not.toBe(text);
    expect(await world.mine.decrypt(encrypted)).toEqual({ id: 1, text });
  });

  test.each(["string", "json", "bytes"] as const)(
    "never give a ciphertext from elsewhere as %s, as text or as bytes",
    async (type) => {
      const fields = { value: { type, plain: { until } } as Field };
      const world = new FieldsWorld({ fields });
      const value = { string: "Ada", json: ["Ada"], bytes: new Uint8Array([65, 100, 97]) }[type];
      const own = await world.mine.encrypt({ id: 1, value });
      const foreign = await Promise.all([
        world.mine.encrypt({ id: 2, value }),
        fieldsOf(world.box, { fields }, "bolt").encrypt({ id: 1, value }),
        fieldsOf(world.box, { fields, table: "orders" }).encrypt({ id: 1, value }),
        fieldsOf(world.box, { fields }, "acme", { region: "eu" }).encrypt({ id: 1, value }),
        fieldsOf(new World().box, { fields }).encrypt({ id: 1, value }),
        fieldsOf(new World({ dataKeys: undefined as never, recordKey: new Uint8Array(32).fill(8) }).box, { fields }).encrypt({
          id: 1,
          value,
        }),
      ]);
      for (const { value: text } of foreign) {
        for (const stored of [text, new Uint8Array(Buffer.from(String(text))), Buffer.from(String(text))]) {
          for (const run of [
            world.mine.decrypt({ id: 1, value: stored }),
            world.mine.encrypt({ id: 1, value: stored }, { ifEncrypted: "keep" }),
          ])
            expect(await codeOf(run)).toMatch(/^(decrypt-failed|unknown-data-key|key-removed)$/);
        }
      }
      expect(await world.mine.decrypt({ id: 1, value: Buffer.from(String(own["value"])) })).toEqual({ id: 1, value });
      expect(world.plainReads()).toEqual([]);
    },
  );

  test("give what stood in the row when it was given, whatever is done to it while a data key is loaded", async () => {
    const world = new FieldsWorld({ fields: readable });
    const { text } = await world.mine.encrypt({ id: 1, text: "Ada" });
    const row = { id: 1, text, photo: new Uint8Array([1, 2]), born: new Date(1), tags: { a: [1] }, address: { street: "here" } };
    const reading = fieldsOf(world.another(), { fields: readable }).decrypt(row);
    change(row);
    expect(await reading).toStrictEqual({
      id: 1,
      text: "Ada",
      photo: new Uint8Array([1, 2]),
      born: new Date(1),
      tags: { a: [1] },
      address: { street: "here" },
    });
  });
});

/** Does to a row what its owner may do while a call waits. */
function change(row: {
  id: number;
  text: unknown;
  photo: Uint8Array;
  born: Date;
  tags: { a: number[] };
  address: { street: string };
}): void {
  row.photo.fill(9);
  row.born.setTime(9);
  row.tags.a.push(9);
  row.address.street = "there";
  row.id = 9;
  row.text = "9";
}

test.each([undefined, "keep"] as const)(
  "a row is encrypted as it was given, whatever is done to it while a data key is made (ifEncrypted: %s)",
  async (ifEncrypted) => {
    const world = new FieldsWorld();
    const text = ifEncrypted === undefined ? "Ada" : (await world.mine.encrypt({ id: 1, text: "Ada" }))["text"];
    const mine = fieldsOf(world.another());
    const row = { id: 1, text, photo: new Uint8Array([1, 2]), born: new Date(1), tags: { a: [1] }, address: { street: "here" } };
    const encrypting = mine.encrypt(row, { ifEncrypted } as never);
    change(row);
    const expected = {
      id: 1,
      text: "Ada",
      photo: new Uint8Array([1, 2]),
      born: new Date(1),
      tags: { a: [1] },
      address: { street: "here" },
    };
    expect(await mine.decrypt(await encrypting)).toStrictEqual(expected);
  },
);

describe('ifEncrypted: "keep"', () => {
  const fields = {
    email: { index: "emailIndex", normalize: (v: string) => v.toLowerCase() },
    note: {},
    size: { type: "number" },
  } as const;

  test("leaves what opens as it is, byte for byte, and encrypts the rest", async () => {
    const world = new FieldsWorld({ fields });
    const first = await world.mine.encrypt({ id: 1, email: "Ada@Example.com", size: 3 });
    const again = await world.mine.encrypt({ ...first, emailIndex: "stale", note: "new" }, { ifEncrypted: "keep" });
    expect(again).toMatchObject(first);
    expect(await world.mine.decrypt(again)).toEqual({ id: 1, email: "Ada@Example.com", size: 3, note: "new" });
    expect(await world.mine.encrypt(again, { ifEncrypted: "keep" })).toStrictEqual(again);
  });

  test("makes the index again that was lost, stale or of another making", async () => {
    const world = new FieldsWorld({ fields });
    const unindexed = fieldsOf(world.box, { fields: { email: {}, note: {}, size: { type: "number" } } });
    const sealed = await unindexed.encrypt({ id: 1, email: "Ada@Example.com" });
    const { emailIndex } = await world.mine.encrypt(sealed, { ifEncrypted: "keep" });
    expect(emailIndex).toBe(await world.mine.index("email", "ADA@example.com"));
    expect(await world.mine.encrypt({ id: 1, email: null, emailIndex: "stale" }, { ifEncrypted: "keep" })).toEqual({
      id: 1,
      email: null,
      emailIndex: null,
    });
    expect(await world.mine.encrypt({ id: 1, emailIndex: "stale" }, { ifEncrypted: "keep" })).toEqual({ id: 1 });
  });

  test("keeps and encrypts rows of a batch side by side, and names the field and row that does not open", async () => {
    const world = new FieldsWorld({ fields });
    const rows: Row[] = Array.from({ length: 100 }, (_, id) => ({
      id,
      email: `person${id}@example.com`,
      note: "cmk1.typed",
      size: id,
    }));
    const sealed = await world.mine.encryptMany(rows);
    const mixed = rows.map((row, i) =>
      i % 3 === 0 ? (sealed[i] as Row) : i % 3 === 1 ? { ...row, email: sealed[i]?.["email"] } : row,
    );
    const migrated = await world.mine.encryptMany(mixed, { ifEncrypted: "keep" });
    expect(await world.mine.decryptMany(migrated)).toEqual(rows);
    expect(migrated.map(({ emailIndex }) => emailIndex)).toEqual(sealed.map(({ emailIndex }) => emailIndex));
    expect(migrated.filter((row, i) => row["email"] === sealed[i]?.["email"])).toHaveLength(67);
    const wrong = mixed.with(70, { ...rows[70], note: sealed[71]?.["note"] });
    const settled = await world.mine.encryptAllSettled(wrong, { ifEncrypted: "keep" });
    expect(settled.flatMap((result, i) => (result.status === "rejected" ? [i, (result.reason as Error).message] : []))).toEqual([
      70,
      'decryption failed: field note of row "70"',
    ]);
    await expect(world.mine.encryptMany(wrong, { ifEncrypted: "keep" })).rejects.toMatchObject({
      code: "decrypt-failed",
      field: "note",
    });
  });

  test("verifies: a ciphertext that was moved, changed or is of a removed key is refused, and never sealed once more", async () => {
    const world = new FieldsWorld({ fields });
    const { note } = await world.mine.encrypt({ id: 1, note: "Ada" });
    const { size } = await world.mine.encrypt({ id: 1, size: 5 });
    for (const row of [
      { id: 2, note },
      { id: 1, email: note },
      { id: 1, note: size },
      { id: 1, size: note },
    ])
      expect(await codeOf(world.mine.encrypt(row, { ifEncrypted: "keep" }))).toBe("decrypt-failed");
    world.scripted.refuse("key-disabled");
    expect(await codeOf(fieldsOf(world.another(), { fields }).encrypt({ id: 1, note }, { ifEncrypted: "keep" }))).toBe(
      "key-disabled",
    );
  });

  test("without it a ciphertext is text like any other", async () => {
    const world = new FieldsWorld({ fields });
    const once = await world.mine.encrypt({ id: 1, note: "Ada" });
    const twice = await world.mine.encrypt(once);
    expect(twice["note"]).not.toBe(once["note"]);
    expect(await world.mine.decrypt(twice)).toEqual(once);
  });
});
