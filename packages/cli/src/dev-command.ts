import { mkdir, rm } from "node:fs/promises";
import { join, resolve } from "node:path";

import { CliError, reasonOf } from "./cli-error.ts";
import type { Deps, Io } from "./deps.ts";
import { announcement, announcementJson } from "./dev-announcement.ts";
import { type DevEmulators, devEmulators } from "./dev-emulators.ts";
import { type DevFile, findDevFile, writeDevFile } from "./dev-file.ts";
import { type DevPorts, devPorts, refuseUsedPorts } from "./dev-ports.ts";
import { type DevRegistry, devRegistry } from "./dev-registry.ts";
import { refuseSecondStart } from "./dev-running.ts";
import { completeDevSeed, type DevSeed, mendSeed, writeDevSeed } from "./dev-seed.ts";
import { devStoreName } from "./dev-store.ts";

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
  readonly store: string;
}

/** Runs the emulators and a registry until the process is asked to end. */
export async function devCommand({ dir, port, json }: DevOptions, deps: Deps, io: Io): Promise<number> {
  let ending = false;
  const askedToEnd = deps.untilAskedToEnd().then(() => void (ending = true));
  const paths = await pathsIn(resolve(deps.cwd, dir));
  const ports = devPorts(port);
  await refuseSecondStart(paths.file);
  await refuseUsedPorts(ports);
  const { seed, made } = await completeDevSeed(paths.seed);
  if (made.length > 0) io.stderr(`cmkit: making keys for ${made.join(", ")}: a few seconds, and only this once.\n`);
  const emulators = await start(seed, ports, paths);
  let registry: DevRegistry | undefined;
  let dev: DevFile | undefined;
  try {
    const { recordKey } = seed;
    const keep = async (): Promise<void> => written(paths.seed, writeDevSeed(paths.seed, { recordKey, ...emulators.snapshot() }));
    // Making keys takes seconds; another process may have begun in that time.
    await refuseSecondStart(paths.file);
    await keep();
    if (ending) return endedEarly(paths, io);
    registry = await devRegistry({ path: paths.store, port: ports.registry, clouds: emulators.clouds, seed }, deps, io);
    const found: DevFile = { cmkitDev: 3, pid: process.pid, recordKey, ...emulators.clouds, server: registry.server };
    await written(paths.file, writeDevFile(paths.file, found));
    dev = found;
    io.stdout(json ? announcementJson(dev, paths) : announcement(dev, paths));
    await askedToEnd;
    await keep();
  } finally {
    // The file goes before the servers: who finds no file finds the seed complete.
    if (dev !== undefined) await removeOwn(paths.file, dev);
    await registry?.close();
    await emulators.close();
  }
  return 0;
}

function endedEarly({ seed }: DevPaths, io: Io): number {
  io.stderr(`cmkit: ended before it was ready; its keys are in ${seed}.\n`);
  return 0;
}

async function pathsIn(dir: string): Promise<DevPaths> {
  const made = mkdir(dir, { recursive: true, mode: 0o700 });
  await made.catch((error: unknown) => {
    throw new CliError("refused", `${dir} cannot be used as a directory (${reasonOf(error)}).`);
  });
  return { file: join(dir, "cmkit.dev.json"), seed: join(dir, "cmkit.dev.seed.json"), store: join(dir, devStoreName) };
}

async function start(seed: DevSeed, ports: DevPorts, paths: DevPaths): Promise<DevEmulators> {
  return devEmulators(seed, ports).catch(async (error: unknown) => {
    await refuseUsedPorts(ports); // another program may have taken one since
    if (!(error instanceof TypeError || error instanceof RangeError)) throw error;
    throw new CliError("refused", `${paths.seed} is not a seed of \`cmkit dev\`: ${error.message}.`, mendSeed);
  });
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
