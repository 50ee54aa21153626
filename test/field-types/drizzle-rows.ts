// Drizzle's rows through encrypt and decrypt. Compiled, never run.
import { eq } from "drizzle-orm";
import type { NodePgDatabase } from "drizzle-orm/node-postgres";
import { expectTypeOf } from "vitest";
import type { JsonValue } from "@cmkit/core";
import { customers, pii, type Address, type Customer } from "./tables.ts";

declare const db: NodePgDatabase;
declare const customer: Customer;
type Inserted = typeof customers.$inferInsert;
type Selected = typeof customers.$inferSelect;

export async function anEncryptedRowFitsTheTable(): Promise<void> {
  await db.insert(customers).values(await pii.encrypt(customer));
  await db.insert(customers).values(await pii.encryptMany([customer, { ...customer, id: "43" }]));
  const { id, ...changed } = await pii.encrypt(customer);
  await db.update(customers).set(changed).where(eq(customers.id, id));
}

export async function anEncryptedRowIsText(): Promise<void> {
  const sealed = await pii.encrypt(customer);
  expectTypeOf(sealed).toExtend<Inserted>();
  expectTypeOf(sealed).toEqualTypeOf<{
    id: string;
    rev: number;
    email: string;
    emailIndex: string;
    phone?: string | null;
    phoneIndex?: string | null;
    born: string | null;
    score: string;
    photo?: string;
    tags: string;
    address: Address;
    plan: "free" | "paid";
  }>();
  const [first] = await pii.encryptAllSettled([customer]);
  if (first?.status === "fulfilled") expectTypeOf(first.value).toEqualTypeOf(sealed);
}

export async function aDecryptedRowHasItsTypes(): Promise<void> {
  const rows = await db.select().from(customers);
  expectTypeOf(rows).toEqualTypeOf<Selected[]>();
  expectTypeOf(await pii.decryptMany(rows)).toEqualTypeOf<
    {
      id: string;
      rev: number;
      email: string;
      phone: string | null;
      born: Date | null;
      score: number;
      photo: Uint8Array | null;
      tags: JsonValue;
      address: Address;
      billing: Address | null;
      plan: "free" | "paid";
      createdAt: Date;
    }[]
  >();
}

export async function aPartOfARowIsEnough(): Promise<void> {
  const { id, rev, email, address } = customers;
  const found = await db.select({ id, rev, email, address }).from(customers);
  expectTypeOf(await pii.decryptMany(found)).toEqualTypeOf<{ id: string; rev: number; email: string; address: Address }[]>();
  const renamed = await db.select({ id, rev, name: email }).from(customers); // no field any more: it stays text
  expectTypeOf(await pii.decryptMany(renamed)).toEqualTypeOf<{ id: string; rev: number; name: string }[]>();
  const sealed = await pii.encrypt({ id: "42", rev: 2, score: 12 });
  expectTypeOf(sealed).toEqualTypeOf<{ id: string; rev: number; score: string }>();
}

export async function aSearchTakesTheFieldsType(): Promise<void> {
  const index = await pii.index("email", "ada@example.com");
  expectTypeOf(index).toEqualTypeOf<string>();
  await db.select().from(customers).where(eq(customers.emailIndex, index));
  expectTypeOf<Parameters<typeof pii.index>[0]>().toEqualTypeOf<"email" | "phone">();
}

export async function onlySomeFields(row: Selected): Promise<void> {
  expectTypeOf(await pii.decrypt(row, { only: ["born", "address.street"] })).toEqualTypeOf<{
    id: string;
    rev: number;
    born: Date | null;
    address: { street: string; city: string; access?: { floor: number } | null };
    billing: { city: string; access?: { code: string | null; floor: number } | null } | null;
    plan: "free" | "paid";
    createdAt: Date;
  }>();
}

export async function maskedFieldsAreText(row: Selected): Promise<void> {
  const masked = await pii.decrypt(row, { mask: true, only: ["email", "born", "score", "photo", "tags"] });
  expectTypeOf(masked).toEqualTypeOf<{
    id: string;
    rev: number;
    email: string;
    born: string | null;
    score: string;
    photo: string | null;
    tags: string;
    plan: "free" | "paid";
    createdAt: Date;
    address: { city: string; access?: { floor: number } | null };
    billing: { city: string; access?: { code: string | null; floor: number } | null } | null;
  }>();
}

export async function aMaskForSomePeopleOnly(row: Selected, mayReadAll: boolean): Promise<void> {
  const read = await pii.decrypt(row, { only: ["born"], mask: !mayReadAll });
  expectTypeOf(read.born).toEqualTypeOf<Date | string | null>();
  expectTypeOf(await pii.decryptMany([row], { only: ["born"], mask: !mayReadAll })).toEqualTypeOf<(typeof read)[]>();
  const [first] = await pii.decryptAllSettled([row], { only: ["born"], mask: !mayReadAll });
  if (first?.status === "fulfilled") expectTypeOf(first.value).toEqualTypeOf(read);
}
