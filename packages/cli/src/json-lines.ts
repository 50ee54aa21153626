import { isUtf8 } from "node:buffer";

import { holdsExactly } from "./exact-numbers.ts";
import { droppedField, findSlots, rowIdField, type Slot, type SlotTree, slotTree } from "./json-slots.ts";
import { type BadRow, notUtf8, type Row, type RowCodec, RowError } from "./row-codec.ts";
import { lineEnds } from "./row-ends.ts";

/** What is wanted of a file of JSON Lines. */
export interface JsonLinesLayout {
  readonly rowId: string | null;
  readonly fields: readonly string[];
  /** Members that are not written. */
  readonly dropped: readonly string[];
}

/**
 * JSON Lines. What is written differs from what was read in the declared members alone: numbers, spaces, escapes and the
 * order of keys stay as they are. Blank lines are left out.
 */
export function jsonLines({ rowId, fields, dropped }: JsonLinesLayout): RowCodec {
  const tree = slotTree(fields, rowId, dropped);
  return {
    read(bytes) {
      const lines = linesOf(bytes);
      const rowLines = [...lines.entries()].filter(([, line]) => line instanceof RowError || line.trim() !== "");
      const read = rowLines.map(([, line], index) => readLine(line, index, tree, rowId, fields));
      return {
        rows: read.flatMap((row) => ("slots" in row ? [row.row] : [])),
        bad: read.filter((row) => "reason" in row),
        rowCount: read.length,
        lineCount: lines.length,
        lineOf: (index) => rowLines[index]?.[0] ?? 0,
        write: (rows) => rows.map(({ row, values }) => spliced(read[row.index], values)).join(""),
      };
    },
  };
}

interface ReadLine {
  readonly text: string;
  readonly row: Row;
  readonly slots: readonly Slot[];
}

/** Each line without its end. The last may have none. */
function linesOf(bytes: Uint8Array): readonly (string | RowError)[] {
  const text = Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  if (isUtf8(bytes)) return withoutLast(text.toString().split("\n"));
  const ends = lineEnds(bytes);
  return [0, ...ends]
    .filter((start) => start < bytes.length)
    .map((start, index) => text.subarray(start, ends[index] === undefined ? undefined : ends[index] - 1))
    .map((line) => (isUtf8(line) ? line.toString() : new RowError(notUtf8)));
}

function withoutLast(lines: string[]): string[] {
  return lines.at(-1) === "" ? lines.slice(0, -1) : lines;
}

function readLine(
  line: string | RowError,
  index: number,
  tree: SlotTree,
  rowId: string | null,
  fields: readonly string[],
): ReadLine | BadRow {
  if (line instanceof RowError) return { index, reason: line.message };
  try {
    checkObject(line);
    const slots = findSlots(line, tree);
    const values: unknown[] = fields.map(() => undefined);
    let id: Row["id"] = null;
    for (const { field, start, end } of slots) {
      if (field === droppedField) continue;
      const json = line.slice(start, end);
      if (field === rowIdField) id = idOf(json, rowId ?? "");
      else values[field] = valueOf(json, fields[field] ?? "");
    }
    if (rowId !== null && id === null) throw new RowError(`${rowId}: expected a row id, got none`);
    return { text: line, row: { index, id, values }, slots };
  } catch (error) {
    if (error instanceof RowError) return { index, reason: error.message };
    throw error;
  }
}

/** The parser's own message would quote the line. */
function checkObject(line: string): void {
  let value: unknown;
  try {
    value = JSON.parse(line);
  } catch {
    throw new RowError("not JSON");
  }
  if (typeof value !== "object" || value === null || Array.isArray(value)) throw new RowError("not a JSON object");
}

function idOf(json: string, rowId: string): string | number | bigint {
  const id: unknown = json.startsWith('"') ? JSON.parse(json) : wholeNumber(json);
  if (typeof id === "string" ? id !== "" : id !== undefined) return id as string | number | bigint;
  throw new RowError(`${rowId}: expected a text that is not empty, or a whole number, as row id`);
}

/** Ids of 64 bits are more than a number holds. */
function wholeNumber(json: string): number | bigint | undefined {
  if (!/^(?:0|-?[1-9]\d*)$/.test(json)) return undefined;
  return Number.isSafeInteger(Number(json)) ? Number(json) : BigInt(json);
}

function valueOf(json: string, field: string): unknown {
  if (!holdsExactly(json)) throw new RowError(`${field}: holds a number that JavaScript cannot hold exactly; make it a text`);
  return JSON.parse(json);
}

function spliced(line: ReadLine | BadRow | undefined, values: readonly unknown[]): string {
  if (line === undefined || "reason" in line) return "";
  let text = "";
  let at = 0;
  for (const { field, start, end } of line.slots) {
    if (field === rowIdField) continue;
    text += line.text.slice(at, start);
    if (field !== droppedField) text += JSON.stringify(values[field]);
    at = end;
  }
  return `${text}${line.text.slice(at)}\n`;
}
