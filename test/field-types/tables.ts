// Tables as an application declares them, and what is encrypted in them. Encrypted columns are text, whatever they hold.
import { fieldEncryption, type Envelope } from "@cmkit/core";
import { integer, jsonb, pgTable, text, timestamp, uuid } from "drizzle-orm/pg-core";
import type { ColumnType, Generated, JSONColumnType } from "kysely";

export interface Address {
  street: string;
  city: string;
  access?: { code: string | null; floor: number } | null;
}

export declare const box: Envelope;

export const customers = pgTable("customers", {
  id: uuid().primaryKey(),
  rev: integer().notNull(),
  email: text().notNull(),
  emailIndex: text("email_index").notNull(),
  phone: text(),
  phoneIndex: text("phone_index"),
  born: text(),
  score: text().notNull(),
  photo: text(),
  tags: text().notNull(),
  address: jsonb().$type<Address>().notNull(),
  billing: jsonb().$type<Address>(),
  plan: text({ enum: ["free", "paid"] }).notNull(),
  createdAt: timestamp("created_at").notNull().defaultNow(),
});

export const pii = fieldEncryption({
  envelope: box,
  table: "customers",
  rowId: "id",
  version: "rev",
  fields: {
    email: { index: "emailIndex", normalize: (v) => v.trim().toLowerCase(), mask: "email" },
    phone: { index: "phoneIndex", mask: "phone" },
    born: { type: "date", mask: (v) => String(v.getUTCFullYear()) },
    score: { type: "number" },
    photo: { type: "bytes" },
    tags: { type: "json" },
    "address.street": { padTo: 64 },
    "address.access.code": {},
    "billing.street": {},
  },
}).for("acme");

/** A customer as the application handles it: its own type, or one that a schema library inferred. */
export interface Customer {
  id: string;
  rev: number;
  email: string;
  phone?: string | null;
  born: Date | null;
  score: number;
  photo?: Uint8Array;
  tags: string[];
  address: Address;
  plan: "free" | "paid";
}

export interface Database {
  people: {
    id: string;
    email: string;
    email_index: string;
    phone: string | null;
    phone_index: string | null;
    born: string | null;
    address: ColumnType<Address, Address, Address>;
    settings: JSONColumnType<{ theme: string }>;
    visits: Generated<number>;
  };
}

export const people = fieldEncryption({
  envelope: box,
  table: "people",
  rowId: "id",
  fields: {
    email: { index: "email_index" },
    phone: { index: "phone_index", plain: { until: new Date("2027-01-01") } },
    born: { type: "date", plain: { until: new Date("2027-01-01") } },
    "address.street": {},
  },
}).for("acme");
