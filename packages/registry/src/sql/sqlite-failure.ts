import { RegistryError } from "../registry-error.ts";

/** https://www.sqlite.org/rescode.html: the primary result codes that have words of their own here. */
const codes = {
  busy: 5,
  locked: 6,
  readOnly: 8,
  ioError: 10,
  corrupt: 11,
  full: 13,
  cannotOpen: 14,
  protocol: 15,
  constraint: 19,
  notADatabase: 26,
};

const words = new Map<number, string>([
  [codes.busy, "the store is busy: another process holds the SQLite file"],
  [codes.locked, "the store is busy: another connection holds the SQLite file"],
  [codes.readOnly, "the store cannot be written: its SQLite file, or its directory, is read-only"],
  [codes.ioError, "the store's SQLite file cannot be read or written: look at the disk"],
  [codes.corrupt, "the store's SQLite file is damaged: restore it from a backup"],
  [codes.full, "the store has no room: the disk, or the size that the store may have, is full"],
  [codes.cannotOpen, "the store's SQLite file cannot be opened: its directory must exist, and be ours to write"],
  [codes.protocol, "the store is busy: another process holds the SQLite file"],
  [codes.notADatabase, "the store's file is not an SQLite database"],
]);

/** What Node's file calls say before SQLite comes to it. */
const fileCodes = new Map<unknown, number>([
  ["EACCES", codes.cannotOpen],
  ["EISDIR", codes.cannotOpen],
  ["ENOENT", codes.cannotOpen],
  ["ENOTDIR", codes.cannotOpen],
  ["EPERM", codes.cannotOpen],
  ["EROFS", codes.readOnly],
  ["ENOSPC", codes.full],
  ["EDQUOT", codes.full],
]);

/** What `node:sqlite` throws, in our words: its own name tables and values. */
export function sqliteFailure(error: unknown): RegistryError {
  const code = primaryCode(error);
  if (code === codes.constraint) return new RegistryError("already-exists", "the store holds another row like this one", error);
  if (hasCode(error) && error.code === "ERR_OUT_OF_RANGE") {
    return new RegistryError("bad-record", "the store holds a row that cmkit does not write: a number is too large", error);
  }
  return new RegistryError("store-unavailable", code === undefined ? undefined : words.get(code), error);
}

/** Whether the same may work as soon as somebody else is done. */
export function isBusy(error: unknown): boolean {
  const code = error instanceof RegistryError ? primaryCode(error.cause) : undefined;
  return code === codes.busy || code === codes.locked || code === codes.protocol;
}

function primaryCode(error: unknown): number | undefined {
  if (!hasCode(error)) return undefined;
  return typeof error.errcode === "number" ? error.errcode & 0xff : fileCodes.get(error.code);
}

function hasCode(error: unknown): error is Error & { readonly code?: unknown; readonly errcode?: unknown } {
  return error instanceof Error;
}
