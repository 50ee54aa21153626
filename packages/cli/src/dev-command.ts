import { mkdir, rm } from "node:fs/promises";
import { join, resolve } from "node:path";
import { type AwsEmulator, awsEmulator } from "@cmkit/emulators";

import { CliError, errorCode, reasonOf } from "./cli-error.ts";
import type { Deps, Io } from "./deps.ts";
import { type DevFile, findDevFile, writeDevFile } from "./dev-file.ts";
import { announcement, announcementJson } from "./dev-announcement.ts";
import { refuseSecondStart } from "./dev-running.ts";
import { type DevSeed, findDevSeed, mendSeed, newDevSeed, writeDevSeed } from "./dev-seed.ts";

/** The options of `cmkit dev`. */
export interface DevOptions {
  readonly dir: string;
  readonly port: number;
  readonly json?: boolean;
}

/** Where `cmkit dev` writes. */
export interface DevPaths {
  readonly file: string;
  readonly seed: string;
}

/** Runs the emulators until the process is asked to end. */
export async function devCommand({ dir, port, json }: DevOptions, deps: Deps, io: Io): Promise<number> {
  const askedToEnd = deps.untilAskedToEnd();
  const paths = await pathsIn(resolve(deps.cwd, dir));
  await refuseSecondStart(paths.file);
  const { recordKey, aws } = (await findDevSeed(paths.seed)) ?? newDevSeed();
  const emulator = await start(aws, port, paths);
  let dev: DevFile | undefined;
  try {
    const made = devFile(emulator, recordKey, paths);
    const keep = async (): Promise<void> =>
      written(paths.seed, writeDevSeed(paths.seed, { recordKey, aws: emulator.snapshot() }));
    // Making keys takes seconds; another process may have begun in that time.
    await refuseSecondStart(paths.file);
    await keep();
    await written(paths.file, writeDevFile(paths.file, made));
    dev = made;
    io.stdout(json ? announcementJson(dev, paths) : announcement(dev, paths));
    await askedToEnd;
    await keep();
  } finally {
    // The file goes before the server: who finds no file finds the seed complete.
    if (dev !== undefined) await removeOwn(paths.file, dev);
    await emulator.close();
  }
  return 0;
}

async function pathsIn(dir: string): Promise<DevPaths> {
  const made = mkdir(dir, { recursive: true, mode: 0o700 });
  await made.catch((error: unknown) => {
    throw new CliError("refused", `${dir} cannot be used as a directory (${reasonOf(error)}).`);
  });
  return { file: join(dir, "cmkit.dev.json"), seed: join(dir, "cmkit.dev.seed.json") };
}

async function start(seed: DevSeed["aws"], port: number, paths: DevPaths): Promise<AwsEmulator> {
  try {
    return await awsEmulator({ seed, port });
  } catch (error) {
    const code = errorCode(error);
    if (code === "EADDRINUSE")
      throw new CliError("refused", `Port ${port} is in use.`, "Give another with --port, or leave --port out for any free one.");
    if (code === "EACCES")
      throw new CliError("refused", `Port ${port} may not be used by you.`, "Give one above 1023 with --port.");
    if (!(error instanceof TypeError || error instanceof RangeError)) throw error;
    throw new CliError("refused", `${paths.seed} is not a seed of \`cmkit dev\`: ${error.message}.`, mendSeed);
  }
}

function devFile(emulator: AwsEmulator, recordKey: Uint8Array, paths: DevPaths): DevFile {
  const { url: endpoint, controlToken, region, credentials } = emulator;
  const { accessKeyId, secretAccessKey } = credentials;
  const key = (alias: string): string => {
    const found = emulator.keys.filter(({ aliases }) => aliases.includes(alias));
    const [only] = found;
    if (only !== undefined && found.length === 1) return only.arn;
    const what = `${paths.seed} is not a seed of \`cmkit dev\`: expected one key with ${alias}, got ${found.length}.`;
    throw new CliError("refused", what, mendSeed);
  };
  const keys = {
    rsa2048: key("alias/cmkit-rsa-2048"),
    rsa4096: key("alias/cmkit-rsa-4096"),
    symmetric: key("alias/cmkit-symmetric"),
  };
  const aws = { endpoint, controlToken, region, credentials: { accessKeyId, secretAccessKey }, keys };
  return { cmkitDev: 1, pid: process.pid, recordKey, aws };
}

async function written(path: string, writing: Promise<void>): Promise<void> {
  await writing.catch((error: unknown) => {
    throw new CliError("refused", `${path} cannot be written (${reasonOf(error)}).`, "Give another directory with --dir.");
  });
}

/** Removes the file unless another process has put its own in place. */
async function removeOwn(path: string, { aws }: DevFile): Promise<void> {
  const found = await findDevFile(path).catch(() => undefined);
  if (found?.aws.controlToken === aws.controlToken) await rm(path, { force: true });
}
