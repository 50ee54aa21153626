import { describe, expect, expectTypeOf, it } from "vitest";
import { fieldEncryption } from "../src/field-encryption.ts";
import { World } from "./envelope-world.ts";

interface Address {
  street?: string | null;
  city: string;
}

const declared = { "address.street": { index: "streetIndex" }, email: { index: "emailIndex" } } as const;

async function encrypted(row: { id: string; email?: string; address?: Address | null }) {
  const world = new World();
  const mine = fieldEncryption({ envelope: world.box, table: "customers", rowId: "id", fields: declared }).for("acme");
  return world.settle(mine.encrypt(row));
}

describe("the index of a nested field", () => {
  it.each([
    ["the column is null", null],
    ["its object lacks the property", { city: "Graz" }],
    ["the property is null", { city: "Graz", street: null }],
  ])("is null when %s, so that an update takes the old index away", async (_when, address) => {
    const row = await encrypted({ id: "1", address });
    expect(row).toStrictEqual({ id: "1", address, streetIndex: null });
  });

  it("is left alone when the row has no such column", async () => {
    const row = await encrypted({ id: "1" });
    expect(row).toStrictEqual({ id: "1" });
    expectTypeOf(row.streetIndex).toEqualTypeOf<string | null | undefined>();
  });

  it("may be null in its type when the property is optional", async () => {
    const world = new World();
    const mine = fieldEncryption({ envelope: world.box, table: "customers", rowId: "id", fields: declared }).for("acme");
    const address: Address = { city: "Graz", street: "Hauptplatz 1" };
    const row = await world.settle(mine.encrypt({ id: "1", address }));
    expectTypeOf(row.streetIndex).toEqualTypeOf<string | null>();
    expect(row.streetIndex).toMatch(/^[\w-]{22}$/);
  });
});
