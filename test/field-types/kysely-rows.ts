// Kysely's rows through encrypt and decrypt. Compiled, never run.
import type { Insertable, Kysely, Selectable, Updateable } from "kysely";
import { expectTypeOf } from "vitest";
import { people, type Address, type Database } from "./tables.ts";

declare const db: Kysely<Database>;
type People = Database["people"];

/** A person as the application handles it. */
interface Person {
  id: string;
  email: string;
  phone: string | null;
  born: Date | null;
  address: Address;
}

export async function anEncryptedRowFitsTheTable(person: Person): Promise<void> {
  const settings = JSON.stringify({ theme: "dark" });
  const row = { ...(await people.encrypt(person)), settings };
  expectTypeOf(row).toExtend<Insertable<People>>();
  await db.insertInto("people").values(row).execute();
  const rows = await people.encryptMany([{ ...person, settings }]);
  await db.insertInto("people").values(rows).execute();
  const changed = await people.encrypt({ id: "42", phone: null, born: new Date() });
  expectTypeOf(changed).toEqualTypeOf<{ id: string; phone: string | null; phone_index: string | null; born: string }>();
  expectTypeOf(changed).toExtend<Updateable<People>>();
  await db.updateTable("people").set(changed).where("id", "=", changed.id).execute();
}

export async function aDecryptedRowHasItsTypes(): Promise<void> {
  const rows = await db
    .selectFrom("people")
    .selectAll()
    .where("email_index", "=", await people.index("email", "ada@example.com"))
    .execute();
  expectTypeOf(rows).toEqualTypeOf<Selectable<People>[]>();
  expectTypeOf(await people.decryptMany(rows)).toEqualTypeOf<
    {
      id: string;
      email: string;
      phone: string | null;
      born: Date | null;
      address: Address;
      settings: { theme: string };
      visits: number;
    }[]
  >();
}

export async function aRowOfAnUnfinishedMigration(row: Selectable<People>): Promise<void> {
  // What the table held before: values as they were, some of them encrypted already.
  const kept = await people.encrypt(row, { ifEncrypted: "keep" });
  expectTypeOf(kept).toEqualTypeOf<{
    id: string;
    email: string;
    email_index: string;
    phone: string | null;
    phone_index: string | null;
    born: string | null;
    address: Address;
    settings: { theme: string };
    visits: number;
  }>();
  const before = { id: "42", born: new Date() as Date | string | null };
  expectTypeOf(await people.encrypt(before, { ifEncrypted: "keep" })).toEqualTypeOf<{ id: string; born: string | null }>();
  expectTypeOf(await people.decrypt(before)).toEqualTypeOf<{ id: string; born: Date | null }>();
}
