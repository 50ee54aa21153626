// Rows of other shapes. Compiled, never run.
import { fieldEncryption, type Fields, type TenantFields } from "@cmkit/core";
import { expectTypeOf } from "vitest";
import { box } from "./tables.ts";

interface Person {
  readonly kind: "person";
  readonly id: number;
  readonly name: string;
  readonly home?: { readonly street?: string | null; readonly geo: [number, number] } | null;
}
interface Company {
  readonly kind: "company";
  readonly id: number;
  readonly vat: string | null;
}

const parties = fieldEncryption({
  envelope: box,
  table: "parties",
  rowId: "id",
  fields: { name: {}, vat: { index: "vatIndex" }, "home.street": { index: "streetIndex" }, "home.geo": { type: "json" } },
}).for("acme");

export async function aUnionStaysAUnion(party: Person | Company): Promise<void> {
  const sealed = await parties.encrypt(party);
  if (sealed.kind === "company") {
    expectTypeOf(sealed.vat).toEqualTypeOf<string | null>();
    expectTypeOf(sealed.vatIndex).toEqualTypeOf<string | null>();
  } else {
    expectTypeOf(sealed).toEqualTypeOf<{
      readonly kind: "person";
      readonly id: number;
      readonly name: string;
      readonly home?: { readonly street?: string | null; readonly geo: string } | null;
      streetIndex?: string | null;
    }>();
  }
  const opened = await parties.decrypt(sealed);
  if (opened.kind === "company") expectTypeOf(opened).toEqualTypeOf<Company>();
  else expectTypeOf(opened.name).toEqualTypeOf<string>();
}

export async function fieldsKnownOnlyAtRunTime(fields: Fields, rowId: string | null): Promise<void> {
  const dynamic = fieldEncryption({ envelope: box, table: "t", rowId, fields }).for("acme");
  const rows: Record<string, unknown>[] = [{ a: 1 }];
  expectTypeOf(await dynamic.encryptMany(rows)).toEqualTypeOf<Record<string, unknown>[]>();
  expectTypeOf(await dynamic.decryptMany(rows, { only: ["a"] })).toEqualTypeOf<Record<string, unknown>[]>();
  expectTypeOf(await dynamic.index("a", "x")).toEqualTypeOf<string>();
}

/** Fields, row id and version of a declaration can be named, to be handed on. */
export function canBePassedOn(): TenantFields<{ email: { index: "emailIndex" } }, "id", never> {
  return fieldEncryption({ envelope: box, table: "t", rowId: "id", fields: { email: { index: "emailIndex" } } }).for("acme");
}

export async function withoutARowId(): Promise<void> {
  const settings = fieldEncryption({ envelope: box, table: "settings", rowId: null, fields: { secret: {} } }).for("acme");
  expectTypeOf(await settings.encrypt({ secret: "x", shown: 1 })).toEqualTypeOf<{ secret: string; shown: number }>();
}

export async function fewValuesInTheOpen(): Promise<void> {
  const accounts = fieldEncryption({
    envelope: box,
    table: "accounts",
    rowId: "id",
    fields: {
      plan: { index: "planIndex", leaksFrequency: true },
      active: { type: "boolean", index: "activeIndex", leaksFrequency: true },
      ref: { index: "refIndex" },
    },
  }).for("acme");
  const plan = "free" as "free" | "paid";
  const ref = "user_1" as `user_${string}`; // not an enumeration
  expectTypeOf(await accounts.encrypt({ id: 1n, plan, active: true, ref })).toEqualTypeOf<{
    id: bigint;
    plan: string;
    planIndex: string;
    active: string;
    activeIndex: string;
    ref: string;
    refIndex: string;
  }>();
}
