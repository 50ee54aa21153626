import { resolve } from "node:path";

import type { Deps, Io } from "./deps.ts";
import { adaptersFor } from "./dev-adapters.ts";
import { type DevFile, readDevFile } from "./dev-file.ts";
import { type OpenRegistry, registryOn, type RegistrySettings } from "./server-registry.ts";
import { configFor, settingsOf, storeSettings, type StoreOptions, type StoreSettings } from "./server-store.ts";

/** A registry that is opened on its store, and the `cmkit dev` whose emulators it asks instead of the clouds. */
export interface DrillRegistry extends OpenRegistry {
  readonly dev: DevFile | undefined;
}

/** Opens the registry that the options name. @throws {CliError} as for reading what they name. */
export async function drillRegistry(options: StoreOptions, deps: Place, io: Warned): Promise<DrillRegistry> {
  const { settings, made, dev } = await named(options, deps, io);
  return { ...(await registryOn(settings, await adaptersFor(dev), made)), dev };
}

type Place = Pick<Deps, "cwd">;
type Warned = Pick<Io, "stderr">;

interface Named {
  readonly settings: StoreSettings;
  readonly made: RegistrySettings;
  readonly dev: DevFile | undefined;
}

async function named({ config, ...options }: StoreOptions, deps: Place, io: Warned): Promise<Named> {
  if (config === undefined || Object.keys(options).length > 0) {
    const settings = await storeSettings({ ...options, ...(config !== undefined && { config }) }, deps, io);
    const dev = options.dev === undefined ? undefined : await readDevFile(resolve(deps.cwd, options.dev));
    return { settings, made: { accessors: {}, sharedResources: false }, dev };
  }
  const made = await configFor(config, deps, io);
  return { settings: await settingsOf(made), made, dev: made.dev && (await readDevFile(made.dev.path)) };
}
