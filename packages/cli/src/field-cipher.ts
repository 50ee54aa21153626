import { envelope, fieldEncryption, fileDataKeyStore, isKmsError, type KmsErrorCode, multiCloudKms } from "@cmkit/core";

import { CipherMeter, type CipherUse } from "./cipher-use.ts";
import { cloudAdapter } from "./cloud-adapter.ts";
import { cloudOf } from "./clouds.ts";
import { type FileJob, workedFields } from "./file-job.ts";
import { isSealed } from "./is-sealed.ts";
import type { BadRow, Row } from "./row-codec.ts";
import { withoutRowId } from "./without-row-id.ts";

/** A row with other values in the place of those that it came with. */
export interface ReplacedRow {
  readonly row: Row;
  readonly values: readonly unknown[];
}

/** A row that did not open, and the code that says why. */
export interface FailedRow extends BadRow {
  readonly code?: KmsErrorCode;
}

/** Seals or opens the fields of rows. */
export interface FieldCipher {
  /** @throws {KmsError} What is about the key, the network or the set-up, and not about one row. */
  replace(rows: readonly Row[], signal?: AbortSignal): Promise<readonly (ReplacedRow | FailedRow)[]>;
  use(): CipherUse;
  close(): Promise<void>;
}

// Nobody waits for an answer in a browser, and many threads that start at once are slow to begin.
const timeoutMs = 30_000;

/** What is wrong with one row, where all else may be well. */
const ofOneRow: ReadonlySet<KmsErrorCode> = new Set<KmsErrorCode>([
  "decrypt-failed",
  "malformed",
  "not-encrypted",
  "unknown-data-key",
]);

/**
 * @throws {TypeError | RangeError} for a tenant, table or field that cannot be. @throws {KmsError} `invalid-resource`, `adapter-missing`.
 */
export async function fieldCipher(job: FileJob): Promise<FieldCipher> {
  const { operation, dev, provider, resource, tenant, table, rowId, layout } = job;
  const meter = new CipherMeter();
  const kms = multiCloudKms({ adapters: [await cloudAdapter(cloudOf(provider), dev)], onEvent: meter.onEvent });
  const cmk = { provider, resource };
  kms.open(cmk);
  const dataKeys = meter.watched(fileDataKeyStore(job.keysFile.path), operation);
  const box = envelope({ kms, cmk: () => cmk, dataKeys, recordKey: job.recordKey, service: "cli" });
  const field: { type: "string" } | { type: "json" } = { type: layout.format === "csv" ? "string" : "json" };
  const fields = Object.fromEntries(job.fields.map((name) => [name, field]));
  const mine = fieldEncryption({ envelope: box, table, rowId, fields }).for(tenant);
  const names = workedFields(job);
  const paths = names.map((field) => field.split("."));
  return {
    async replace(given, signal) {
      const sealed = operation === "seal" ? given.flatMap((row) => sealedAlready(row, names)) : [];
      const rows = given.filter(({ index }) => !sealed.some((row) => row.index === index));
      const records = rows.map((row) => recordOf(row, rowId, paths));
      const limits = { signal, timeoutMs };
      const settled: readonly PromiseSettledResult<object>[] = await (operation === "seal"
        ? mine.encryptAllSettled(records, limits)
        : mine.decryptAllSettled(records, limits));
      return [...rows.map((row, index) => outcome(row, settled[index], paths)), ...sealed];
    },
    use: () => meter.use(),
    close: async () => kms.close(),
  };
}

/** A file that was sealed before would need both keys files to be read again. */
function sealedAlready({ index, values }: Row, names: readonly string[]): FailedRow[] {
  const name = names.find((_name, at) => isSealed(values[at]));
  return name === undefined ? [] : [{ index, reason: `${name}: is sealed already; open the file first` }];
}

type RecordTree = { [key: string]: unknown };

function recordOf({ id, values }: Row, rowId: string | null, paths: readonly (readonly string[])[]): RecordTree {
  const record = emptyTree();
  if (rowId !== null) record[rowId] = id;
  for (const [index, path] of paths.entries()) {
    if (values[index] === undefined) continue;
    let holder = record;
    for (const key of path.slice(0, -1)) holder = (holder[key] ??= emptyTree()) as RecordTree;
    holder[path.at(-1) ?? ""] = values[index];
  }
  return record;
}

/** Without a prototype, so that a field may be called as what others inherit from it. */
function emptyTree(): RecordTree {
  return Object.create(null) as RecordTree;
}

function valueAt(record: object, path: readonly string[]): unknown {
  let value: unknown = record;
  for (const key of path) value = (value as RecordTree | undefined)?.[key];
  return value;
}

function outcome(
  row: Row,
  result: PromiseSettledResult<object> | undefined,
  paths: readonly (readonly string[])[],
): ReplacedRow | FailedRow {
  if (result?.status === "fulfilled")
    return {
      row,
      values: row.values.map((value, index) => (value === undefined ? value : valueAt(result.value, paths[index] ?? []))),
    };
  const error: unknown = result?.reason;
  if (isKmsError(error) && ofOneRow.has(error.code))
    return { index: row.index, reason: withoutRowId(error.message), code: error.code };
  if (!isKmsError(error) && (error instanceof TypeError || error instanceof RangeError))
    return { index: row.index, reason: withoutRowId(error.message) };
  throw error;
}
