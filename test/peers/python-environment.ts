import { execFile } from "node:child_process";
import { existsSync, mkdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { fileURLToPath } from "node:url";
import { promisify } from "node:util";
import { peersCache } from "./peers-cache.ts";

const run = promisify(execFile);
const folder = `${peersCache}/python`;
const stamp = `${folder}/installed.txt`;
const requirements = fileURLToPath(new URL("python/requirements.txt", import.meta.url));

/** The environment's interpreter. */
export const python: string = `${folder}/bin/python`;

/** Compiled modules go beside the environment: kept between runs, and never into `test/peers/python`. */
export const pythonEnv: Readonly<Record<string, string>> = { PYTHONPYCACHEPREFIX: `${peersCache}/pycache` };

let installing: Promise<void> | undefined;

/** Makes a virtual environment with every package of python/requirements.txt; once for all peers. Rejects with the reason. */
export async function installPython(): Promise<void> {
  installing ??= install();
  await installing;
}

async function install(): Promise<void> {
  const wanted = readFileSync(requirements, "utf8");
  if (existsSync(stamp) && readFileSync(stamp, "utf8") === wanted) return;
  process.stderr.write("Installing Python packages into .cache/peers/python (once)...\n");
  rmSync(folder, { recursive: true, force: true });
  mkdirSync(peersCache, { recursive: true });
  await tried("python3 cannot make a virtual environment", "python3", ["-m", "venv", folder]);
  // Compiling half a gigabyte of modules of which a few are imported would take longer than all the rest.
  const options = ["--quiet", "--no-compile", "--disable-pip-version-check"];
  await tried("pip cannot install test/peers/python/requirements.txt", python, [
    "-m",
    "pip",
    "install",
    ...options,
    "-r",
    requirements,
  ]);
  writeFileSync(stamp, wanted);
}

async function tried(complaint: string, command: string, args: readonly string[]): Promise<void> {
  try {
    await run(command, args);
  } catch (error) {
    const { stderr = "", message } = error as { readonly stderr?: string; readonly message: string };
    const said = stderr.trim() === "" ? message : stderr.trim();
    throw new Error(`${complaint}: ${said.split("\n").at(-1)}`, { cause: error });
  }
}
