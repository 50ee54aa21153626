import { expect, test } from "vitest";
import { fieldEncryption } from "../src/field-encryption.ts";
import type { FieldEncryptionOptions, Fields } from "../src/field-options.ts";
import { World } from "./envelope-world.ts";
import { codeOf, fieldsOf } from "./fields-world.ts";

const world = new World();
const until = new Date(0);

/** Declares whatever it is given. */
function declare(options: Record<string, unknown>): unknown {
  const whole = { envelope: world.box, table: "customers", rowId: "id", fields: { email: {} }, ...options };
  return fieldEncryption(whole as unknown as FieldEncryptionOptions<Fields, string, string>);
}

test.each<[string, Record<string, unknown>, string]>([
  ["an envelope of another making", { envelope: { seal() {}, open() {} } }, "expected what envelope() of this copy"],
  ["no envelope", { envelope: undefined }, "expected what envelope() of this copy"],
  ["no table", { table: undefined }, "expected table to be a text of 1 to 128 characters"],
  ["an empty table", { table: "" }, "expected table"],
  ["a table of 129 characters", { table: "t".repeat(129) }, "expected table"],
  ["a table with a lone surrogate", { table: "t\ud800" }, "expected table"],
  ["no row id", { rowId: undefined }, "expected rowId to be the column that names a row, or null"],
  ["an empty row id", { rowId: "" }, "expected rowId"],
  ["several row ids", { rowId: ["id", "rev"] }, "expected rowId"],
  ["a version without a row id", { rowId: null, version: "rev" }, "expected version to be a column beside that of rowId"],
  ["the row id as version", { version: "id" }, "expected version"],
  ["no name as version", { version: null }, "expected version"],
  ["an option that there is not", { versoin: "rev" }, "expected envelope, table, rowId, version, fields, got versoin"],
  ["no fields", { fields: {} }, "expected at least one field"],
  ["no fields at all", { fields: undefined }, "expected at least one field"],
  ["the row id as a field", { fields: { id: {} } }, "expected id to stay readable"],
  ["a part of the row id as a field", { fields: { "id.part": {} } }, "expected id to stay readable"],
  ["the version as a field", { version: "rev", fields: { rev: { type: "number" } } }, "expected rev to stay readable"],
  ["a field within another", { fields: { a: { type: "json" }, "a.b": {} } }, "expected either a or a.b as a field"],
  ["a field within another, first", { fields: { "a.b.c": {}, "a.b": {} } }, "expected either a.b or a.b.c as a field"],
])("a declaration with %s is refused", (_what, options, message) => {
  expect(() => declare(options)).toThrow(TypeError);
  expect(() => declare(options)).toThrow(message);
});

test.each<[string, string, unknown, string]>([
  ["nothing", "email", undefined, "expected an object for field email"],
  ["null", "email", null, "expected an object for field email"],
  ["a type alone", "email", "string", "expected an object for field email"],
  ["an option that there is not", "email", { pad: 3 }, "for field email, got pad"],
  ["a type that there is not", "email", { type: "text" }, "expected the type of field email to be one of string"],
  ["a type that objects have", "email", { type: "constructor" }, "expected the type of field email"],
  ["an index that is no name", "email", { index: 3 }, "expected the index of field email to be the name of a column"],
  ["an empty index", "email", { index: "" }, "expected the index of field email"],
  ["the prototype as index", "email", { index: "__proto__" }, "expected the index of field email"],
  ["itself as index", "email", { index: "email" }, "expected a column of its own as the index of field email"],
  ["the row id as index", "email", { index: "id" }, "expected a column of its own"],
  ["an index on json", "email", { type: "json", index: "e" }, "there is no index on json"],
  ["an index on a boolean", "email", { type: "boolean", index: "e" }, "expected leaksFrequency: true for field email"],
  ["half a yes", "email", { type: "boolean", index: "e", leaksFrequency: 1 }, "expected leaksFrequency: true"],
  ["normalize without index", "email", { normalize: String }, "expected an index for field email"],
  ["leaksFrequency without index", "email", { leaksFrequency: true }, "expected an index for field email"],
  ["no function as normalize", "email", { index: "e", normalize: "lower" }, "expected normalize of field email to be a function"],
  ["a mask that there is not", "email", { mask: "iban" }, "expected the mask of field email to be a function or, for a string"],
  ["a mask that objects have", "email", { mask: "toString" }, "expected the mask of field email"],
  ["a mask for text", "email", { type: "number", mask: "last4" }, "expected the mask of field email"],
  ["null as mask", "email", { mask: null }, "expected the mask of field email"],
  ["plain without end", "email", { plain: {} }, "expected plain of field email to be { until: Date }"],
  ["plain for ever", "email", { plain: true }, "expected plain of field email"],
  ["plain until a text", "email", { plain: { until: "2027-01-01" } }, "expected plain of field email"],
  ["plain until no date", "email", { plain: { until: new Date(Number.NaN) } }, "expected plain of field email"],
  ["null as plain", "email", { plain: null }, "expected plain of field email"],
  ["no name", "", {}, "as the name of field"],
  ["a path that begins with nothing", ".a", {}, "as the name of field"],
  ["a path that ends with nothing", "a.", {}, "as the name of field"],
  ["a path with nothing in it", "a..b", {}, "as the name of field"],
  ["a way to the prototype", "a.__proto__.b", {}, "as the name of field"],
  ["the prototype", "__proto__.b", {}, "as the name of field"],
  ["a control character", "a\nb", {}, "as the name of field"],
  ["129 characters", "n".repeat(129), {}, "as the name of field"],
])("a field with %s is refused", (_what, name, field, message) => {
  expect(() => declare({ fields: { [name]: field } })).toThrow(TypeError);
  expect(() => declare({ fields: { [name]: field } })).toThrow(message);
});

test.each([0, -1, 1.5, 65_537, Number.NaN, Infinity, "64", null])("padTo %s is refused", (padTo) => {
  expect(() => declare({ fields: { note: { padTo } } })).toThrow(
    new RangeError("expected padTo of field note to be a whole number from 1 to 65536"),
  );
});

test("a column has one purpose", () => {
  const twice = { email: { index: "found" }, phone: { index: "found" } };
  expect(() => declare({ fields: twice })).toThrow("expected a column of its own as the index of field phone, got found");
  expect(() => declare({ fields: { email: { index: "phone" }, phone: {} } })).toThrow("got phone");
  expect(() => declare({ fields: { email: { index: "a" }, "a.b": {} } })).toThrow("got a");
  expect(() => declare({ version: "rev", fields: { email: { index: "rev" } } })).toThrow("got rev");
});

test("fields that begin alike are not within one another", () => {
  expect(() => declare({ fields: { a: {}, ab: {}, "b.c": {}, "b.cd": {}, "b.c d": { plain: { until } } } })).not.toThrow();
});

test("an index needs a place for its key", () => {
  const { box } = new World({ dataKeys: undefined as never });
  expect(() => fieldEncryption({ envelope: box, table: "t", rowId: "id", fields: { email: { index: "e" } } })).toThrow(
    "data-key store",
  );
});

test("a field's declaration that changes afterwards changes nothing", async () => {
  const field: { type: "string"; padTo: number; plain?: { until: Date } } = { type: "string", padTo: 512 };
  const fields: Record<string, { type: "string"; padTo: number }> = { note: field };
  const end = new Date(0);
  const mine = fieldsOf(world.box, { fields: { ...fields, old: { plain: { until: end } } } });
  field.padTo = 1;
  delete fields["note"];
  end.setFullYear(3000);
  const { note } = await mine.encrypt({ id: "1", note: "x" });
  expect(String(note).length).toBeGreaterThan(512);
  expect(await codeOf(mine.decrypt({ id: "1", old: "x" }))).toBe("not-encrypted");
});

test("a tenant or context outside the limits is refused before there is any row", () => {
  const pii = fieldEncryption({ envelope: world.box, table: "t", rowId: "id", fields: { email: {} } });
  for (const tenant of ["", 7, undefined, "a\u0000", "a".repeat(257)]) expect(() => pii.for(tenant as string)).toThrow(TypeError);
  for (const context of [{ tenant: "other" }, { Region: "eu" }, { awsthing: "x" }, { region: "" }, { region: 5 }, "eu"])
    expect(() => pii.for("acme", { context } as never)).toThrow(TypeError);
});

test.each([
  ["a field that there is not", { only: ["fone"] }, "expected one of the fields email"],
  ["a name of objects", { only: ["constructor"] }, "expected one of the fields email"],
  ["an index column", { only: ["e"] }, "expected one of the fields email"],
  ["a field alone", { only: "email" }, "expected only to be an array of field names"],
  ["a mask's name", { mask: "email" }, "expected mask to be true or false"],
])("decrypt with %s is refused", async (_what, options, message) => {
  const mine = fieldsOf(world.box, { fields: { email: { index: "e" } } });
  await expect(mine.decrypt({ id: "1" }, options as never)).rejects.toThrow(message);
  await expect(mine.decryptMany([], options as never)).rejects.toThrow(message);
  await expect(mine.decryptAllSettled([], options as never)).rejects.toThrow(message);
});

test("encrypt refuses another ifEncrypted, and index a field that has none", async () => {
  const mine = fieldsOf(world.box, { fields: { email: { index: "e" }, phone: {} } });
  for (const ifEncrypted of ["replace", true, null])
    await expect(mine.encrypt({ id: "1" }, { ifEncrypted } as never)).rejects.toThrow('expected ifEncrypted to be "keep"');
  await expect(mine.index("phone", "1")).rejects.toThrow("expected a field with an index, got phone");
  await expect(mine.index("fax", "1")).rejects.toThrow("expected one of the fields email, phone");
});
