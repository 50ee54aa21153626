import type { Stats } from "node:fs";
import type { FileHandle } from "node:fs/promises";
import { dirname } from "node:path";
import type { Context } from "./context.ts";
import { decodeRecord, encodeRecord } from "./data-key-record-line.ts";
import { DataKeyTable, type DataKeyRecord, type DataKeyStore } from "./data-key-store.ts";
import { KmsError } from "./kms-error.ts";

/**
 * A store in one file of JSON Lines, one record a line, appended and synced before `add` resolves. Several processes on one
 * machine may share it. The file holds wrapped keys only, and is made readable by its owner alone.
 *
 * A line that was cut off by a crash was never acknowledged: it is passed over, and the next record begins a new line.
 * @param path The file; made at the first `add`. Its directory must exist.
 */
export function fileDataKeyStore(path: string): DataKeyStore {
  const file = new RecordFile(path);
  return {
    add: async (record) => file.exclusively(async () => file.add(record)),
    get: async (tenant, id) => file.exclusively(async () => file.get(tenant, id)),
    indexKey: async (context) => file.exclusively(async () => file.indexKey(context)),
  };
}

const chunkBytes = 16 * 1024 * 1024; // many times the longest record
const lastReadBytes = 256; // of the last line read: most of a wrap, which is random

class RecordFile {
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

  /** One after another within this process: reading on and appending must not interleave. */
  async exclusively<T>(run: () => Promise<T>): Promise<T> {
    const result = this.turn.then(run);
    this.turn = result.catch(() => {});
    return result;
  }

  async get(tenant: string, id: Uint8Array): Promise<DataKeyRecord | undefined> {
    const held = this.table.get(tenant, id);
    if (held !== undefined) return held;
    await this.refresh();
    const record = this.table.get(tenant, id);
    if (record === undefined && this.damagedLine !== undefined) throw damaged(this.damagedLine);
    return record;
  }

  /** Whoever is told that there is none makes another, and nothing that was indexed before is found again. */
  async indexKey(context: Context): Promise<DataKeyRecord | undefined> {
    await this.refresh();
    const record = this.table.indexKey(context);
    if (record === undefined && this.damagedWholeLine !== undefined) throw damaged(this.damagedWholeLine);
    return record;
  }

  async add(record: DataKeyRecord): Promise<DataKeyRecord> {
    await this.refresh();
    const standing = this.table.standing(record);
    if (standing !== undefined) return standing;
    await this.append(encodeRecord(record));
    // Read back what the file now says: another process may have come first.
    await this.refresh();
    const stored =
      record.purpose === "index" ? this.table.indexKey(record.context) : this.table.get(record.context.tenant, record.id);
    if (stored === undefined)
      throw new KmsError("unavailable", { detail: "the data-key file does not give back what was written" });
    return stored;
  }

  /** Reads what was appended since the last time, or everything if the file was replaced. */
  private async refresh(): Promise<void> {
    const file = await openFile(this.path, "r").catch(ignoreMissing);
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
      if (record !== undefined) this.table.insert(record);
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

  private async append(text: string): Promise<void> {
    const file = await openFile(this.path, "a+", 0o600);
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

function damaged(line: number): KmsError {
  return new KmsError("unknown-data-key", { detail: `line ${line} of the data-key file is damaged and may have held it` });
}

/** `node:fs/promises` is loaded at its first use: most processes that import this package have no file store. */
async function openFile(path: string, flags: "r" | "a+", mode?: number): Promise<FileHandle> {
  const { open } = await import("node:fs/promises");
  return open(path, flags, mode);
}

async function syncDirectory(path: string): Promise<void> {
  if (process.platform === "win32") return; // directories cannot be opened there
  const directory = await openFile(path, "r");
  try {
    await directory.sync();
  } finally {
    await directory.close();
  }
}

function ignoreMissing(error: unknown): undefined {
  if ((error as NodeJS.ErrnoException).code !== "ENOENT") throw error;
}
