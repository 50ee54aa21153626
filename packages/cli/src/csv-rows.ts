import { isUtf8 } from "node:buffer";
import { type CastingContext, parse } from "csv-parse/sync";
import { stringify } from "csv-stringify/sync";

import { type BadRow, notUtf8, type Row, type RowCodec, RowError } from "./row-codec.ts";
import { csvRowEnds } from "./row-ends.ts";

/** A cell; null where it is empty and not quoted, as in PostgreSQL's COPY. */
export type Cell = string | null;

/** What a CSV file is like, and what is wanted of it. */
export interface CsvLayout {
  readonly header: readonly string[];
  readonly lineEnd: "\n" | "\r\n";
  readonly rowId: string | null;
  readonly fields: readonly string[];
  /** Columns that are not written. */
  readonly dropped: readonly string[];
}

/** CSV without its header, cell by cell: those that are not declared keep their values. Blank lines are left out. */
export function csvRows(layout: CsvLayout): RowCodec {
  const columnOf = new Map(layout.header.map((name, index) => [name, index]));
  const at = (name: string): number => columnOf.get(name) ?? -1;
  const idAt = layout.rowId === null ? undefined : at(layout.rowId);
  const fieldsAt = layout.fields.map(at);
  const droppedAt = new Set(layout.dropped.map(at));
  return {
    read(bytes) {
      const cells = [...cellsOf(bytes, layout.header.length).entries()].filter(([, row]) => !isBlank(row, layout.header.length));
      const read = cells.map(([, row], index) => taken(row, index, layout.rowId, idAt, fieldsAt));
      return {
        rows: read.filter((row) => "values" in row),
        bad: read.filter((row) => "reason" in row),
        rowCount: read.length,
        lineCount: linesIn(bytes),
        lineOf: (index) => linesIn(bytes.subarray(0, csvRowEnds(bytes)[(cells[index]?.[0] ?? 0) - 1] ?? 0)),
        write: (rows) =>
          rowsToCsv(
            rows.map(({ row, values }) => merged(cells[row.index]?.[1], fieldsAt, values, droppedAt)),
            layout,
          ),
      };
    },
  };
}

/** Cells as CSV, with a line end after each row. An empty text is quoted, so that it stays apart from nothing at all. */
export function rowsToCsv(rows: readonly (readonly Cell[])[], { lineEnd }: Pick<CsvLayout, "lineEnd">): string {
  return stringify([...rows], { record_delimiter: lineEnd, quote_record_delimiter: true, quoted_match: /^$/ });
}

/**
 * The cells of one row.
 * @throws {RowError} It is not one row of CSV.
 */
export function cellsOfRow(bytes: Uint8Array): readonly Cell[] {
  if (!isUtf8(bytes)) throw new RowError(notUtf8);
  const rows = parsed(bytes, true);
  const [cells = [null]] = rows ?? [];
  if (rows === undefined || rows.length > 1) throw new RowError(brokenQuotes);
  return cells;
}

const brokenQuotes = "a quote is out of place or not closed";

function cellsOf(bytes: Uint8Array, expected: number): readonly (readonly Cell[] | RowError)[] {
  const all = isUtf8(bytes) ? parsed(bytes, hasEmptyQuotes(bytes)) : undefined;
  return all?.every((cells) => cells.length === expected || isBlank(cells, expected)) === true ? all : oneByOne(bytes, expected);
}

/** A blank line is no row, unless the file has one column: then it is an empty cell. */
function isBlank(row: readonly Cell[] | RowError, expected: number): boolean {
  return !(row instanceof RowError) && row.length === 1 && row[0] === null && expected > 1;
}

/** Where something is wrong: each row alone, so that it is known which. */
function oneByOne(bytes: Uint8Array, expected: number): readonly (readonly Cell[] | RowError)[] {
  const ends = csvRowEnds(bytes);
  const starts = [0, ...ends].filter((start) => start < bytes.length);
  return starts.map((start, index) => {
    try {
      const cells = cellsOfRow(bytes.subarray(start, ends[index]));
      if (cells.length === expected || isBlank(cells, expected)) return cells;
      throw new RowError(`expected ${expected} cells, as the header has, got ${cells.length}`);
    } catch (error) {
      if (error instanceof RowError) return error;
      throw error;
    }
  });
}

/** @returns undefined where the parser finds a fault. Its own message may quote a cell. */
function parsed(bytes: Uint8Array, telling: boolean): Cell[][] | undefined {
  try {
    return parse(Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength), {
      record_delimiter: ["\r\n", "\n"],
      relax_column_count: true,
      // Asking for each cell whether it was quoted takes three times as long.
      cast: telling ? nullUnlessQuoted : false,
    }).map((cells: Cell[]) => (telling ? cells : cells.map((cell) => (cell === "" ? null : cell))));
  } catch {
    return undefined;
  }
}

function nullUnlessQuoted(cell: string, { quoting }: CastingContext): Cell {
  return cell === "" && !quoting ? null : cell;
}

/** Whether a quoted cell may be empty. */
function hasEmptyQuotes(bytes: Uint8Array): boolean {
  const text = Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  return text.includes('""') && /(?:^|[,\n])""(?:[,\r\n]|$)/.test(text.toString("latin1"));
}

function taken(
  row: readonly Cell[] | RowError,
  index: number,
  rowId: string | null,
  idAt: number | undefined,
  fieldsAt: readonly number[],
): Row | BadRow {
  if (row instanceof RowError) return { index, reason: row.message };
  const id = idAt === undefined ? null : row[idAt];
  if (idAt !== undefined && (id === null || id === "")) return { index, reason: `${rowId ?? ""}: expected a row id, got none` };
  return { index, id: id ?? null, values: fieldsAt.map((at) => row[at]) };
}

function merged(
  row: readonly Cell[] | RowError | undefined,
  fieldsAt: readonly number[],
  values: readonly unknown[],
  droppedAt: ReadonlySet<number>,
): Cell[] {
  if (row === undefined || row instanceof RowError) return [];
  const cells = [...row];
  for (const [index, at] of fieldsAt.entries()) cells[at] = values[index] as Cell;
  return droppedAt.size === 0 ? cells : cells.filter((_cell, at) => !droppedAt.has(at));
}

function linesIn(bytes: Uint8Array): number {
  let lines = 0;
  for (let at = bytes.indexOf(0x0a); at !== -1; at = bytes.indexOf(0x0a, at + 1)) lines += 1;
  return lines;
}
