import { join } from "node:path";

import { CliError, errorCode, reasonOf } from "./cli-error.ts";
import { readFileBounded } from "./bounded-read.ts";

const maxBytes = 16 * 1024 * 1024; // a seed of a thousand keys takes a fifth of it

/** How to say that a file is not what it should be. */
export interface JsonFileKind<T> {
  /** What the file should be, such as "the file of a running `cmkit dev`". */
  readonly what: string;
  /** What to do with one that is not. */
  readonly mend: string;
  /** What it is called in a directory that was given in its place. */
  readonly usualName?: string;
  /** @throws {TypeError | RangeError} that says what was expected and what was found, without values. */
  readonly parse: (value: unknown) => T;
}

/**
 * Reads a file of JSON, strictly.
 *
 * @returns undefined when there is no such file.
 * @throws {CliError} `refused`: with the path, what was expected, what was found, and what to do.
 */
export async function readJsonFile<T>(path: string, kind: JsonFileKind<T>): Promise<T | undefined> {
  const bytes = await readFileBounded(path, maxBytes).catch((error: unknown) => {
    if (errorCode(error) === "ENOENT") return null;
    throw errorCode(error) === "EISDIR" ? isDirectory(path, kind.usualName) : unreadable(path, error);
  });
  if (bytes === null) return undefined;
  if (bytes === undefined) throw new CliError("refused", `${path} is larger than ${kind.what} can be.`, kind.mend);
  try {
    return kind.parse(parseJson(bytes));
  } catch (error) {
    if (!(error instanceof TypeError || error instanceof RangeError)) throw error;
    throw new CliError("refused", `${path} is not ${kind.what}: ${error.message}.`, kind.mend);
  }
}

/** The error for a file or directory that cannot be read. */
export function unreadable(path: string, error: unknown): CliError {
  const code = errorCode(error);
  if (code === "EISDIR") return isDirectory(path);
  if (code === "EACCES" || code === "EPERM") return new CliError("refused", `${path} cannot be read: permission denied.`);
  return new CliError("refused", `${path} cannot be read (${reasonOf(error)}).`);
}

function isDirectory(path: string, usualName?: string): CliError {
  const next = usualName === undefined ? undefined : `Give ${join(path, usualName)}.`;
  return new CliError("refused", `${path} is a directory; expected a file.`, next);
}

// JSON.parse quotes what it stumbled over, and this file holds secrets: only the line is told, where it says one.
function parseJson(bytes: Uint8Array): unknown {
  let line: string | undefined;
  try {
    return JSON.parse(new TextDecoder("utf-8", { fatal: true }).decode(bytes));
  } catch (error) {
    line = /\(line (\d+) column \d+\)$/.exec(error instanceof SyntaxError ? error.message : "")?.[1];
  }
  throw new TypeError(`expected JSON, got something else${line === undefined ? "" : ` in line ${line}`}`);
}
