import { dirname, resolve } from "node:path";
import type { Cmk } from "@cmkit/core";
import type { Accessors } from "@cmkit/registry";

import { CliError } from "./cli-error.ts";
import { type JsonFileKind, readJsonFile } from "./json-file.ts";
import type { NamedFile } from "./named-file.ts";
import { accessorsAt } from "./registry-accessors.ts";
import { type StoreAddress, storeAddress } from "./registry-store.ts";
import { fieldsOf, markAt, textAt } from "./strict-json.ts";

/** What a `cmkit.json` says: where a registry is and what it is made with. Paths are absolute. */
export interface RegistryConfig {
  readonly store: StoreAddress;
  readonly recordKey: NamedFile;
  /** The key that `recordKey` replaces, for as long as rows carry its tags. */
  readonly previousRecordKey?: NamedFile;
  readonly accessors: Accessors;
  /** Default false. */
  readonly sharedResources: boolean;
  readonly operatorCmk?: Cmk;
  /** The `cmkit.dev.json` of a running `cmkit dev`, whose emulators are used instead of the clouds. */
  readonly dev?: NamedFile;
}

/**
 * Reads a `cmkit.json`.
 *
 * @param file Its own directory is where paths in it start.
 * @throws {CliError} `refused`: there is no such file, or it is not one; never with a value out of it, which may hold a password.
 */
export async function readRegistryConfig({ path, name }: NamedFile): Promise<RegistryConfig> {
  const config = await readJsonFile(path, kindIn(dirname(path)));
  if (config !== undefined) return config;
  throw new CliError(
    "refused",
    `There is no file ${name}.`,
    "Make a registry with `cmkit init DIR`, and give --config DIR/cmkit.json.",
  );
}

function kindIn(directory: string): JsonFileKind<RegistryConfig> {
  return {
    what: "the configuration of a registry",
    usualName: "cmkit.json",
    mend: "Mend it, or make another with `cmkit init DIR`.",
    parse: (value) => parseConfig(value, directory),
  };
}

const optional = ["previousRecordKey", "sharedResources", "operatorCmk", "dev"] as const;

function parseConfig(value: unknown, directory: string): RegistryConfig {
  // The mark first: a file of another version has other fields.
  const mark = typeof value === "object" && value !== null && "cmkit" in value ? value.cmkit : undefined;
  markAt(mark, "cmkit", 1);
  const file = fieldsOf(value, "file", ["cmkit", "store", "recordKey", "accessors"], optional);
  const { previousRecordKey, sharedResources = false, operatorCmk, dev } = file;
  if (typeof sharedResources !== "boolean") throw new TypeError("sharedResources: expected true or false, got something else");
  return {
    store: storeAddress(textAt(file.store, "store", anyText, "a store"), directory),
    recordKey: fileAt(file.recordKey, "recordKey", directory),
    accessors: accessorsAt(file.accessors, "accessors"),
    sharedResources,
    ...(previousRecordKey === undefined ? {} : { previousRecordKey: fileAt(previousRecordKey, "previousRecordKey", directory) }),
    ...(operatorCmk === undefined ? {} : { operatorCmk: cmkAt(operatorCmk, "operatorCmk") }),
    ...(dev === undefined ? {} : { dev: fileAt(dev, "dev", directory) }),
  };
}

const anyText = /^[^\0]{1,4096}$/;

function fileAt(value: unknown, path: string, directory: string): NamedFile {
  const name = textAt(value, path, anyText, "the name of a file");
  return { path: resolve(directory, name), name };
}

function cmkAt(value: unknown, path: string): Cmk {
  const { provider, resource } = fieldsOf(value, path, ["provider", "resource"]);
  return {
    provider: textAt(provider, `${path}.provider`, /^(?:aws|gcp|azure|oci)$/, "aws, gcp, azure or oci"),
    resource: textAt(resource, `${path}.resource`, /^.{1,512}$/, "1 to 512 characters"),
  };
}
