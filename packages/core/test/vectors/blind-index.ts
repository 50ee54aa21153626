import { createHmac, hkdfSync } from "node:crypto";
import { dataKey, sha256, type Context } from "./data-keys.ts";
import { array, bstr, fromHex, hex, int, join, tstr, type Bytes } from "./raw-cbor.ts";
import { contexts } from "./world.ts";

// §18 of the format: blind indexes. Written from the page, not from the sources.

export interface BlindIndexVector {
  readonly name: string;
  readonly context: Context;
  /** Of the index key. */
  readonly root: string;
  readonly id: string;
  readonly contentKey: string;
  readonly table: string;
  readonly field: string;
  readonly normalization: "none" | "custom";
  readonly fieldKey: string;
  /** The normalised value as §17 encodes it, unpadded. */
  readonly value: string;
  readonly index: string;
}

type Case = readonly [
  name: string,
  value: Uint8Array,
  of?: Partial<Pick<BlindIndexVector, "context" | "table" | "field" | "normalization">>,
];

const ada = tstr("ada@example.com");

const cases: readonly Case[] = [
  ["text", ada],
  ["another text", tstr("Ada@example.com")],
  ["a normalised field", ada, { normalization: "custom" }],
  ["another field", ada, { field: "backup" }],
  ["another table", ada, { table: "leads" }],
  ["table and field exchanged", ada, { table: "email", field: "customers" }],
  ["names that join to the same text", ada, { table: "customer", field: "semail" }],
  ["a path as a field", ada, { field: "address.street" }],
  ["names beyond ASCII", ada, { table: "Kundschaft 顧客", field: "größe" }],
  ["long names", ada, { table: "t".repeat(128), field: "ü".repeat(128) }],
  ["another tenant", ada, { context: contexts.other }],
  ["eight context entries", ada, { context: contexts.eight }],
  ["a context beyond ASCII", ada, { context: contexts.unicode }],
  ["no text", tstr("")],
  ["text beyond ASCII", tstr("Żółć 🔑")],
  ["text longer than a block of SHA-256", tstr("long ".repeat(50))],
  ["zero", int(0)],
  ["a number", int(42)],
  ["a number as text", tstr("42")],
  ["a negative number", int(-70_000)],
  ["a fraction", fromHex("f93e00")], // 1.5
  ["true", fromHex("f5")],
  ["a date", fromHex("d903e9a2011a6553f100221864")], // 2023-11-14T22:13:20.100Z
  ["bytes", bstr(fromHex("00ff10"))],
  ["an array", array(int(1), tstr("a"))],
];

export function blindIndexVectors(): readonly BlindIndexVector[] {
  return cases.map(([name, value, of = {}]) => {
    const { context = contexts.one, table = "customers", field = "email", normalization = "none" } = of;
    const { root, id, contentKey } = dataKey("blind index", context, "index");
    const fieldKey = fieldKeyOf(contentKey, table, field, normalization);
    const mac = createHmac("sha256", fieldKey).update(value).digest();
    const index = mac.subarray(0, 16).toString("base64url");
    const key = { context, root: hex(root), id: hex(id), contentKey: hex(contentKey) };
    return { name, ...key, table, field, normalization, fieldKey: hex(fieldKey), value: hex(value), index };
  });
}

function fieldKeyOf(contentKey: Bytes, ...names: readonly string[]): Bytes {
  const info = join(Buffer.from("cmkit/1 blind index\0"), sha256(array(...names.map(tstr))));
  return new Uint8Array(hkdfSync("sha256", contentKey, new Uint8Array(0), info, 32));
}
