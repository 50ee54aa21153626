import { mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";

import { cmkit } from "./command.ts";
import { scratch } from "./scratch.ts";

const name = "cmkit.dev.seed.json";
let made: Promise<string> | undefined;

/** The content of a seed of `cmkit dev`. Making its keys takes seconds, so a file of tests makes one. */
export async function devSeedText(): Promise<string> {
  made ??= makeSeed();
  return made;
}

/** A directory with it, for one test. */
export async function seeded(): Promise<string> {
  const dir = scratch();
  writeFileSync(join(dir, name), await devSeedText());
  return dir;
}

async function makeSeed(): Promise<string> {
  const dir = mkdtempSync(join(tmpdir(), "cmkit-cli-seed-"));
  try {
    const { exitCode, stderr } = await cmkit(["dev", "--dir", dir]);
    if (exitCode !== 0) throw new Error(`no seed was made: ${stderr}`);
    return readFileSync(join(dir, name), "utf8");
  } finally {
    rmSync(dir, { recursive: true });
  }
}
