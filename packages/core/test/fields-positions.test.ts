import fc from "fast-check";
import { describe, expect, test } from "vitest";
import type { Field } from "../src/field-options.ts";
import { isKmsError } from "../src/kms-error.ts";
import { anyCharacter } from "./any-character.ts";
import { World } from "./envelope-world.ts";
import { at, fieldsOf, withAt, type AnyFields, type Row } from "./fields-world.ts";

const value = fc.oneof(fc.string({ unit: anyCharacter, maxLength: 40 }), fc.constantFrom("", "cmk1.", "cmk1.AAAA"));
/** Everything that a value is bound to. */
interface Position {
  readonly tenant: string;
  readonly region: string;
  readonly table: string;
  readonly field: string;
  readonly id: string;
  readonly rev: number;
}

const sameType = ["a", "b", "c.d", "c.e"] as const;
const position: fc.Arbitrary<Position> = fc.record({
  tenant: fc.constantFrom("acme", "bolt", "acme "),
  region: fc.constantFrom("eu", "us", ""),
  table: fc.constantFrom("customers", "customer", "a"),
  field: fc.constantFrom(...sameType),
  id: fc.constantFrom("1", "2", "a", "customers", "1,1"),
  rev: fc.constantFrom(0, 1, 2),
});

const parts = ["tenant", "region", "table", "field", "id", "rev"] as const;
/** Two positions that differ in some of their parts, or in none. */
const twoPositions = fc
  .tuple(position, position, fc.subarray([...parts], { maxLength: 3 }))
  .map(
    ([one, other, exchanged]) =>
      [one, Object.assign({ ...one }, ...exchanged.map((part) => ({ [part]: other[part] })))] as [Position, Position],
  );

const refusals = new Set(["decrypt-failed", "unknown-data-key"]);

function holding({ id, rev, field }: Position, value: unknown): Row {
  return withAt({ id, rev }, field, value);
}

describe.each([
  ["with a store", {}],
  ["without a store", { dataKeys: undefined as never }],
])("%s", (_way, options) => {
  const world = new World(options);
  const carriesWraps = "dataKeys" in options;
  const declared = { a: {}, b: {}, "c.d": {}, "c.e": {} };
  const fields = ({ tenant, region, table }: Position, declaration: { rowId?: null; version?: string }): AnyFields =>
    fieldsOf(world.box, { table, fields: declared, ...declaration }, tenant, region === "" ? undefined : { region });

  test.each([
    ["tenant, context, table, field and row", {}, ["tenant", "region", "table", "field", "id"]],
    ["its row's version as well", { version: "rev" }, ["tenant", "region", "table", "field", "id", "rev"]],
    ["all but its row where rows have no names", { rowId: null }, ["tenant", "region", "table", "field"]],
  ] as const)("a value opens at no other position: %s", async (_what, declaration, bound) => {
    await fc.assert(
      fc.asyncProperty(twoPositions, value, async ([one, two], value) => {
        const sealed = await fields(one, declaration).encrypt(holding(one, value));
        const moved = holding(two, at(sealed, one.field));
        const same = bound.every((part) => one[part] === two[part]);
        const result = await fields(two, declaration)
          .decrypt(moved)
          .then(
            (row) => ({ given: at(row, two.field) }),
            (error: unknown) => isKmsError(error) && { field: error.field, refused: refusals.has(error.code) },
          );
        expect(result).toEqual(same ? { given: value } : { field: two.field, refused: true });
        const kept = await fields(two, declaration)
          .encrypt(moved, { ifEncrypted: "keep" })
          .then(
            (row) => at(row, two.field) === at(moved, two.field),
            (error: unknown) => isKmsError(error) && error.field !== two.field,
          );
        expect(kept).toBe(same);
      }),
      { numRuns: 400 },
    );
  });

  // Wraps are outside what is authenticated, so that they can be replaced: only portable messages carry them.
  test("any change to a ciphertext is refused, or is one of the wraps that it carries", async () => {
    const mine = fieldsOf(world.box);
    const { text: sealed } = await mine.encrypt({ id: "1", text: "Ada" });
    const whole = String(sealed);
    const alphabet = Array.from("ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_=. \u00e9");
    const place = fc.nat(whole.length - 1);
    const character = fc.constantFrom(...alphabet);
    const changed = fc.oneof(
      fc.tuple(place, character).map(([i, c]) => whole.slice(0, i) + c + whole.slice(i + 1)),
      place.map((n) => whole.slice(0, n)),
      character.map((c) => whole + c),
      character.map((c) => c + whole),
    );
    await fc.assert(
      fc.asyncProperty(changed, async (text) => {
        fc.pre(text !== whole);
        const result = await mine.decrypt({ id: "1", text }).then(
          (row) => row["text"],
          (error: unknown) => isKmsError(error) && error.code,
        );
        const refused = [...refusals, "not-encrypted", "malformed", "key-removed"];
        expect(carriesWraps && firstChange(whole, text) > 150 ? [...refused, "Ada"] : refused).toContain(result);
      }),
      { numRuns: 400 },
    );
  });
});

/** Where two texts begin to differ. */
function firstChange(a: string, b: string): number {
  return Array.from(a).findIndex((character, i) => character !== b[i]);
}

test("another declaration of a field's type never gives a value of another type", async () => {
  const { box } = new World();
  const types = ["string", "number", "boolean", "date", "bytes", "json"] as const;
  const values = { string: "1", number: 1, boolean: true, date: new Date(1), bytes: new Uint8Array([1]), json: [1] };
  for (const sealedAs of types) {
    for (const readAs of types) {
      const sealed = await fieldsOf(box, { fields: { v: { type: sealedAs } as Field } }).encrypt({
        id: "1",
        v: values[sealedAs],
      });
      const result = await fieldsOf(box, { fields: { v: { type: readAs } as Field } })
        .decrypt(sealed)
        .then(
          (row) => row["v"],
          (error: Error) => error.message,
        );
      const isJson = readAs === "json" && ["string", "number", "boolean"].includes(sealedAs);
      const refused = `decryption failed: field v of row "1": declared as ${readAs}, sealed as ${sealedAs}`;
      expect(result).toStrictEqual(sealedAs === readAs || isJson ? values[sealedAs] : refused);
    }
  }
});
