import { type Kms, type KmsAdapter, multiCloudKms } from "@cmkit/core";
import { type ApiTokens, apiTokens, cmkRegistry, type Registry, type RegistryStore } from "@cmkit/registry";

import { CliError } from "./cli-error.ts";
import { adaptersFor } from "./dev-adapters.ts";
import { readDevFile } from "./dev-file.ts";
import type { RegistryConfig } from "./registry-config.ts";
import { keyFits } from "./server-key-fits.ts";
import { nameOf, openStore, settingsOf, type StoreSettings } from "./server-store.ts";

/** A registry, its tokens, and the clouds that it asks. */
export interface OpenRegistry {
  readonly registry: Registry;
  readonly tokens: ApiTokens;
  readonly kms: Kms;
  /** Closes the store too. */
  close(): Promise<void>;
}

/** What a registry is made with, besides its store. */
export type RegistrySettings = Pick<RegistryConfig, "accessors" | "sharedResources" | "operatorCmk">;

/**
 * Opens the registry of a `cmkit.json`.
 *
 * @throws {CliError} `refused`: its store is absent, or that of a `cmkit dev`. @throws {KmsError} `adapter-missing`: no
 * cloud's adapter is installed. @throws {RegistryError} `store-unavailable`
 */
export async function openRegistry(config: RegistryConfig): Promise<OpenRegistry> {
  const settings = await settingsOf(config);
  const dev = config.dev === undefined ? undefined : await readDevFile(config.dev.path);
  return registryOn(settings, await adaptersFor(dev), config);
}

/** Opens a registry on a store, with these adapters. */
export async function registryOn(
  settings: StoreSettings,
  adapters: readonly KmsAdapter[],
  { accessors, sharedResources, operatorCmk }: RegistrySettings,
): Promise<OpenRegistry> {
  const { recordKey } = settings;
  const kms = multiCloudKms({ adapters });
  try {
    const store = await openStore(settings);
    if (!(await keyFits(store, recordKey))) throw await closedFor(store, settings);
    const operator = operatorCmk === undefined ? {} : { operatorCmk };
    const registry = cmkRegistry({ kms, store, recordKey, accessors, sharedResources, ...operator });
    const tokens = apiTokens({ store, recordKey, clock: kms.clock });
    return { registry, tokens, kms, close: async () => closeBoth(registry, kms) };
  } catch (error) {
    await kms.close();
    throw error;
  }
}

async function closedFor(store: RegistryStore, { address, development }: StoreSettings): Promise<CliError> {
  await store.close();
  const name = nameOf(address);
  if (development) {
    return new CliError(
      "refused",
      `${name} was made with another seed.`,
      "Restore that seed, or remove this file to begin with an empty registry.",
    );
  }
  const what = `${name} was made with another record key, or somebody changed the begin of its audit log.`;
  return new CliError(
    "refused",
    what,
    "Restore the record key. `cmkit audit verify` and `cmkit records resign --help` say more.",
  );
}

async function closeBoth(registry: Registry, kms: Kms): Promise<void> {
  try {
    await registry.close();
  } finally {
    await kms.close();
  }
}
