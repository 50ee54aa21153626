import { randomBytes } from "node:crypto";
import { mkdir, stat } from "node:fs/promises";
import { dirname, join, resolve } from "node:path";
import type { RecordKey } from "@cmkit/core";
import type { RegistryStore } from "@cmkit/registry";

import { CliError, errorCode, reasonOf } from "./cli-error.ts";
import type { Deps, Io } from "./deps.ts";
import { initAnnouncement } from "./init-announcement.ts";
import { initEmptyFile, initFile, removeUnfinished } from "./init-file.ts";
import { readRecordKey } from "./record-key-file.ts";
import { readRegistryConfig, type RegistryConfig } from "./registry-config.ts";
import type { StoreAddress } from "./registry-store.ts";
import { recordKeyFits } from "./server-record-key.ts";
import { addressAt, nameOf, openStore, settingsOf, thenClosed } from "./server-store.ts";

/** The options of `cmkit init`. */
export interface InitOptions {
  readonly store?: string;
  readonly json?: boolean;
}

/** What a set-up consists of. */
export interface SetUp {
  /** Absolute. */
  readonly config: string;
  readonly recordKey: string;
  readonly store: StoreAddress;
}

/** What of it this run made. */
export type Made = "config" | "recordKey" | "store";

/**
 * Makes a set-up, or what one lacks that was cut off. The configuration is made last: where there is one, the rest was there.
 */
export async function initCommand(dir: string, options: InitOptions, deps: Deps, io: Io): Promise<number> {
  const directory = resolve(deps.cwd, dir);
  await cannot(directory, mkdir(directory, { recursive: true, mode: 0o700 }));
  const config = join(directory, "cmkit.json");
  const found = (await exists(config)) ? await readRegistryConfig({ path: config, name: config }) : undefined;
  const { setUp, made } = found === undefined ? await complete(config, options) : await checked(config, found, options);
  for (const path of [config, setUp.recordKey]) await removeUnfinished(path);
  io.stdout(options.json ? `${JSON.stringify(shown(setUp, made))}\n` : initAnnouncement(setUp, made));
  return 0;
}

interface Outcome {
  readonly setUp: SetUp;
  readonly made: readonly Made[];
}

async function complete(config: string, { store = "sqlite:cmkit.db" }: InitOptions): Promise<Outcome> {
  const directory = dirname(config);
  const address = addressAt(store, directory);
  const recordKey = join(directory, "record.key");
  const made: Made[] = [];
  if (address.engine === "sqlite" && (await cannot(address.path, initEmptyFile(address.path)))) made.push("store");
  await refuseStrangers(address, recordKey);
  if (await cannot(recordKey, initFile(recordKey, randomBytes(32)))) made.push("recordKey");
  const content = { cmkit: 1, store, recordKey: "record.key", accessors: {} };
  if (await cannot(config, initFile(config, `${JSON.stringify(content, null, 2)}\n`))) made.push("config");
  return { setUp: { config, recordKey, store: address }, made };
}

/** A set-up that is whole stays as it is; one that lost a part is not given another. */
async function checked(config: string, found: RegistryConfig, { store }: InitOptions): Promise<Outcome> {
  if (store !== undefined && !isSame(found.store, addressAt(store, dirname(config)))) {
    throw new CliError("refused", `${config} is there and names another store.`, "Edit it, or give another directory.");
  }
  const settings = await settingsOf(found);
  await refuseAnotherKey(await openStore(settings), settings.recordKey, found.store);
  return { setUp: { config, recordKey: found.recordKey.path, store: found.store }, made: [] };
}

/** Brings the store's tables up to date, and makes sure that a record key that fits is there where rows carry tags. */
async function refuseStrangers(address: StoreAddress, path: string): Promise<void> {
  const store = await openStore({ address, development: false });
  if (await exists(path)) return refuseAnotherKey(store, await readRecordKey({ path, name: path }), address);
  const head = await thenClosed(store, async () => store.reads.auditHead());
  if (head === undefined) return;
  const next = `Restore ${path}. To begin with an empty store, name another.`;
  throw new CliError("refused", `${nameOf(address)} has rows, and the record key that they were tagged with is not there.`, next);
}

async function refuseAnotherKey(store: RegistryStore, recordKey: RecordKey, address: StoreAddress): Promise<void> {
  const fits = await thenClosed(store, async () => recordKeyFits(store, recordKey));
  if (fits) return;
  throw new CliError(
    "refused",
    `${nameOf(address)} was made with another record key.`,
    "Restore that one, or name another store.",
  );
}

function isSame(a: StoreAddress, b: StoreAddress): boolean {
  if (a.engine === "sqlite") return b.engine === "sqlite" && a.path === b.path;
  return b.engine === "postgres" && a.url === b.url;
}

async function exists(path: string): Promise<boolean> {
  return stat(path).then(
    () => true,
    (error: unknown) => errorCode(error) !== "ENOENT",
  );
}

async function cannot<T>(path: string, making: Promise<T>): Promise<T> {
  return making.catch((error: unknown) => {
    throw new CliError("refused", `${path} cannot be made (${reasonOf(error)}).`, "Give another directory.");
  });
}

function shown({ config, recordKey, store }: SetUp, made: readonly Made[]): Readonly<Record<string, unknown>> {
  return { config, record_key: recordKey, store: nameOf(store), made };
}
