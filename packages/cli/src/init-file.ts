import { randomBytes } from "node:crypto";
import { link, open, readdir, rm } from "node:fs/promises";
import { dirname, join } from "node:path";

import { errorCode } from "./cli-error.ts";
import { syncDirectory } from "./sync-directory.ts";

/**
 * Makes a file that only its owner can read: whole, on the disk, and never over another, wherever the process is killed.
 *
 * @returns Whether it was made; false where there was one.
 */
export async function initFile(path: string, content: Uint8Array | string): Promise<boolean> {
  const beside = `${path}.${randomBytes(4).toString("hex")}.tmp`;
  try {
    await writeSynced(beside, content);
    await link(beside, path); // unlike a rename, it refuses to replace
    await syncDirectory(dirname(path));
    return true;
  } catch (error) {
    if (errorCode(error) === "EEXIST") return false;
    throw error;
  } finally {
    await rm(beside, { force: true });
  }
}

/** Makes an empty file that only its owner can read: SQLite makes those beside it as readable as it is. @returns Whether it was made. */
export async function initEmptyFile(path: string): Promise<boolean> {
  try {
    await (await open(path, "wx", 0o600)).close();
    return true;
  } catch (error) {
    if (errorCode(error) === "EEXIST") return false;
    throw error;
  }
}

/** Removes what runs left behind that were killed before a file had its name. */
export async function removeUnfinished(path: string): Promise<void> {
  const dir = dirname(path);
  const unfinished = (await readdir(dir)).filter((name) => {
    const whole = join(dir, name);
    return whole.startsWith(`${path}.`) && /^[0-9a-f]{8}\.tmp$/.test(whole.slice(path.length + 1));
  });
  for (const name of unfinished) await rm(join(dir, name), { force: true });
}

async function writeSynced(path: string, content: Uint8Array | string): Promise<void> {
  const file = await open(path, "wx", 0o600);
  try {
    await file.writeFile(content);
    await file.sync();
  } finally {
    await file.close();
  }
}
