import { CliError } from "./cli-error.ts";
import { csvHeader } from "./csv-header.ts";
import { rowsToCsv } from "./csv-rows.ts";
import { fileHead } from "./file-head.ts";
import type { FileJob, FileLayout } from "./file-job.ts";
import type { Input } from "./file-input.ts";
import { type RowBatch, rowBatches } from "./row-batches.ts";
import { csvRowEnds, lineEnds } from "./row-ends.ts";

/** A file of rows, read up to the first one. */
export interface Table {
  readonly layout: FileLayout;
  /** What is written before the first row. */
  readonly start: string;
  /** How many lines come before the first row. */
  readonly linesBefore: number;
  readonly batches: AsyncIterable<RowBatch>;
}

const byteOrderMark = "\ufeff";

/** @throws {CliError} `refused`: it is empty, or lacks a column. */
export async function openTable(input: Input, job: Pick<FileJob, "fields" | "rowId" | "dropped">): Promise<Table> {
  const { format, bom, lineEnd, blankLines, rest } = await fileHead(input.bytes, input.name);
  const mark = bom ? byteOrderMark : "";
  if (format === "json-lines") {
    const batches = rowBatches(rest, lineEnds, "next-line");
    return { layout: { format }, start: mark, linesBefore: blankLines, batches };
  }
  const batches = rowBatches(rest, csvRowEnds, "end");
  const { value: first } = await batches.next();
  if (!(first instanceof Uint8Array))
    throw new CliError("refused", `${input.name}: the header is too long.`, "Give CSV with a header, or JSON Lines.");
  const end = csvRowEnds(first)[0] ?? first.length;
  const needed = [...job.fields, ...(job.rowId === null ? [] : [job.rowId])];
  const header = csvHeader(first.subarray(0, end), input.name, needed);
  const written = header.filter((column) => !job.dropped.includes(column));
  return {
    layout: { format, header, lineEnd },
    start: mark + rowsToCsv([written], { lineEnd }),
    linesBefore: blankLines + lineEnds(first.subarray(0, end)).length,
    batches: resumed(first.subarray(end), batches),
  };
}

async function* resumed(first: Uint8Array, rest: AsyncGenerator<RowBatch>): AsyncGenerator<RowBatch, void, undefined> {
  if (first.length > 0) yield first;
  yield* rest;
}
