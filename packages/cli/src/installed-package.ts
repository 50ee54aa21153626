import { readFile, realpath } from "node:fs/promises";
import { findPackageJSON } from "node:module";
import { pathToFileURL } from "node:url";

import { errorCode } from "./cli-error.ts";

/** A package as it is installed. */
export interface InstalledPackage {
  readonly version: string;
  readonly peers: Readonly<Record<string, string>>;
  /** The URL of its package.json: where its own imports are resolved from. */
  readonly url: string;
}

/** Finds a package as an import in `from` (a package's file URL; this one without) would; undefined when it is not installed. */
export type FindPackage = (name: string, from?: string) => Promise<InstalledPackage | undefined>;

interface Manifest {
  readonly version?: string;
  readonly peerDependencies?: Readonly<Record<string, string>>;
}

/** Looks packages up on the disk; nothing of them is run. */
export const findInstalledPackage: FindPackage = async (name, from = import.meta.url) => {
  const path = located(name, from);
  if (path === undefined) return undefined;
  const manifest = JSON.parse(await readFile(path, "utf8")) as Manifest;
  // A package manager may link it in: what it imports is beside the real one.
  const url = pathToFileURL(await realpath(path)).href;
  return { version: manifest.version ?? "0.0.0", peers: manifest.peerDependencies ?? {}, url };
};

function located(name: string, from: string): string | undefined {
  try {
    return findPackageJSON(name, from);
  } catch (error) {
    if (errorCode(error) === "ERR_MODULE_NOT_FOUND") return undefined;
    throw error;
  }
}
