import { access, constants, open, stat } from "node:fs/promises";
import { dirname } from "node:path";

import { CliError, errorCode, reasonOf } from "./cli-error.ts";
import { unreadable } from "./json-file.ts";
import type { NamedFile } from "./named-file.ts";

const otherFile = "Give another file with --keys.";
// Without --keys the file is beside that of --out.
const elsewhere = "Give another --out, or another file with --keys.";
const sealedWith = "Give with --keys the file that `cmkit seal` wrote: nothing opens without it.";

// How the line of a record begins; see encodeRecord in @cmkit/core.
const recordStart = /^\{"id":"[\w-]{43}","context":\{/;
const startBytes = 64;

/** @throws {CliError} `refused`: it is not there, cannot be read, or is another file. */
export async function checkKeysToRead(file: NamedFile): Promise<void> {
  await access(file.path, constants.R_OK).catch((error: unknown) => {
    const what = errorCode(error) === "ENOENT" ? `There is no keys file ${file.name}.` : `${file.name} cannot be read.`;
    throw new CliError("refused", what, sealedWith);
  });
  await checkContent(file, sealedWith);
}

/**
 * Before anything is asked of the KMS: a data key that cannot be kept is of no use.
 * @throws {CliError} `refused`: it cannot be written, or is another file, to which nothing may be added.
 */
export async function checkKeysToWrite(file: NamedFile): Promise<void> {
  const { path, name } = file;
  const exists = await access(path).then(
    () => true,
    () => false,
  );
  await access(exists ? path : dirname(path), constants.W_OK).catch((error: unknown) => {
    const missing = errorCode(error) === "ENOENT";
    const what = missing ? `There is no directory ${dirname(name)}.` : `${name} cannot be written (${reasonOf(error)}).`;
    throw new CliError("refused", what, elsewhere);
  });
  if (exists) await checkContent(file, otherFile);
}

/** Makes it where there is none: without a single value there is no data key, but opening asks for the file all the same. */
export async function ensureKeysFile({ path }: NamedFile): Promise<void> {
  const file = await open(path, "a", 0o600);
  await file.close();
}

async function checkContent({ path, name }: NamedFile, next: string): Promise<void> {
  const refusal = new CliError("refused", `${name} is not a keys file.`, next);
  if (!(await stat(path)).isFile()) throw refusal; // a pipe would keep whoever opens it waiting
  const file = await open(path, "r").catch((error: unknown) => {
    throw unreadable(name, error);
  });
  try {
    const { buffer, bytesRead } = await file.read(Buffer.alloc(startBytes), 0, startBytes, 0);
    if (bytesRead > 0 && !recordStart.test(buffer.toString("latin1", 0, bytesRead))) throw refusal;
  } finally {
    await file.close();
  }
}
