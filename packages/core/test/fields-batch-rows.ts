import { type FieldsWorld, fieldsOf, type Row } from "./fields-world.ts";

export const fields = { email: { index: "emailIndex" }, size: { type: "number" } } as const;

export function rows(count: number, from = 0): Row[] {
  return Array.from({ length: count }, (_, i) => ({ id: from + i, email: `person${from + i}@example.com`, size: i }));
}

/** A row that does something when it is read. */
export function readsWith(row: Row | undefined, act: () => void): Row {
  return Object.defineProperty({ ...row }, "watched", {
    enumerable: true,
    get: () => {
      act();
      return 1;
    },
  });
}

/** Rows each under a data key of its own. */
export async function underManyKeys(world: FieldsWorld, count: number): Promise<Row[]> {
  const sealed: Row[] = [];
  for (const row of rows(count)) sealed.push(await fieldsOf(world.another({ dataKeyMessages: 2 }), { fields }).encrypt(row));
  return sealed;
}
