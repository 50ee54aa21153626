import assert from "node:assert/strict";
import type { Said } from "./avn-stage.ts";

/** The columns of create, get and update. */
export const cmkColumns = ["id", "provider", "resource", "default_cmk", "status", "created_at", "updated_at"] as const;
/** The columns of list and delete. */
export const shortColumns = ["id", "resource", "default_cmk", "created_at", "updated_at"] as const;

/** A CMK as it is on the wire. */
export type Cmk = Readonly<Record<(typeof cmkColumns)[number], unknown>>;

/** Rows as avn writes them: left-justified, two spaces between, upper-case headers over a line of `=`. */
export function table(columns: readonly string[], rows: readonly Readonly<Record<string, unknown>>[]): string {
  const widths = columns.map((column) => Math.max(column.length, ...rows.map((row) => String(row[column]).length)));
  const line = (cells: readonly string[]): string => cells.map((cell, at) => cell.padEnd(widths[at] ?? 0)).join("  ");
  const lines = [
    line(columns.map((column) => column.toUpperCase())),
    line(widths.map((width) => "=".repeat(width))),
    ...rows.map((row) => line(columns.map((column) => String(row[column]))).trim()),
  ];
  return `${lines.join("\n")}\n`;
}

/** The rows of such a table, as text. */
export function rowsOf({ stdout }: Said): readonly Readonly<Record<string, string>>[] {
  const [header = "", , ...rows] = stdout.trimEnd().split("\n");
  const columns = header
    .trim()
    .split(/ {2,}/)
    .map((column) => column.toLowerCase());
  return rows.map((row) => Object.fromEntries(row.split(/ {2,}/).map((cell, at) => [columns[at] ?? "", cell])));
}

/** What a command prints that did what it was told. */
export function printed(said: Said): string {
  assert.deepEqual({ exit: said.exit, stderr: said.stderr }, { exit: 0, stderr: "" });
  return said.stdout;
}

/** What it prints with `--json`: indented by four, sorted. */
export function printedJson(said: Said): unknown {
  const text = printed(said);
  const value = JSON.parse(text) as unknown;
  assert.equal(text, `${JSON.stringify(sorted(value), null, 4)}\n`);
  return value;
}

/** What the server said, and its status; nothing else was printed. */
export function refused(said: Said, status: number, message: RegExp): void {
  assert.deepEqual({ exit: said.exit, stdout: said.stdout }, { exit: 1, stdout: "" });
  const [, words = "", code] = /^ERROR\tcommand failed: Error: (.+) \(status (\d+)\)\n$/.exec(said.stderr) ?? [];
  assert.equal(Number(code), status, `not an answer of the server: ${said.stderr}`);
  assert.match(words, message);
}

function sorted(value: unknown): unknown {
  if (Array.isArray(value)) return value.map(sorted);
  if (typeof value !== "object" || value === null) return value;
  const entries = Object.entries(value).map(([name, inner]): readonly [string, unknown] => [name, sorted(inner)]);
  return Object.fromEntries(entries.sort(([one], [other]) => (one < other ? -1 : 1)));
}
