import { stat } from "node:fs/promises";

import type { Io } from "./deps.ts";
import type { NamedFile } from "./named-file.ts";
import { printable } from "./printable.ts";
import type { RegistryConfig } from "./registry-config.ts";

/** The files of a registry that only its owner may read: a password may stand in one, and the others are keys. */
export function ownersFiles(
  config: NamedFile,
  { recordKey, previousRecordKey }: Pick<RegistryConfig, "recordKey" | "previousRecordKey">,
): NamedFile[] {
  return [config, recordKey, ...(previousRecordKey === undefined ? [] : [previousRecordKey])];
}

/** Whether others than its owner can do anything with a file. */
export async function isExposed({ path }: NamedFile): Promise<boolean> {
  // Where files have no such modes, Node says 0o666 of all.
  if (process.platform === "win32") return false;
  return ((await stat(path).catch(() => ({ mode: 0 }))).mode & 0o077) !== 0;
}

/** Says on standard error which of a registry's files others can read. */
export async function warnOfExposed(config: NamedFile, registry: RegistryConfig, io: Pick<Io, "stderr">): Promise<void> {
  for (const file of ownersFiles(config, registry)) {
    if (await isExposed(file)) io.stderr(`cmkit: warning: others can read ${printable(file.path)}: chmod 600 it.\n`);
  }
}
