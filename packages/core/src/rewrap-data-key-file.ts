import { sameCmk, type WrappedKey } from "./cmk.ts";
import { recordKeyOf, type DataKeyRecord } from "./data-key-store.ts";
import { isKmsError, KmsError, type KmsErrorCode } from "./kms-error.ts";
import type { KmsKey } from "./kms-key.ts";
import type { CallOptions } from "./limit.ts";
import { RecordFile } from "./record-file.ts";
import { Rewraps, type RewrapperOptions } from "./rewrap.ts";

export interface RewrapDataKeyFileOptions extends RewrapperOptions {
  /** Checks and counts, and changes nothing. */
  readonly dryRun?: boolean;
  /** How many data keys are worked on at once: a whole number from 1 on. Default 8. */
  readonly concurrency?: number;
  /** For each data key, its requests and their retries together. Default 5,000. */
  readonly timeoutMs?: number;
  /** Ends it with `aborted`; what was rewrapped stays so. */
  readonly signal?: AbortSignal;
  /** Called after each data key. */
  readonly onProgress?: (soFar: DataKeyFileRewrap) => void;
}

/** What became of the data keys of a file. */
export interface DataKeyFileRewrap {
  /** How many the file holds. */
  readonly dataKeys: number;
  /** How many were moved; with `dryRun`, how many would be. */
  readonly rewrapped: number;
  /** How many had no wrap under the source any more, but one under the target. */
  readonly already: number;
  /** How many have neither. */
  readonly elsewhere: number;
  /** Ids, in base64url as in the file, of those that stayed as they were, and why. */
  readonly failed: readonly { readonly id: string; readonly code: KmsErrorCode }[];
  /** The first line that is damaged, which may have held another data key. */
  readonly damagedLine: number | undefined;
}

/**
 * Moves all data keys of a {@link fileDataKeyStore}'s file from one key to another, or to the current version of the same
 * one. The file is only appended to, so other processes may use it meanwhile; it may be ended at any moment, also by a crash,
 * and started again. It goes on until the file has no data key under the source, or only ones that failed.
 *
 * @param path The file. With the record key of the envelopes that use it.
 * @throws {RangeError} unless `concurrency` is such a number.
 * @throws {KmsError} the target's refusal, before anything is done; `unavailable`: there is no such file, or it cannot be written; `aborted`.
 * @see docs/decisions/2026-11-22-rewrap.md
 */
export async function rewrapDataKeyFile(path: string, options: RewrapDataKeyFileOptions): Promise<DataKeyFileRewrap> {
  return new FileRewrap(path, options).run();
}

/** Where a data key was moved back as often, somebody else rewraps it the other way. */
const maxTries = 3;

class FileRewrap {
  private readonly file: RecordFile;
  private readonly options: RewrapDataKeyFileOptions;
  private readonly rewraps: Rewraps;
  private readonly from: KmsKey;
  private readonly to: KmsKey;
  private readonly tries = new Map<string, number>();
  private readonly rewrapped = new Set<string>();
  private readonly failed = new Map<string, DataKeyFileRewrap["failed"][number]>();
  private counts: Pick<DataKeyFileRewrap, "dataKeys" | "already" | "elsewhere" | "damagedLine">;

  constructor(path: string, options: RewrapDataKeyFileOptions) {
    const { kms, from, to, concurrency = 1 } = options;
    if (!Number.isSafeInteger(concurrency) || concurrency < 1) throw new RangeError("expected concurrency from 1 on"); // none would never end
    this.file = new RecordFile(path);
    this.options = options;
    this.rewraps = new Rewraps(options);
    this.from = kms.open(from);
    this.to = kms.open(to, to.pin && { pin: to.pin });
    this.counts = { dataKeys: 0, already: 0, elsewhere: 0, damagedLine: undefined };
  }

  async run(): Promise<DataKeyFileRewrap> {
    let left = await this.left();
    if (left.length > 0 && this.options.dryRun !== true) await this.to.confirm(this.limits());
    for (; left.length > 0; left = await this.left()) await this.work(left);
    return this.report();
  }

  /** What is still to be done, as the file has it now: others may have added to it. */
  private async left(): Promise<DataKeyRecord[]> {
    const { records, damagedLine } = await ofFile(async () => this.file.all());
    const isStale = await this.staleness();
    const open = records.filter((record) => !this.isSettled(nameOf(record)));
    const left = open.filter(({ recipients }) => recipients.some(isStale));
    const done = open.filter((record) => !record.recipients.some(isStale) && !this.rewrapped.has(nameOf(record)));
    const already = done.filter(({ recipients }) => recipients.some(({ cmk }) => sameCmk(cmk, this.to.cmk)));
    const elsewhere = done.length - already.length;
    this.counts = { dataKeys: records.length, already: already.length, elsewhere, damagedLine };
    return left;
  }

  /** Which wraps are to be replaced: those under the source, or, where it is the target, those under its other versions. */
  private async staleness(): Promise<(wrapped: WrappedKey) => boolean> {
    const limits = this.limits();
    const from = await this.from.resolve(limits);
    if (!sameCmk(from, await this.to.resolve(limits))) return ({ cmk }) => sameCmk(cmk, from);
    const { keyVersion: current } = await this.to.describe(limits); // of a pinned key the pinned version
    return ({ cmk, keyVersion }) => sameCmk(cmk, from) && keyVersion !== current;
  }

  private isSettled(name: string): boolean {
    return this.failed.has(name) || (this.options.dryRun === true && this.rewrapped.has(name));
  }

  private async work(left: DataKeyRecord[]): Promise<void> {
    const { concurrency = 8, onProgress } = this.options;
    const worker = async (): Promise<void> => {
      for (let record = left.shift(); record !== undefined; record = left.shift()) {
        await this.one(record);
        onProgress?.(this.report());
      }
    };
    const workers = Array.from({ length: concurrency }, worker); // what ends one of them, ends the others, too
    await Promise.allSettled(workers);
    await Promise.all(workers);
  }

  private async one(record: DataKeyRecord): Promise<void> {
    const name = nameOf(record);
    const tries = (this.tries.get(name) ?? 0) + 1;
    this.tries.set(name, tries);
    const renewed = tries > maxTries ? "unavailable" : await this.renewed(record);
    if (typeof renewed === "string") {
      this.rewrapped.delete(name);
      this.failed.set(name, { id: Buffer.from(record.id).toString("base64url"), code: renewed });
    } else if (this.options.dryRun === true || (await ofFile(async () => this.file.replace(record, renewed)))) {
      this.rewrapped.add(name);
    }
  }

  /** The record that is to stand in its place, or why there is none. */
  private async renewed(record: DataKeyRecord): Promise<DataKeyRecord | KmsErrorCode> {
    const limits = this.limits();
    try {
      if (this.options.dryRun !== true)
        return { ...record, recipients: await this.rewraps.recipients(record.id, record, limits) };
      await this.rewraps.check(record.id, record, limits);
      return record;
    } catch (error) {
      if (!isKmsError(error) || error.code === "aborted") throw error;
      return error.code;
    }
  }

  private report(): DataKeyFileRewrap {
    return { ...this.counts, rewrapped: this.rewrapped.size, failed: [...this.failed.values()] };
  }

  private limits(): CallOptions {
    const { signal, timeoutMs } = this.options;
    return { signal, timeoutMs };
  }
}

/** With the tenant: a line that somebody planted under a genuine id stands in nobody's way. */
function nameOf({ id, context }: DataKeyRecord): string {
  return recordKeyOf(context.tenant, id);
}

/** @throws {KmsError} `unavailable` for what the file system says. */
async function ofFile<T>(run: () => Promise<T>): Promise<T> {
  return run().catch((error: unknown) => {
    if (isKmsError(error)) throw error;
    throw new KmsError("unavailable", { detail: "the data-key file cannot be read or written", cause: error });
  });
}
