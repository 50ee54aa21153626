import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { anyCharacter } from "./any-character.ts";
import { World } from "./envelope-world.ts";
import { at, deepFrozen, everyType, fieldsOf, type AnyFields, type Row } from "./fields-world.ts";

const text = fc.oneof(
  fc.string({ unit: anyCharacter, maxLength: 40 }),
  fc.string({ unit: "grapheme", maxLength: 40 }),
  fc.constantFrom("", "cmk1.", "cmk1.AAAA", "__proto__"),
);
const number = fc.double({ noNaN: true, noDefaultInfinity: true });
const json = fc.jsonValue({ maxDepth: 4, stringUnit: anyCharacter }).filter((value) => value !== null);
const date = fc.date({ noInvalidDate: true });
const bytes = fc.uint8Array({ maxLength: 64 });
const nothing = <T>(value: fc.Arbitrary<T>): fc.Arbitrary<T | null> => fc.option(value, { nil: null, freq: 5 });
const rowId = fc.oneof(
  text.filter((id) => id !== ""),
  fc.maxSafeInteger(),
  fc.bigInt(),
);

const optional = { requiredKeys: [] as never[], noNullPrototype: true };

/** Any row over the declared fields: each with a value, null, or absent; other columns beside them. */
const row = fc.record(
  {
    id: rowId,
    rev: fc.maxSafeInteger(),
    text: nothing(text),
    size: nothing(number),
    paid: nothing(fc.boolean()),
    born: nothing(date),
    photo: nothing(bytes),
    tags: nothing(json),
    padded: nothing(text),
    address: nothing(
      fc.record(
        {
          city: fc.anything(),
          street: nothing(text),
          geo: nothing(fc.record({ point: nothing(json), since: nothing(date), plot: text }, optional)),
        },
        optional,
      ),
    ),
    other: fc.anything({ withBigInt: true, withDate: true, withMap: true, withSparseArray: true, withTypedArray: true }),
  },
  { requiredKeys: ["id", "rev"], noNullPrototype: true },
) as fc.Arbitrary<Row>;

const declared = Object.keys(everyType);

/** Text of its own for a value; null as null, and nothing as nothing. */
function isSealedOrNothing([sealed, value]: [unknown, unknown]): boolean {
  return value === null || value === undefined ? sealed === value : /^cmk1\.[\w-]{90,}$/.test(String(sealed));
}

const withStore = new World();
const portable = new World({ dataKeys: undefined as never });
const uncached = new World({ cache: { ttlMs: 0 } });
const ways: [string, AnyFields][] = [
  ["with a store", fieldsOf(withStore.box)],
  ["without a store", fieldsOf(portable.box)],
  ["without a cache", fieldsOf(uncached.box)],
  ["without a cache or a store", fieldsOf(new World({ cache: { ttlMs: 0 }, dataKeys: undefined as never }).box)],
  ["without row ids", fieldsOf(withStore.box, { rowId: null })],
  ["with versions", fieldsOf(withStore.box, { version: "rev" })],
  ["with a context", fieldsOf(withStore.box, {}, "acme", { region: "eu" })],
];

describe.each(ways)("any record, %s,", (_way, mine) => {
  test("comes back equal, is not changed, and shows no value of a declared field while it is encrypted", async () => {
    await fc.assert(
      fc.asyncProperty(row, async (given) => {
        const before: Row = { ...structuredClone(given), ...("other" in given ? { other: given["other"] } : {}) };
        const address = given["address"] as Row | null | undefined;
        if (address) (before["address"] as Row)["city"] = address["city"];
        if (address && !("city" in address)) delete (before["address"] as Row)["city"];
        const sealed = await mine.encrypt(deepFrozen(given));
        for (const field of declared) expect([at(sealed, field), at(given, field)]).toSatisfy(isSealedOrNothing);
        expect(given).toStrictEqual(before);
        expect(await mine.decrypt(deepFrozen(sealed))).toStrictEqual(before);
        const texts = declared.map((field) => at(given, field)).filter((value) => typeof value === "string");
        const shown = declared.map((field) => at(sealed, field)).join(" ");
        expect(texts.filter((value) => value.length > 5 && shown.includes(value))).toEqual([]);
      }),
      { numRuns: 60 },
    );
  });

  test("comes back equal in batches, in order", async () => {
    await fc.assert(
      fc.asyncProperty(fc.array(row, { maxLength: 5 }), async (rows) => {
        const sealed = await mine.encryptMany(rows);
        expect(await mine.decryptMany(sealed)).toStrictEqual(rows);
        const settled = await mine.decryptAllSettled(await Promise.all(rows.map(async (each) => mine.encrypt(each))));
        expect(settled).toStrictEqual(rows.map((value) => ({ status: "fulfilled", value })));
      }),
      { numRuns: 20 },
    );
  });
});
