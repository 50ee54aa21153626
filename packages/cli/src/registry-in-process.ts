import { randomUUID } from "node:crypto";
import { isKmsError, type KmsAdapter } from "@cmkit/core";
import { type Authenticator, isRegistryError } from "@cmkit/registry";
import { registryApp } from "@cmkit/registry/http";

import { CliError } from "./cli-error.ts";
import { cloudAdapter } from "./cloud-adapter.ts";
import { clouds } from "./clouds.ts";
import type { Deps, Io } from "./deps.ts";
import { type DevFile, readDevFile } from "./dev-file.ts";
import { nextStep, type RegistryWay } from "./registry-advice.ts";
import { registryAnswer } from "./registry-answer.ts";
import type { RegistryClient } from "./registry-client.ts";
import type { ConnectionOptions } from "./registry-options.ts";
import { type OpenRegistry, registryOn, type RegistrySettings } from "./server-registry.ts";
import { configFor, nameOf, settingsOf, storeSettings, type StoreSettings } from "./server-store.ts";

/**
 * A registry on a store that this process opens: the same application that a server has, without one. Who can open the
 * store and has its record key is the operator.
 *
 * @throws {CliError} as for reading what the options name; `refused` for a store that cannot be opened.
 */
export async function storeClient(
  options: Pick<ConnectionOptions, "config" | "store" | "recordKey">,
  deps: Deps,
  io: Io,
): Promise<RegistryClient> {
  const named = await namedRegistry(options, deps, io);
  const way: RegistryWay = { kind: "store", name: nameOf(named.settings.address) };
  const opened = await open(named, way);
  // Nobody else asks this application, and still nobody passes without knowing it.
  const token = randomUUID();
  const tokens: Authenticator = {
    authenticate: async (given) => (given === token ? { actor: `cli:${deps.user}`, role: "operator", project: "*" } : undefined),
  };
  const reasons = new Map<string, string>();
  const app = registryApp(opened.registry, {
    tokens,
    onRequest: ({ requestId, reason }) => void (reason !== undefined && reasons.set(requestId, reason)),
  });
  return {
    way,
    async request(method, path, body) {
      const requestId = randomUUID();
      const headers = { authorization: `Bearer ${token}`, "x-request-id": requestId };
      const given = { method, headers, ...(body && { body: JSON.stringify(body) }) };
      const answer = await app.fetch(new Request(`http://localhost${path}`, given));
      return registryAnswer(answer, way, reasons.get(requestId));
    },
    close: async () => opened.close(),
  };
}

interface NamedRegistry {
  readonly settings: StoreSettings;
  readonly made: RegistrySettings;
  /** The `cmkit dev` whose emulators are used instead of the clouds. */
  readonly dev: DevFile | undefined;
}

async function namedRegistry(
  { config, store, recordKey }: Parameters<typeof storeClient>[0],
  deps: Deps,
  io: Io,
): Promise<NamedRegistry> {
  if (config === undefined) {
    const settings = await storeSettings({ ...(store && { store }), ...(recordKey && { recordKey }) }, deps, io);
    return { settings, made: { accessors: {}, sharedResources: false }, dev: undefined };
  }
  const made = await configFor(config, deps, io);
  return { settings: await settingsOf(made), made, dev: made.dev && (await readDevFile(made.dev.path)) };
}

async function open({ settings, made, dev }: NamedRegistry, way: RegistryWay): Promise<OpenRegistry> {
  return registryOn(settings, await installedAdapters(dev), made).catch((error: unknown) => {
    if (!isRegistryError(error)) throw error;
    throw new CliError("refused", `${way.name}: ${error.message} (${error.code}).`, nextStep(error.code, error.httpStatus, way));
  });
}

/** A cloud whose adapter is not installed is missed only when one of its keys is used. */
async function installedAdapters(dev: DevFile | undefined): Promise<KmsAdapter[]> {
  const adapters = await Promise.all(clouds.map(async (cloud) => cloudAdapter(cloud, dev).catch(undefinedIfMissing)));
  return adapters.filter((adapter) => adapter !== undefined);
}

function undefinedIfMissing(error: unknown): undefined {
  if (!isKmsError(error) || error.code !== "adapter-missing") throw error;
}
