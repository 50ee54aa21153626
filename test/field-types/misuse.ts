// What must not compile. Each line after `@ts-expect-error` is wrong in the way that is said there: the error's number and, in
// quotes, a part of its words. test/field-types.test.ts compiles this file without the expectations and compares.
import { fieldEncryption } from "@cmkit/core";
import { expectTypeOf } from "vitest";
import { box, customers, pii, type Customer } from "./tables.ts";
import type { NodePgDatabase } from "drizzle-orm/node-postgres";

declare const db: NodePgDatabase;
declare const customer: Customer;

const table = { envelope: box, table: "customers", rowId: "id" } as const;

export const declarations = [
  // @ts-expect-error 2741 "'rowId' is missing" a row id, or null in so many words
  fieldEncryption({ envelope: box, table: "customers", fields: { email: {} } }),
  // @ts-expect-error 2322 "undefined" as good as none
  fieldEncryption({ ...table, rowId: undefined, fields: { email: {} } }),
  // @ts-expect-error 2322 "text" no type of a field
  fieldEncryption({ ...table, fields: { email: { type: "text" } } }),
  // @ts-expect-error 2561 "'idnex'" no option of a field
  fieldEncryption({ ...table, fields: { email: { idnex: "emailIndex" } } }),
  // @ts-expect-error 2322 "undefined" an index over JSON: equal values have many spellings
  fieldEncryption({ ...table, fields: { tags: { type: "json", index: "tagsIndex" } } }),
  // @ts-expect-error 2322 "leaksFrequency" an index over two values
  fieldEncryption({ ...table, fields: { vip: { type: "boolean", index: "vipIndex" } } }),
  // @ts-expect-error 2322 "false" yes or nothing
  fieldEncryption({ ...table, fields: { vip: { type: "boolean", index: "vipIndex", leaksFrequency: false } } }),
  // @ts-expect-error 2322 "MaskName" a mask for text on a date
  fieldEncryption({ ...table, fields: { born: { type: "date", mask: "email" } } }),
  // @ts-expect-error 2322 "iban" no mask
  fieldEncryption({ ...table, fields: { email: { mask: "iban" } } }),
  // @ts-expect-error 2322 "number" a mask that gives no text
  fieldEncryption({ ...table, fields: { email: { mask: (v) => v.length } } }),
  // @ts-expect-error 2322 "string" normalised to another type
  fieldEncryption({ ...table, fields: { score: { type: "number", index: "scoreIndex", normalize: (v) => String(v) } } }),
  // @ts-expect-error 2339 "'toLowerCase'" a number has no case
  fieldEncryption({ ...table, fields: { score: { type: "number", index: "scoreIndex", normalize: (v) => v.toLowerCase() } } }),
  // @ts-expect-error 2322 "'Date'" a migration that ends
  fieldEncryption({ ...table, fields: { email: { plain: { until: "2027-01-01" } } } }),
  // @ts-expect-error 2322 "until: Date" a migration that ends
  fieldEncryption({ ...table, fields: { email: { plain: true } } }),
  // @ts-expect-error 2322 "'never'" a version of a row that has no name
  fieldEncryption({ envelope: box, table: "customers", rowId: null, version: "rev", fields: { email: {} } }),
];

export async function encrypting(): Promise<void> {
  const { id, rev, ...rest } = customer;
  // @ts-expect-error 2345 "'id'" a row without its id
  await pii.encrypt({ rev, ...rest });
  // @ts-expect-error 2345 "'rev'" a row without its version
  await pii.encrypt({ id, ...rest });
  // @ts-expect-error 2322 "RowId" an id that may be none: a row that is not stored yet
  await pii.encrypt({ id: undefined as string | undefined, rev });
  // @ts-expect-error 2322 "RowId" a date is no id
  await pii.encrypt({ id: new Date(), rev });
  // @ts-expect-error 2322 "'number'" a number where text was declared
  await pii.encrypt({ id, rev, email: 42 });
  // @ts-expect-error 2322 "'Date" the date's text
  await pii.encrypt({ id, rev, born: "2001-02-03" });
  // @ts-expect-error 2322 "'number'" the text of a number, as databases give decimals
  await pii.encrypt({ id, rev, score: "12.50" });
  // @ts-expect-error 2322 "'number'" beyond what a number holds
  await pii.encrypt({ id, rev, score: 12n });
  // @ts-expect-error 2740 "Uint8Array" bytes as a plain array
  await pii.encrypt({ id, rev, photo: [1, 2, 3] });
  // @ts-expect-error 2322 "'symbol'" no JSON
  await pii.encrypt({ id, rev, tags: Symbol.iterator });
  // @ts-expect-error 2322 "'number'" a number below a path
  await pii.encrypt({ id, rev, address: { street: 1, city: "Graz" } });
  // @ts-expect-error 2559 "'string'" text where a path goes on
  await pii.encrypt({ id, rev, address: "1 Main Street" });
  // @ts-expect-error 2345 "'Customer[]'" rows where one is wanted
  await pii.encrypt([customer]);
  // @ts-expect-error 2740 "'Customer'" one where rows are wanted
  await pii.encryptMany(customer);
  // @ts-expect-error 2769 "keep" no way to treat ciphertext
  await pii.encrypt(customer, { ifEncrypted: "skip" });
  // @ts-expect-error 2769 "'only'" a whole row or nothing
  await pii.encrypt(customer, { only: ["email"] });
  const sealed = await pii.encrypt(customer);
  // @ts-expect-error 2345 "string" a row twice encrypted
  await pii.encrypt(sealed);
  // @ts-expect-error 2769 "Customer" a row that was never encrypted
  await db.insert(customers).values(customer);
}

export async function decrypting(): Promise<void> {
  const sealed = await pii.encrypt(customer);
  // @ts-expect-error 2345 "Date" a row that is decrypted already
  await pii.decrypt(customer);
  // @ts-expect-error 2820 "emial" no such field
  await pii.decrypt(sealed, { only: ["emial"] });
  // @ts-expect-error 2322 "plan" a column, and no field
  await pii.decrypt(sealed, { only: ["plan"] });
  const { email } = await pii.decrypt(sealed, { only: ["email"] });
  const some = await pii.decrypt(sealed, { only: ["email"] });
  // @ts-expect-error 2339 "'born'" left out
  void some.born;
  const all = await pii.decrypt(sealed);
  // @ts-expect-error 2339 "'emailIndex'" an index stays with its ciphertext
  void all.emailIndex;
  const shown = await pii.decrypt(sealed, { mask: true });
  // @ts-expect-error 2344 "Date" a mask is text
  expectTypeOf(shown.born).toEqualTypeOf<Date | null>();
  // @ts-expect-error 2344 "null" text may be null only where the field may
  expectTypeOf(email).toEqualTypeOf<string | null>();
}

export async function searching(): Promise<void> {
  // @ts-expect-error 2345 "born" a field without an index
  await pii.index("born", new Date());
  // @ts-expect-error 2345 "'number'" another type than the field's
  await pii.index("email", 42);
  // @ts-expect-error 2345 "'null'" null has no index: search for null itself
  await pii.index("email", null);
}

export async function enumerations(): Promise<void> {
  const accounts = fieldEncryption({
    ...table,
    fields: { plan: { index: "planIndex" }, level: { type: "number", index: "levelIndex" }, "home.country": { index: "c" } },
  }).for("acme");
  const plan = "free" as "free" | "paid" | null;
  // @ts-expect-error 2322 "DeclareLeaksFrequency" a union of texts
  await accounts.encrypt({ id: 1, plan });
  // @ts-expect-error 2322 "DeclareLeaksFrequency" a union of numbers
  await accounts.encrypt({ id: 1, level: 1 as 1 | 2 | 3 });
  const home = { country: "AT" as "AT" | "DE" };
  // @ts-expect-error 2322 "DeclareLeaksFrequency" at the end of a path
  await accounts.encryptMany([{ id: 1, home }]);
  // @ts-expect-error 2322 "DeclareLeaksFrequency" a batch
  await accounts.encryptAllSettled([{ id: 1, plan }]);
}
