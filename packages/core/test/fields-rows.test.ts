import { describe, expect, test } from "vitest";
import { type AnyFields, deepFrozen, fieldsOf, fullRow, refusal, type Row } from "./fields-world.ts";
import { World } from "./envelope-world.ts";

const { box } = new World();
const mine = fieldsOf(box);
const unbound = fieldsOf(box, { rowId: null });
const secret = "canary-7f3a";

class Document {
  readonly #values: Row;
  constructor(values: Row) {
    this.#values = values;
  }
  get id(): unknown {
    return this.#values["id"];
  }
  get text(): unknown {
    return this.#values["text"];
  }
  get address(): unknown {
    return this.#values["address"];
  }
}

class Address {
  readonly street = secret;
}

/** A row with one property more, defined so. */
function having(name: string, property: PropertyDescriptor, row: object = { id: "r1" }): object {
  return Object.defineProperty(row, name, { enumerable: true, ...property });
}

async function run(operation: "encrypt" | "decrypt", fields: AnyFields, row: unknown): Promise<Row> {
  return operation === "encrypt" ? fields.encrypt(row as Row) : fields.decrypt(row as Row);
}

function throwing(): never {
  throw new Error(secret);
}

const hidden = "expected an enumerable property of the row's own, got an inherited or hidden one";

describe.each(["encrypt", "decrypt"] as const)("%s refuses", (operation) => {
  test.each<[string, object]>([
    ["a row that was not awaited", Promise.resolve({ text: secret })],
    ["a date", new Date(0)],
  ])("%s where no row id is asked for", async (_what, row) => {
    await expect(run(operation, unbound, row)).rejects.toThrow("expected a row: an object with columns");
  });

  test.each<[string, unknown, string]>([
    ["nothing", undefined, "expected a row: an object"],
    ["null", null, "expected a row: an object"],
    ["text", secret, "expected a row: an object"],
    ["an array", [{ id: "r1", text: secret }], "expected a row: an object"],
    ["a function", Object.assign(() => 1, { id: "r1", text: secret }), "expected a row: an object"],
    ["a row that was not awaited", Promise.resolve({ id: "r1" }), "as column id, got undefined"],
    ["a map", new Map([["id", "r1"]]), "as column id, got undefined"],
    ["a document with a row id behind a getter", new Document({ id: "r1", text: secret }), "as column id, got an inherited one"],
    ["a document over its values", Object.create({ id: "r1", text: secret }), "as column id, got an inherited one"],
    [
      "a document with a field behind a getter",
      having("id", { value: "r1" }, new Document({ text: secret })),
      `field text of row "r1": ${hidden}`,
    ],
    ["a document without a value yet", having("id", { value: "r1" }, new Document({})), `field text of row "r1": ${hidden}`],
    [
      "a field that is inherited",
      Object.assign(Object.create({ text: secret }), { id: "r1" }),
      `field text of row "r1": ${hidden}`,
    ],
    ["a hidden field", having("text", { value: secret, enumerable: false }), `field text of row "r1": ${hidden}`],
    ["a hidden getter", having("text", { get: () => secret, enumerable: false }), `field text of row "r1": ${hidden}`],
    [
      "a hidden part",
      { id: "r1", address: having("street", { value: secret, enumerable: false }, {}) },
      `field address.street of row "r1": ${hidden}`,
    ],
    [
      "a hidden way to a part",
      having("address", { value: { street: secret }, enumerable: false }),
      `field address.street of row "r1": ${hidden}`,
    ],
    [
      "a way through an instance of a class",
      { id: "r1", address: new Address() },
      'field address.street of row "r1": expected a plain object as address, got an instance of a class',
    ],
    [
      "a way through an array",
      { id: "r1", address: [{ street: secret }] },
      "expected a plain object as address, got an array: declare the array itself, as json",
    ],
    ["a way through an empty array", { id: "r1", address: [] }, "expected a plain object as address, got an array"],
    [
      "a way through text",
      { id: "r1", address: JSON.stringify({ street: secret }) },
      "expected a plain object as address, got string",
    ],
    [
      "a way through a deeper array",
      { id: "r1", address: { geo: [secret] } },
      'field address.geo.point of row "r1": expected a plain object as address.geo, got an array',
    ],
    [
      "a path that is written as one name",
      { id: "r1", "address.street": secret },
      'field address.street of row "r1": expected a path, got a property named address.street',
    ],
    [
      "a path whose end is written as one name",
      { id: "r1", address: { "geo.point": [secret] } },
      "expected a path, got a property named geo.point",
    ],
    [
      "a path whose beginning is written as one name",
      { id: "r1", "address.geo": { point: [secret] } },
      "expected a path, got a property named address.geo",
    ],
    ["a getter that throws", having("plan", { get: throwing }), "expected properties that can be read, got one that throws"],
    [
      "a part whose getter throws",
      { id: "r1", address: having("street", { get: throwing }, {}) },
      'field address.street of row "r1": expected properties that can be read, got one that throws',
    ],
    [
      "a proxy that throws",
      new Proxy({ id: "r1" }, { ownKeys: throwing }),
      "expected properties that can be read, got one that throws",
    ],
  ])("%s", async (_what, row, message) => {
    const error = await refusal(run(operation, mine, row));
    expect(error).toBeInstanceOf(TypeError);
    expect(error.message).toContain(message);
    expect(`${error.message} ${error.stack}`).not.toContain(secret);
  });

  test.each<[string, object, string]>([
    ["a document with a field behind a getter", new Document({ text: secret }), "text"],
    ["a document with a way behind a getter", having("text", { value: null }, new Document({})), "address.street"],
    ["a field that is inherited", Object.create({ address: { street: secret } }) as object, "address.street"],
  ])("%s, where rows have no names", async (_what, row, field) => {
    await expect(run(operation, unbound, row)).rejects.toThrow(new TypeError(`field ${field}: ${hidden}`));
  });

  test.each<[string, unknown, string]>([
    ["nothing", undefined, "undefined"],
    ["null", null, "object"],
    ["empty text", "", "string"],
    ["513 characters", "i".repeat(513), "string"],
    ["a lone surrogate", "i\ud800", "string"],
    ["a fraction", 1.5, "number"],
    ["NaN", Number.NaN, "number"],
    ["a number that has neighbours", 2 ** 53, "number"],
    ["infinity", Infinity, "number"],
    ["a boolean", true, "boolean"],
    ["a date", new Date(0), "object"],
    ["bytes", new Uint8Array([1]), "object"],
    ["an object that calls itself so", { toString: () => "r1" }, "object"],
    ["boxed text", Object("r1"), "object"],
    ["a symbol", Symbol("r1"), "symbol"],
    ["a function", () => "r1", "function"],
  ])("%s as row id, and as version", async (_what, id, got) => {
    const expected = "expected a text of 1 to 512 characters, a whole number or a bigint as column";
    await expect(run(operation, mine, { id, text: null })).rejects.toThrow(new TypeError(`${expected} id, got ${got}`));
    const versioned = fieldsOf(box, { version: "rev" });
    await expect(run(operation, versioned, { id: "1", rev: id })).rejects.toThrow(new TypeError(`${expected} rev, got ${got}`));
  });
});

test.each<[string, unknown, unknown]>([
  ["a number and its text", 42, "42"],
  ["a bigint and its text", 2n ** 64n, "18446744073709551616"],
  ["a bigint and the number", 7n, 7],
  ["minus zero and zero", -0, 0],
  ["512 characters", "\u{1f600}".repeat(256), "\u{1f600}".repeat(256)],
  ["a name of objects", "__proto__", "__proto__"],
])("%s are one row id", async (_what, id, same) => {
  const { text } = await mine.encrypt({ id, text: "Ada" });
  expect(await mine.decrypt({ id: same, text })).toEqual({ id: same, text: "Ada" });
});

test.each<[unknown, unknown]>([
  ["1", "01"],
  ["1", "1 "],
  ["a", "A"],
  ["\u00e9", "e\u0301"],
  [1, -1],
  ["constructor", "toString"],
])("%j and %j are two row ids", async (id, other) => {
  const { text } = await mine.encrypt({ id, text: "Ada" });
  const error = await refusal(mine.decrypt({ id: other, text }));
  expect(error).toMatchObject({
    code: "decrypt-failed",
    field: "text",
    message: `decryption failed: field text of row ${JSON.stringify(String(other))}`,
  });
});

test("a long row id is shown by its beginning", async () => {
  const error = await refusal(mine.decrypt({ id: "i".repeat(500), text: "Ada" }));
  expect(error.message).toContain(`field text of row "${"i".repeat(64)}…"`);
});

test("a row id that is too long together with the names is refused by field and row", async () => {
  const field = "\u00e9".repeat(128);
  const long = fieldsOf(box, { table: "\u20ac".repeat(128), fields: { [field]: {} }, version: "rev" });
  const row = { id: "\u20ac".repeat(500), rev: 1, [field]: "Ada" };
  for (const run of [long.encrypt(row), long.encryptMany([row])]) {
    const error = await refusal(run);
    expect(error).toBeInstanceOf(RangeError);
    expect(error.message).toMatch(new RegExp(`^field ${field} of row "€{64}…": expected a path`));
  }
});

test("rows are never changed, nor are the objects in them", async () => {
  const row = deepFrozen(fullRow());
  const before = structuredClone(row);
  const sealed = deepFrozen(await mine.encrypt(row));
  const opened = await mine.decrypt(sealed);
  expect(row).toStrictEqual(before);
  expect(opened).toStrictEqual(before);
  expect(opened["photo"]).not.toBe(row["photo"]);
  expect(await mine.decrypt(sealed, { only: ["text"] })).toStrictEqual({
    id: "r1",
    plan: "gold",
    text: "Ada Lovelace",
    address: { city: "London", geo: { plot: 4 } },
  });
});

test("other columns are kept as they are: cycles, holes, instances, own __proto__", async () => {
  const loop: Row = { name: "loop" };
  loop["self"] = loop;
  // oxlint-disable-next-line no-sparse-arrays
  const others = { loop, holes: [1, , 3], at: new Map([[1, 2]]), big: 2n ** 70n, none: undefined, "a.b": 1, nan: Number.NaN };
  const row = having("__proto__", { value: { text: "inherited?" } }, { id: "r1", text: "Ada", ...others });
  const sealed = await mine.encrypt(row);
  for (const result of [sealed, await mine.decrypt(sealed)]) {
    expect(Object.getPrototypeOf(result)).toBe(Object.prototype);
    expect(Object.getOwnPropertyDescriptor(result, "__proto__")?.value).toEqual({ text: "inherited?" });
    for (const [name, value] of Object.entries(others)) expect(result[name]).toBe(value);
    expect(result["holes"]).toHaveLength(3);
  }
});

test("a row without a prototype is a row, and names of objects are columns like any other", async () => {
  const fields = { constructor: {}, toString: {}, "hasOwnProperty.valueOf": {} } as never;
  const odd = fieldsOf(box, { rowId: "isPrototypeOf", fields });
  expect(await odd.encrypt({ isPrototypeOf: "1" })).toStrictEqual({ isPrototypeOf: "1" });
  const row = { isPrototypeOf: "1", constructor: "a", toString: "b", hasOwnProperty: { valueOf: "c" } };
  const sealed = await odd.encrypt(Object.assign(Object.create(null) as object, row));
  expect(JSON.stringify(sealed)).not.toContain('"a"');
  expect(await odd.decrypt(sealed)).toStrictEqual(row);
});

test("an accessor of the row's own, and every property of a proxy, is read once", async () => {
  const reads: string[] = [];
  const changing = (target: object): object =>
    new Proxy(target, {
      get(from, key) {
        reads.push(String(key));
        const value: unknown = Reflect.get(from, key);
        return typeof value === "object" && value !== null
          ? value
          : `${String(value)}${reads.filter((read) => read === key).length}`;
      },
    });
  const row = changing({ id: "r", text: "a", padded: "b", address: changing({ street: "c" }) });
  const opened = await mine.decrypt(await mine.encrypt(row));
  expect(opened).toStrictEqual({ id: "r1", text: "a1", padded: "b1", address: { street: "c1" } });
  expect(reads.sort()).toEqual(["address", "id", "padded", "street", "text"]);
});
