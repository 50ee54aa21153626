import { randomBytes } from "node:crypto";
import { type FileHandle, open, rm } from "node:fs/promises";
import { dirname } from "node:path";

import { readFileBounded } from "./bounded-read.ts";
import { CliError, errorCode, reasonOf } from "./cli-error.ts";
import { unreadable } from "./json-file.ts";
import type { NamedFile } from "./named-file.ts";
import { syncDirectory } from "./sync-directory.ts";

const keyBytes = 32;
const makers = "Give with --record-key, or as recordKey in cmkit.json, the file that `cmkit seal` or `cmkit init` made";

/** Reads a record key: 32 bytes and nothing else. @throws {CliError} `refused` */
export async function readRecordKey({ path, name }: NamedFile): Promise<Uint8Array> {
  const bytes = await readFileBounded(path, 64 * 1024).catch((error: unknown) => {
    if (errorCode(error) !== "ENOENT") throw unreadable(name, error);
    throw new CliError("refused", `There is no record key ${path}.`, `${makers}.`);
  });
  if (bytes?.length === keyBytes) return bytes;
  const got = bytes === undefined ? "far more" : String(bytes.length);
  throw new CliError(
    "refused",
    `${name} is not a record key: expected ${keyBytes} bytes, got ${got}.`,
    bytes?.length === 0
      ? "A run was cut off while it made it, before it sealed anything, or it was emptied since: remove it, or restore it."
      : `${makers}, or 32 random bytes of your own; not their digits in hexadecimal or base64.`,
  );
}

/**
 * Reads a record key, or makes one that only its owner can read.
 * @returns Whether it was made, too.
 */
export async function readOrMakeRecordKey(file: NamedFile): Promise<{ readonly key: Uint8Array; readonly made: boolean }> {
  const cannotBeMade = (error: unknown): never => {
    throw new CliError("refused", `${file.name} cannot be made (${reasonOf(error)}).`, "Give another file with --record-key.");
  };
  const made = await open(file.path, "wx", 0o600).catch((error: unknown) =>
    errorCode(error) === "EEXIST" ? undefined : cannotBeMade(error),
  );
  if (made === undefined) return { key: await readRecordKey(file), made: false };
  const key = randomBytes(keyBytes);
  try {
    await writeWhole(made, key, file);
    await syncDirectory(dirname(file.path)); // what is sealed under it must not outlive it
  } catch (error) {
    cannotBeMade(error);
  } finally {
    await made.close();
  }
  return { key: new Uint8Array(key), made: true };
}

async function writeWhole(made: FileHandle, key: Uint8Array, { path }: NamedFile): Promise<void> {
  try {
    await made.writeFile(key);
  } catch (error) {
    await rm(path, { force: true }); // nobody has taken half a key
    throw error;
  }
  await made.sync();
}
