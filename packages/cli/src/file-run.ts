import { RowTally, stopAt } from "./bad-rows.ts";
import { type BatchCipher, batchCipher, type BatchResult } from "./batch-cipher.ts";
import type { CipherUse } from "./cipher-use.ts";
import { CliError } from "./cli-error.ts";
import { Course } from "./course.ts";
import type { Deps, Io } from "./deps.ts";
import { fileInput, type Input, pipeInput } from "./file-input.ts";
import { type FileJob, workedFields } from "./file-job.ts";
import { fileOutput, type Output, pipeOutput } from "./file-output.ts";
import type { FileSettings } from "./file-settings.ts";
import { openTable, type Table } from "./file-table.ts";
import { ensureKeysFile } from "./keys-file.ts";
import { type Progress, progressOn } from "./progress.ts";
import { readOrMakeRecordKey, readRecordKey } from "./record-key-file.ts";
import type { RowBatch } from "./row-batches.ts";
import { rowWorkers } from "./row-workers.ts";

/** What a run did. */
export interface RunReport {
  readonly job: FileJob;
  readonly tally: RowTally;
  readonly use: CipherUse;
  readonly ms: number;
  /** The record key was made for this run. */
  readonly madeRecordKey: string | undefined;
}

/** Seals or opens a file. @throws {CliError} after which nothing bears the final name. */
export async function runFile(settings: FileSettings, deps: Deps, io: Io): Promise<RunReport> {
  const course = new Course();
  const interrupted = deps.untilAskedToEnd().then(async () => course.interrupt());
  try {
    // What is interrupted may wait for a reader that never comes: it is left to itself.
    return await Promise.race([run(settings, io, course), interrupted]);
  } catch (error) {
    throw course.causeOf(error);
  } finally {
    await course.end();
  }
}

async function run(settings: FileSettings, io: Io, course: Course): Promise<RunReport> {
  const started = performance.now();
  const { signal } = course;
  const input = settings.input === undefined ? pipeInput(io, signal) : await fileInput(settings.input, signal);
  const progress = progressOn(io.terminal, input.size);
  await course.closes(async () => progress.stop());
  const table = await openTable({ ...input, bytes: watched(input, progress) }, settings.job);
  const { key, made } = await recordKeyOf(settings);
  const job: FileJob = { ...settings.job, recordKey: key, layout: table.layout };
  const cipher = await cipherFor(job, settings.jobs, signal);
  await course.closes(async () => cipher.close());
  const output = await outputOf(settings, io);
  await course.closes(async () => output.abandon());
  const tally = new RowTally(table.linesBefore);
  await copy({ table, cipher, output, progress, tally, settings, job });
  refuseUnseenFields(tally, job, input.name);
  const use = await cipher.use();
  if (job.operation === "seal") await ensureKeysFile(job.keysFile);
  course.finish();
  await output.complete();
  progress.stop();
  return { job, tally, use, ms: performance.now() - started, madeRecordKey: made };
}

/** What is opened is for its owner alone; what is sealed is as readable as other files. */
async function outputOf({ output, job }: FileSettings, io: Io): Promise<Output> {
  return output === undefined ? pipeOutput(io) : fileOutput(output, job.operation === "open" ? 0o600 : 0o666);
}

interface Copying {
  readonly table: Table;
  readonly cipher: BatchCipher;
  readonly output: Output;
  readonly progress: Progress;
  readonly tally: RowTally;
  readonly settings: FileSettings;
  readonly job: FileJob;
}

async function copy({ table, cipher, output, progress, tally, settings, job }: Copying): Promise<void> {
  await output.write(Buffer.from(table.start));
  // One batch more than there are threads for each waits, so that none of them does.
  const ahead = settings.jobs === 1 ? 1 : 2 * settings.jobs;
  for await (const result of inOrder(table.batches, cipher, ahead)) {
    const bad = result === "too-long" ? tally.addTooLong() : tally.add(result);
    // Where a row of CSV ends that is too long, nobody knows.
    const goesOn = settings.skipBad && (result !== "too-long" || job.layout.format !== "csv");
    if (bad !== undefined && !goesOn) throw stopAt(bad, job);
    if (result !== "too-long") await output.write(result.bytes);
    progress.rows(tally.rows);
  }
}

/** Works on several batches at once and gives the results in the order of the batches. */
async function* inOrder(
  batches: AsyncIterable<RowBatch>,
  cipher: BatchCipher,
  ahead: number,
): AsyncGenerator<BatchResult | "too-long", void, undefined> {
  const waiting: Promise<BatchResult | "too-long">[] = [];
  for await (const batch of batches) {
    const result = batch === "too-long" ? Promise.resolve(batch) : cipher.work(batch);
    result.catch(() => {}); // it is told when its turn comes, or not at all
    waiting.push(result);
    const first = waiting.length < ahead ? undefined : waiting.shift();
    if (first !== undefined) yield await first;
  }
  for (const result of waiting) yield await result;
}

async function* watched({ bytes }: Input, progress: Progress): AsyncGenerator<Uint8Array, void, undefined> {
  for await (const chunk of bytes) {
    progress.read(chunk.length);
    yield chunk;
  }
}

async function recordKeyOf({
  recordKey,
  job,
}: FileSettings): Promise<{ readonly key: Uint8Array; readonly made: string | undefined }> {
  if (recordKey instanceof Uint8Array) return { key: recordKey, made: undefined };
  if (job.operation === "open") return { key: await readRecordKey(recordKey), made: undefined };
  const { key, made } = await readOrMakeRecordKey(recordKey);
  return { key, made: made ? recordKey.name : undefined };
}

async function cipherFor(job: FileJob, jobs: number, signal: AbortSignal): Promise<BatchCipher> {
  const own = await batchCipher(job, signal); // says what is wrong with the job, before anything is written
  if (jobs === 1) return own;
  await own.close();
  return rowWorkers(job, jobs);
}

/** A misspelt field must not leave the real one as it is, unseen. */
function refuseUnseenFields({ seen, rows, leftOut }: RowTally, job: FileJob, name: string): void {
  const missing = rows === leftOut ? [] : workedFields(job).filter((_field, index) => (seen[index] ?? 0) === 0);
  if (missing.length === 0) return;
  throw new CliError(
    "refused",
    `${name}: no row has a field ${missing.join(" or ")}.`,
    "Check --fields: what lies within an object is written as address.street.",
  );
}
