import { isKmsError, type KmsErrorCode } from "@cmkit/core";

import type { CipherUse } from "./cipher-use.ts";
import { CliError } from "./cli-error.ts";
import { csvRows } from "./csv-rows.ts";
import { type FailedRow, fieldCipher, type ReplacedRow } from "./field-cipher.ts";
import { type FileJob, workedFields } from "./file-job.ts";
import { jsonLines } from "./json-lines.ts";
import { kmsRefusal } from "./kms-refusal.ts";
import type { ReadBatch, RowCodec } from "./row-codec.ts";

/** A row that was left out. Row and line count from 0 within the batch. */
export interface LeftOut {
  readonly row: number;
  readonly line: number;
  readonly reason: string;
  readonly code?: KmsErrorCode;
}

/** What became of a batch, as plain data: worker threads hand it back. */
export interface BatchResult {
  readonly bytes: Uint8Array;
  /** Rows and lines that were read. */
  readonly rows: number;
  readonly lines: number;
  /** How many rows had each field, null included; rows that were left out do not count. */
  readonly seen: readonly number[];
  /** How many values were sealed or opened. */
  readonly values: number;
  readonly leftOut: number;
  /** The first of them. */
  readonly reasons: readonly LeftOut[];
}

/** How many rows are named that were left out. */
export const namedRows = 20;

const encoder = new TextEncoder();

/** Does the work on batches of whole rows. */
export interface BatchCipher {
  /** @param bytes Borrowed until it resolves. @throws {CliError} What is not about one row: the key, the network, the set-up. */
  work(bytes: Uint8Array): Promise<BatchResult>;
  use(): Promise<CipherUse>;
  close(): Promise<void>;
}

/** @throws {CliError} for a job that cannot be. */
export async function batchCipher(job: FileJob, signal?: AbortSignal): Promise<BatchCipher> {
  const codec = codecOf(job);
  const cipher = await refusing(job, async () => fieldCipher(job)).catch(badUsage(job));
  return {
    async work(bytes) {
      const batch = codec.read(bytes);
      const done = await refusing(job, async () => cipher.replace(batch.rows, signal));
      return resultOf(
        batch,
        done.filter((row) => "values" in row),
        done.filter((row) => "reason" in row),
      );
    },
    use: async () => cipher.use(),
    close: async () => cipher.close(),
  };
}

function codecOf(job: FileJob): RowCodec {
  const { layout, rowId, dropped } = job;
  const fields = workedFields(job);
  return layout.format === "csv" ? csvRows({ ...layout, rowId, fields, dropped }) : jsonLines({ rowId, fields, dropped });
}

function resultOf(batch: ReadBatch, done: readonly ReplacedRow[], failed: readonly FailedRow[]): BatchResult {
  const bad: FailedRow[] = [...batch.bad, ...failed].sort((a, b) => a.index - b.index);
  const seen: number[] = [];
  let values = 0;
  for (const { row } of done) {
    for (const [field, value] of row.values.entries()) {
      seen[field] = (seen[field] ?? 0) + (value === undefined ? 0 : 1);
      if (value !== undefined && value !== null) values += 1;
    }
  }
  return {
    bytes: encoder.encode(batch.write(done)), // in memory of its own, which can be handed to another thread
    rows: batch.rowCount,
    lines: batch.lineCount,
    seen,
    values,
    leftOut: bad.length,
    reasons: bad.slice(0, namedRows).map(({ index, ...why }) => ({ row: index, line: batch.lineOf(index), ...why })),
  };
}

/** Says what is refused, and what to do about it. */
async function refusing<T>(job: FileJob, run: () => Promise<T>): Promise<T> {
  return run().catch((error: unknown) => {
    throw isKmsError(error) ? kmsRefusal(error, job) : error;
  });
}

/** What core says of a wrong argument: of a tenant, a table, a field. */
function badUsage({ operation }: FileJob): (error: unknown) => never {
  return (error) => {
    const isWrongArgument = error instanceof TypeError || error instanceof RangeError;
    throw isWrongArgument ? new CliError("bad-usage", `${error.message}.`, `See \`cmkit ${operation} --help\`.`) : error;
  };
}
