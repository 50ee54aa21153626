import { randomBytes } from "node:crypto";
import { open } from "node:fs/promises";

import { readFileBounded } from "./bounded-read.ts";
import { CliError, errorCode, reasonOf } from "./cli-error.ts";
import { unreadable } from "./json-file.ts";
import type { NamedFile } from "./named-file.ts";

const keyBytes = 32;

/** Reads a record key: 32 bytes and nothing else. @throws {CliError} `refused` */
export async function readRecordKey({ path, name }: NamedFile): Promise<Uint8Array> {
  const bytes = await readFileBounded(path, 64 * 1024).catch((error: unknown) => {
    if (errorCode(error) !== "ENOENT") throw unreadable(name, error);
    throw new CliError("refused", `There is no record key ${name}.`, "Give with --record-key the file that `cmkit seal` used.");
  });
  if (bytes?.length === keyBytes) return bytes;
  const got = bytes === undefined ? "far more" : String(bytes.length);
  throw new CliError(
    "refused",
    `${name} is not a record key: expected ${keyBytes} bytes, got ${got}.`,
    "Give the file that `cmkit seal` made, or 32 random bytes of your own.",
  );
}

/**
 * Reads a record key, or makes one that only its owner can read.
 * @returns Whether it was made, too.
 */
export async function readOrMakeRecordKey(file: NamedFile): Promise<{ readonly key: Uint8Array; readonly made: boolean }> {
  const made = await open(file.path, "wx", 0o600).catch((error: unknown) => {
    if (errorCode(error) === "EEXIST") return undefined;
    throw new CliError("refused", `${file.name} cannot be made (${reasonOf(error)}).`, "Give another file with --record-key.");
  });
  if (made === undefined) return { key: await readRecordKey(file), made: false };
  try {
    const key = randomBytes(keyBytes);
    await made.writeFile(key);
    await made.sync();
    return { key: new Uint8Array(key), made: true };
  } finally {
    await made.close();
  }
}
