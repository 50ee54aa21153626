import type { Stats } from "node:fs";
import type { FileHandle } from "node:fs/promises";
import { dirname } from "node:path";
import type { Context } from "./context.ts";
import { decodeRecord, encodeRecord } from "./data-key-record-line.ts";
import { DataKeyTable, type DataKeyRecord } from "./data-key-store.ts";
import { KmsError } from "./kms-error.ts";

const chunkBytes = 16 * 1024 * 1024; // many times the longest record
const lastReadBytes = 256; // of the last line read: most of a wrap, which is random

/**
 * The file of a data-key store. Nothing in it is ever changed or taken out: a line that is another than an earlier one in its
 * recipients alone takes its place, and so a data key is rewrapped. @see docs/decisions/2026-11-22-rewrap.md
 */
export class RecordFile {
  private table = new DataKeyTable();
  private readonly path: string;
  private readBytes = 0;
  private lastRead: Buffer = Buffer.alloc(0);
  private line = 0;
  private damagedLine: number | undefined;
  /** Of the damaged lines the first that was written to its end: one that was cut off was never acknowledged. */
  private damagedWholeLine: number | undefined;
  private inode: number | undefined;
  private directorySynced = false;
  private turn: Promise<unknown> = Promise.resolve();

  constructor(path: string) {
    this.path = path;
  }

  async get(tenant: string, id: Uint8Array): Promise<DataKeyRecord | undefined> {
    return this.upToDate(() => {
      const record = this.table.get(tenant, id);
      if (record === undefined && this.damagedLine !== undefined) throw damaged(this.damagedLine);
      return record;
    });
  }

  /** Whoever is told that there is none makes another, and nothing that was indexed before is found again. */
  async indexKey(context: Context): Promise<DataKeyRecord | undefined> {
    return this.upToDate(() => {
      const record = this.table.indexKey(context);
      if (record === undefined && this.damagedWholeLine !== undefined) throw damaged(this.damagedWholeLine);
      return record;
    });
  }

  /** All that it holds, and the first damaged line that may have held another. @throws {KmsError} `unavailable`: there is no file. */
  async all(): Promise<{ readonly records: readonly DataKeyRecord[]; readonly damagedLine: number | undefined }> {
    return this.upToDate(() => {
      if (this.inode === undefined) throw new KmsError("unavailable", { detail: "there is no data-key file" });
      return { records: this.table.all(), damagedLine: this.damagedWholeLine };
    });
  }

  async add(record: DataKeyRecord): Promise<DataKeyRecord> {
    return this.exclusively(async () => {
      await this.refresh();
      const standing = this.table.standing(record);
      if (standing !== undefined) return standing;
      await this.append(encodeRecord(record), "make");
      // Read back what the file now says: another process may have come first.
      await this.refresh();
      const stored = record.purpose === "index" ? this.table.indexKey(record.context) : this.standing(record);
      if (stored === undefined) throw notGivenBack();
      return stored;
    });
  }

  /**
   * Has `renewed` stand in the place of `old`, from which it differs in its recipients alone.
   * @returns False if the file says something else of it by now than `old`.
   */
  async replace(old: DataKeyRecord, renewed: DataKeyRecord): Promise<boolean> {
    const line = encodeRecord(renewed);
    return this.exclusively(async () => {
      await this.refresh();
      if (!this.says(old)) return false;
      await this.append(line, "keep");
      await this.refresh();
      return this.says(renewed);
    });
  }

  private says(record: DataKeyRecord): boolean {
    const standing = this.standing(record);
    return standing !== undefined && encodeRecord(standing) === encodeRecord(record);
  }

  private standing({ context, id }: DataKeyRecord): DataKeyRecord | undefined {
    return this.table.get(context.tenant, id);
  }

  private async upToDate<T>(read: () => T): Promise<T> {
    return this.exclusively(async () => {
      await this.refresh();
      return read();
    });
  }

  /** One after another within this process: reading on and appending must not interleave. */
  private async exclusively<T>(run: () => Promise<T>): Promise<T> {
    const result = this.turn.then(run);
    this.turn = result.catch(() => {});
    return result;
  }

  /** Reads what was appended since the last time, or everything if the file was replaced. */
  private async refresh(): Promise<void> {
    const file = await openFile(this.path, "read").catch(ignoreMissing);
    if (file === undefined) return;
    try {
      const stats = await file.stat();
      if (stats.ino !== this.inode || stats.size < this.readBytes || !(await this.goesOn(file))) this.startOver(stats);
      await this.readOn(file, stats.size);
    } finally {
      await file.close();
    }
  }

  /** Whether what was read last still stands where it stood: another file may have the inode number of one that was deleted. */
  private async goesOn(file: FileHandle): Promise<boolean> {
    const { length } = this.lastRead;
    const { buffer } = await file.read(Buffer.alloc(length), 0, length, this.readBytes - length);
    return buffer.equals(this.lastRead);
  }

  private startOver(stats: Stats): void {
    this.table = new DataKeyTable();
    this.readBytes = 0;
    this.lastRead = Buffer.alloc(0);
    this.line = 0;
    this.damagedLine = undefined;
    this.damagedWholeLine = undefined;
    this.inode = stats.ino;
  }

  private async readOn(file: FileHandle, size: number): Promise<void> {
    for (let before = -1; before !== this.readBytes && this.readBytes < size;) {
      before = this.readBytes;
      await this.readChunk(file, Math.min(chunkBytes, size - before));
    }
  }

  private async readChunk(file: FileHandle, length: number): Promise<void> {
    const { buffer, bytesRead } = await file.read(Buffer.alloc(length), 0, length, this.readBytes);
    const complete = buffer.subarray(0, bytesRead).lastIndexOf(0x0a) + 1; // what has no line end yet may still be being written
    for (const text of buffer.toString("utf8", 0, complete).split("\n").slice(0, -1)) {
      this.line += 1;
      const record = text === "" ? undefined : decodeRecord(text);
      if (record !== undefined) this.take(record);
      else if (text !== "") this.damagedLine ??= this.line;
      if (record === undefined && text.endsWith("}")) this.damagedWholeLine ??= this.line;
    }
    if (complete === 0 && bytesRead === chunkBytes) {
      this.damagedLine ??= this.line + 1; // no record is that long: the rest of it will be a damaged line, too
      this.readBytes += bytesRead;
      this.lastRead = Buffer.from(buffer.subarray(-lastReadBytes));
      return;
    }
    this.readBytes += complete;
    if (complete > 0) this.lastRead = Buffer.from(buffer.subarray(Math.max(0, complete - lastReadBytes), complete));
  }

  /** Keeps the first record of an id; but a later one that is another in its recipients alone was rewrapped. */
  private take(record: DataKeyRecord): void {
    const standing = this.standing(record);
    const isRewrapped =
      standing !== undefined && encodeRecord({ ...standing, recipients: record.recipients }) === encodeRecord(record);
    if (isRewrapped) this.table.replace(record);
    else this.table.insert(record);
  }

  /** @param missing Whether a file that is not there is made. */
  private async append(text: string, missing: "make" | "keep"): Promise<void> {
    const file = await openFile(this.path, missing === "make" ? "append-or-make" : "append");
    try {
      const { size } = await file.stat();
      const last = size === 0 ? undefined : (await file.read(Buffer.alloc(1), 0, 1, size - 1)).buffer[0];
      const line = Buffer.from(`${last === undefined || last === 0x0a ? "" : "\n"}${text}\n`);
      const { bytesWritten } = await file.write(line); // one write: appends of several processes do not mix
      if (bytesWritten !== line.length)
        throw new KmsError("unavailable", { detail: "the data-key file could not be written whole" });
      await file.datasync();
      if (size === 0 || !this.directorySynced) await syncDirectory(dirname(this.path)); // who made the file may have died before it did
      this.directorySynced = true;
    } finally {
      await file.close();
    }
  }
}

function notGivenBack(): KmsError {
  return new KmsError("unavailable", { detail: "the data-key file does not give back what was written" });
}

function damaged(line: number): KmsError {
  return new KmsError("unknown-data-key", { detail: `line ${line} of the data-key file is damaged and may have held it` });
}

/** `node:fs/promises` is loaded at its first use: most processes that import this package have no file store. */
async function openFile(path: string, how: "read" | "append" | "append-or-make"): Promise<FileHandle> {
  const { constants, open } = await import("node:fs/promises");
  if (how === "read") return open(path, "r");
  const { O_APPEND, O_CREAT, O_RDWR } = constants;
  return open(path, O_APPEND | O_RDWR | (how === "append" ? 0 : O_CREAT), 0o600);
}

async function syncDirectory(path: string): Promise<void> {
  if (process.platform === "win32") return; // directories cannot be opened there
  const directory = await openFile(path, "read");
  try {
    await directory.sync();
  } finally {
    await directory.close();
  }
}

function ignoreMissing(error: unknown): undefined {
  if ((error as NodeJS.ErrnoException).code !== "ENOENT") throw error;
}
