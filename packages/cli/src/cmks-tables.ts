import type { WireCmk } from "./cmks-wire.ts";
import type { Io } from "./deps.ts";
import { printable } from "./printable.ts";
import { printJson } from "./registry-json.ts";
import { table } from "./table.ts";

/** A table with headings over rules of `=`. */
export function ruledTable(headings: readonly string[], rows: readonly (readonly string[])[]): string {
  const rules = headings.map((heading, column) => {
    const widths = [heading, ...rows.map((row) => printable(row[column] ?? ""))].map(({ length }) => length);
    return "=".repeat(widths.reduce((a, b) => Math.max(a, b), 0));
  });
  return table([headings, rules, ...rows]);
}

/** Prints a key, as a table of its properties or as JSON. */
export function printCmk(cmk: WireCmk, json: boolean | undefined, io: Io): void {
  if (json) return printJson(cmk, io);
  const message = cmk.validation === undefined ? "" : `\n${printable(cmk.validation.message)}\n`;
  io.stdout(`${propertyTable(cmk)}${message}`);
}

/** A key, a property a line; with how its last check ended, where that is said. */
export function propertyTable(cmk: WireCmk): string {
  const { phase, code, since, checked_at: checkedAt } = cmk.validation ?? {};
  const ended = Object.entries({ phase, code, since, checked_at: checkedAt }).filter(([, value]) => value !== undefined);
  const rows = [...properties.map((name) => [name, spelt(cmk[name])]), ...ended.map(([name, value]) => [name, value ?? ""])];
  return ruledTable(["property", "value"], rows);
}

const properties = ["id", "provider", "default_cmk", "resource", "status", "created_at", "updated_at"] as const;

/** Prints keys, as a table or as a JSON array. */
export function printCmks(cmks: readonly WireCmk[], json: boolean | undefined, io: Io): void {
  if (json) return printJson(cmks, io);
  io.stdout(
    ruledTable(
      listed,
      cmks.map((cmk) => listed.map((name) => spelt(cmk[name]))),
    ),
  );
}

const listed = ["id", "status", "provider", "resource", "default_cmk", "created_at"] as const;

function spelt(value: string | boolean): string {
  if (typeof value === "string") return value;
  return value ? "True" : "False";
}
