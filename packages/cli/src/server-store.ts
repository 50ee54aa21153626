import { dirname, join, resolve } from "node:path";
import { stat } from "node:fs/promises";
import type { RecordKey } from "@cmkit/core";
import type { RegistryStore } from "@cmkit/registry";

import { CliError, errorCode } from "./cli-error.ts";
import type { Deps, Io } from "./deps.ts";
import { readDevFile } from "./dev-file.ts";
import { devStoreName } from "./dev-store.ts";
import { warnOfExposed } from "./exposed-files.ts";
import type { NamedFile } from "./named-file.ts";
import { readRecordKey } from "./record-key-file.ts";
import { readRegistryConfig, type RegistryConfig } from "./registry-config.ts";
import { type StoreAddress, storeAddress } from "./registry-store.ts";

/** The options that name a store. */
export interface StoreOptions {
  readonly config?: string;
  readonly store?: string;
  readonly recordKey?: string;
  readonly dev?: string;
}

/** Where relative paths start. */
type Place = Pick<Deps, "cwd">;
/** Who hears of files that others can read. */
type Warned = Pick<Io, "stderr">;

/** A store that is not open yet. */
export interface StoreSettings {
  readonly address: StoreAddress;
  readonly recordKey: RecordKey;
  /** That of a `cmkit dev`. */
  readonly development: boolean;
}

/**
 * Which store the options name, and the key of its rows. Warns of files that others can read.
 * @throws {CliError} `bad-usage`: none, or more than one.
 */
export async function storeSettings(options: StoreOptions, deps: Place, io: Warned): Promise<StoreSettings> {
  const { config, store, recordKey, dev } = options;
  const given = [config, store, dev].filter((value) => value !== undefined);
  if (given.length !== 1 || (recordKey !== undefined && store === undefined)) {
    throw new CliError("bad-usage", "Expected one of --config, --dev, and --store with --record-key.", whereHelp);
  }
  if (config !== undefined) return settingsOf(await configFor(config, deps, io));
  if (dev !== undefined) return devSettings(resolve(deps.cwd, dev));
  if (store === undefined || recordKey === undefined) throw new CliError("bad-usage", "--store needs --record-key.", whereHelp);
  const key = await readRecordKey(named(recordKey, deps));
  return { address: addressAt(store, deps.cwd), recordKey: key, development: false };
}

/** Reads the `cmkit.json` of a command, and warns of files that others can read. */
export async function configFor(name: string, deps: Place, io: Warned): Promise<RegistryConfig> {
  const file = named(name, deps);
  const config = await readRegistryConfig(file);
  await warnOfExposed(file, config, io);
  return config;
}

/** The same of a `cmkit.json` that was read. */
export async function settingsOf({ store, recordKey, previousRecordKey }: RegistryConfig): Promise<StoreSettings> {
  const current = await readRecordKey(recordKey);
  const key = previousRecordKey === undefined ? current : { current, previous: await readRecordKey(previousRecordKey) };
  return { address: store, recordKey: key, development: false };
}

/** @throws {CliError} `bad-usage`, without the text: it may hold a password. */
export function addressAt(store: string, directory: string): StoreAddress {
  try {
    return storeAddress(store, directory);
  } catch (error) {
    throw new CliError("bad-usage", error instanceof TypeError ? `--${error.message}.` : "--store is not one.");
  }
}

/**
 * Opens a store, and brings its tables up to date.
 *
 * @throws {CliError} `refused`: there is none, or it is one of `cmkit dev` where that was not asked for, or the reverse.
 * @throws {RegistryError} `store-unavailable`
 */
export async function openStore({
  address,
  development,
}: Pick<StoreSettings, "address" | "development">): Promise<RegistryStore> {
  if (address.engine === "sqlite" && !development) await refuseAbsent(address);
  const store = await storeAt(address, development);
  try {
    if ((await store.isDevelopment()) === development) return store;
    throw development ? notDevelopment(nameOf(address)) : isDevelopment(nameOf(address));
  } catch (error) {
    await store.close();
    throw error;
  }
}

/** Opens the store that the options name, for as long as `use` takes. */
export async function withStoreOf<T>(
  options: StoreOptions,
  deps: Deps,
  io: Io,
  use: (opened: { readonly store: RegistryStore; readonly settings: StoreSettings }) => Promise<T>,
): Promise<T> {
  const settings = await storeSettings(options, deps, io);
  const store = await openStore(settings);
  return thenClosed(store, async () => use({ store, settings }));
}

/** Closes a store once it has been used, whatever came of that. */
export async function thenClosed<T>(store: RegistryStore, use: () => Promise<T>): Promise<T> {
  try {
    return await use();
  } finally {
    await store.close();
  }
}

/** What a person may see of where a store is: a URL may hold a password. */
export function nameOf(address: StoreAddress): string {
  return address.engine === "sqlite" ? address.path : `the PostgreSQL store on ${new URL(address.url).host}`;
}

const whereHelp = "Give --config DIR/cmkit.json, which `cmkit init DIR` makes.";

async function storeAt(address: StoreAddress, development: boolean): Promise<RegistryStore> {
  // Loaded only now: whoever uses one engine does not wait for the other.
  if (address.engine === "postgres") {
    const { postgresStore } = await import("@cmkit/registry/postgres");
    return usable(() => postgresStore(address.url));
  }
  return (await import("@cmkit/registry/sqlite")).sqliteStore(address.path, { development });
}

/** @throws {CliError} `bad-usage`: what PostgreSQL's URL lacks. */
function usable(make: () => RegistryStore): RegistryStore {
  try {
    return make();
  } catch (error) {
    if (!(error instanceof TypeError)) throw error;
    throw new CliError("bad-usage", `The store's URL cannot be used: ${error.message}.`);
  }
}

function named(name: string, deps: Place): NamedFile {
  return { path: resolve(deps.cwd, name), name };
}

async function devSettings(file: string): Promise<StoreSettings> {
  const { recordKey } = await readDevFile(file);
  const path = join(dirname(file), devStoreName);
  return { address: { engine: "sqlite", path, name: path }, recordKey, development: true };
}

/** A database that is lost must not come back empty without a word. */
async function refuseAbsent({ path }: { readonly path: string }): Promise<void> {
  await stat(path).catch((error: unknown) => {
    if (errorCode(error) !== "ENOENT") return;
    throw new CliError("refused", `There is no store ${path}.`, "Restore it, or make a registry with `cmkit init DIR`.");
  });
}

function isDevelopment(name: string): CliError {
  return new CliError(
    "refused",
    `${name} is the store of a \`cmkit dev\`.`,
    "Give --dev with its cmkit.dev.json, or another store.",
  );
}

function notDevelopment(name: string): CliError {
  return new CliError(
    "refused",
    `${name} is not a store of \`cmkit dev\`.`,
    "Move it away, or give another directory with --dir.",
  );
}
