import { fieldEncryption, type Envelope } from "@cmkit/core";
import { sql } from "drizzle-orm";
import { pgTable, text, uuid } from "drizzle-orm/pg-core";

// Encrypted columns are text, whatever they hold: `born` is a Date again once it is decrypted.
export const customers = pgTable("customers", {
  id: uuid().primaryKey(),
  tenant: text().notNull(),
  email: text().notNull(),
  emailIndex: text("email_index").notNull(),
  phone: text(),
  born: text(),
});
export const createTable = sql`
  create table customers (id uuid primary key, tenant text not null, email text not null, email_index text not null,
    phone text, born text); create index on customers (tenant, email_index)`;

/** What counts as the same address. The stored index rests on it: to change it, encrypt all rows again. */
export const sameEmail = (email: string): string => email.trim().toLowerCase();

export const customerFields = (envelope: Envelope) =>
  fieldEncryption({
    envelope,
    table: "customers",
    rowId: "id",
    fields: {
      email: { index: "emailIndex", normalize: sameEmail, mask: "email" },
      phone: { mask: "phone" },
      born: { type: "date" }, // has no mask of its own: hidden whole
    },
  });
