import { isKmsError, type Kms, type KmsAdapter, multiCloudKms } from "@cmkit/core";
import { type ApiTokens, apiTokens, cmkRegistry, type Registry, type RegistryOptions } from "@cmkit/registry";

import { CliError } from "./cli-error.ts";
import { adaptersFor } from "./dev-adapters.ts";
import { readDevFile } from "./dev-file.ts";
import type { RegistryConfig } from "./registry-config.ts";
import { refuseAnotherKey } from "./server-record-key.ts";
import { openStore, settingsOf, type StoreSettings } from "./server-store.ts";

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

/** Opens a registry on a store, with these adapters. @throws {CliError} `refused`: also for an operator's key that is none. */
export async function registryOn(
  settings: StoreSettings,
  adapters: readonly KmsAdapter[],
  { accessors, sharedResources, operatorCmk }: RegistrySettings,
): Promise<OpenRegistry> {
  const { recordKey } = settings;
  const kms = multiCloudKms({ adapters });
  try {
    const store = await openStore(settings);
    try {
      await refuseAnotherKey(store, settings);
      const operator = operatorCmk === undefined ? {} : { operatorCmk };
      const registry = registryOf({ kms, store, recordKey, accessors, sharedResources, ...operator });
      const tokens = apiTokens({ store, recordKey, clock: kms.clock });
      return { registry, tokens, kms, close: async () => closeBoth(registry, kms) };
    } catch (error) {
      await store.close();
      throw error;
    }
  } catch (error) {
    await kms.close();
    throw error;
  }
}

/** A mistake in the operator's key would show first when a customer's data is to be sealed. @throws {CliError} `refused` */
function registryOf(options: RegistryOptions): Registry {
  try {
    return cmkRegistry(options);
  } catch (error) {
    if (!isKmsError(error)) throw error;
    throw new CliError("refused", `operatorCmk in cmkit.json: ${error.message} (${error.code}).`, "Mend it, or leave it out.");
  }
}

async function closeBoth(registry: Registry, kms: Kms): Promise<void> {
  try {
    await registry.close();
  } finally {
    await kms.close();
  }
}
