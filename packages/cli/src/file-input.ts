import { open } from "node:fs/promises";
import { addAbortSignal, Readable } from "node:stream";

import { CliError, errorCode } from "./cli-error.ts";
import type { Io } from "./deps.ts";
import { unreadable } from "./json-file.ts";
import type { NamedFile } from "./named-file.ts";

/** What is read. */
export interface Input {
  /** As it is called in messages. */
  readonly name: string;
  /** undefined where it is not known, as of a pipe. */
  readonly size: number | undefined;
  readonly bytes: AsyncIterable<Uint8Array>;
}

/** @throws {CliError} `refused`: there is no such file, or it cannot be read. */
export async function fileInput({ path, name }: NamedFile, signal: AbortSignal): Promise<Input> {
  try {
    const file = await open(path, "r");
    const stats = await file.stat();
    if (stats.isDirectory()) {
      await file.close();
      throw new CliError("refused", `${name} is a directory; expected a file.`);
    }
    const stream = endedBy(signal, file.createReadStream());
    return { name, size: stats.isFile() ? stats.size : undefined, bytes: reading(stream, name) };
  } catch (error) {
    if (error instanceof CliError) throw error;
    throw errorCode(error) === "ENOENT"
      ? new CliError("refused", `There is no file ${name}.`, "Check --in.")
      : unreadable(name, error);
  }
}

/** Standard input. An interruption ends even a read that waits. */
export function pipeInput(io: Io, signal: AbortSignal): Input {
  const { stdin } = io;
  if (stdin instanceof Readable) endedBy(signal, stdin);
  return { name: "standard input", size: undefined, bytes: reading(stdin, "standard input") };
}

/** An interruption may come before anybody reads, and listens: who reads is told of it then. */
function endedBy<S extends Readable>(signal: AbortSignal, stream: S): S {
  stream.on("error", () => {});
  return addAbortSignal(signal, stream);
}

async function* reading(source: AsyncIterable<Uint8Array>, name: string): AsyncGenerator<Uint8Array, void, undefined> {
  try {
    yield* source;
  } catch (error) {
    if (error instanceof Error && error.name === "AbortError") throw error;
    throw unreadable(name, error);
  }
}
