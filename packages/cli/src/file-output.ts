import { type FileHandle, open, rename, rm } from "node:fs/promises";
import { dirname } from "node:path";

import { CliError, errorCode, reasonOf } from "./cli-error.ts";
import type { Io } from "./deps.ts";
import type { NamedFile } from "./named-file.ts";

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
  const beside = `${path}.${process.pid}.tmp`;
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
        await rename(beside, path);
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
  if (code === "ENOSPC")
    return new CliError("refused", `${name} cannot be written: the disk is full.`, "Make room, or give another --out.");
  return new CliError("refused", `${name} cannot be written (${reasonOf(error)}).`, "Give another --out.");
}

async function syncDirectory(path: string): Promise<void> {
  if (process.platform === "win32") return; // directories cannot be opened there
  const directory = await open(path, "r");
  try {
    await directory.sync();
  } finally {
    await directory.close();
  }
}
