import { CliError } from "./cli-error.ts";
import type { Deps, Io } from "./deps.ts";
import type { FileRewrapOptions } from "./rewrap-options.ts";

/** `cmkit rewrap --keys`: moves the data keys in a file of `cmkit seal`. */
export async function rewrapFileCommand(_options: FileRewrapOptions, _deps: Deps, _io: Io): Promise<number> {
  throw new CliError("refused", "Data keys in files cannot be moved yet.");
}
