import { randomUUID } from "node:crypto";
import { type FileHandle, link, lstat, open, rename, rm } from "node:fs/promises";
import { dirname } from "node:path";

import { CliError, errorCode, reasonOf } from "./cli-error.ts";
import type { Io } from "./deps.ts";
import type { NamedFile } from "./named-file.ts";
import { syncDirectory } from "./sync-directory.ts";

/** Where a file is written: nothing bears its final name before all of it is on the disk. */
export interface Output {
  /** Resolves when more may be written. */
  write(bytes: Uint8Array): Promise<void>;
  /** All of it has been written. */
  complete(): Promise<void>;
  /** Leaves nothing behind. Of no effect once it is complete. */
  abandon(): Promise<void>;
}

/** @param mode The permissions of the file, from the moment when it is made. */
export async function fileOutput({ path, name }: NamedFile, mode: number): Promise<Output> {
  // Not by the process id: in a container it is the same at every start, and what a kill left would stand in the way.
  const beside = `${path}.${randomUUID()}.tmp`;
  let file: FileHandle | undefined = await open(beside, "wx", mode).catch((error: unknown) => {
    throw unwritable(name, error);
  });
  const close = async (): Promise<void> => {
    await file?.close();
    file = undefined;
  };
  return {
    async write(bytes) {
      await file?.writeFile(bytes).catch((error: unknown) => {
        throw unwritable(name, error);
      });
    },
    async complete() {
      try {
        await file?.sync();
        await close();
        await nameOnce(beside, path);
        await syncDirectory(dirname(path));
      } catch (error) {
        throw unwritable(name, error);
      }
    },
    async abandon() {
      await close();
      await rm(beside, { force: true });
    },
  };
}

/** Gives a file its final name, unless another has got that name since the run began. */
async function nameOnce(from: string, to: string): Promise<void> {
  try {
    await link(from, to); // alone among the calls that name a file, it never replaces one
  } catch (error) {
    const taken =
      errorCode(error) === "EEXIST" ||
      (await lstat(to).then(
        () => true,
        () => false,
      ));
    if (taken) throw Object.assign(new Error("the name is taken"), { code: "EEXIST" });
    return rename(from, to); // a file system without hard links
  }
  await rm(from);
}

/** Standard output, as fast as its reader takes it. */
export function pipeOutput(io: Io): Output {
  return {
    async write(bytes) {
      await io.stdoutBytes(bytes).catch((error: unknown) => {
        if (errorCode(error) !== "EPIPE") throw unwritable("standard output", error);
        throw new CliError("refused", "Standard output was closed by its reader before the end.");
      });
    },
    complete: async () => {},
    abandon: async () => {},
  };
}

function unwritable(name: string, error: unknown): CliError {
  const code = errorCode(error);
  if (code === "ENOENT")
    return new CliError("refused", `There is no directory ${dirname(name)}.`, "Make it, or give another --out.");
  if (code === "EEXIST") return new CliError("refused", `${name} exists already.`, "Remove it or choose another name.");
  if (code === "ENOSPC")
    return new CliError("refused", `${name} cannot be written: the disk is full.`, "Make room, or give another --out.");
  return new CliError("refused", `${name} cannot be written (${reasonOf(error)}).`, "Give another --out.");
}
