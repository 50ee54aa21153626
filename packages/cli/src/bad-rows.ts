import { type BatchResult, type LeftOut, namedRows } from "./batch-cipher.ts";
import { CliError } from "./cli-error.ts";
import type { FileJob } from "./file-job.ts";
import { maxRowBytes } from "./row-batches.ts";

/** Counts the rows and lines of a file as its batches come, and keeps the first of those that were left out. */
export class RowTally {
  rows = 0;
  values = 0;
  leftOut = 0;
  readonly named: LeftOut[] = [];
  readonly seen: number[] = [];
  private lines: number;

  /** @param lines How many lines come before the first row. */
  constructor(lines: number) {
    this.lines = lines;
  }

  /** @returns The first row that was left out of this batch. */
  add(result: BatchResult): LeftOut | undefined {
    const reasons = result.reasons.map((why) => ({ ...why, row: this.rows + why.row, line: this.lines + why.line }));
    this.named.push(...reasons.slice(0, namedRows - this.named.length));
    for (const [field, count] of result.seen.entries()) this.seen[field] = (this.seen[field] ?? 0) + count;
    this.rows += result.rows;
    this.lines += result.lines;
    this.values += result.values;
    this.leftOut += result.leftOut;
    return reasons[0];
  }

  /** A row whose content nobody has seen. */
  addTooLong(): LeftOut | undefined {
    const reasons = [{ row: 0, line: 0, reason: `longer than ${maxRowBytes / 1024 / 1024} MiB, or a quote is not closed` }];
    return this.add({ bytes: new Uint8Array(0), rows: 1, lines: 1, seen: [], values: 0, leftOut: 1, reasons });
  }
}

/** `row 17 (line 18): not JSON`; counted from 1. */
export function describeRow({ row, line, reason }: LeftOut): string {
  return `row ${row + 1}${row === line ? "" : ` (line ${line + 1})`}: ${reason}`;
}

/** The end of a run at a bad row. */
export function stopAt(bad: LeftOut, job: Pick<FileJob, "keysFile">): CliError {
  return new CliError("refused", `${describeRow(bad)}.`, adviceFor(bad, job));
}

/** What to do about a row that was left out. */
export function adviceFor({ code }: LeftOut, { keysFile }: Pick<FileJob, "keysFile">): string {
  switch (code) {
    case "unknown-data-key":
      return `${keysFile.name} lacks its data key: give with --keys the file that was written when this was sealed.`;
    case "decrypt-failed":
      return `Give the --tenant, --table, --row-id and --record-key of sealing, and its keys file (this one is ${keysFile.name}); otherwise the value was changed.`;
    case "not-encrypted":
    case "malformed":
      return "Leave out of --fields what is not sealed; otherwise the value was cut or changed.";
    default:
      return "Mend it, or leave such rows out with --skip-bad.";
  }
}
