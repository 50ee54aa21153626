import type { Accessors } from "@cmkit/registry";
import { isRegistryError } from "@cmkit/registry";

import type { Check } from "./check.ts";
import { CliError } from "./cli-error.ts";
import { isExposed, ownersFiles } from "./exposed-files.ts";
import type { NamedFile } from "./named-file.ts";
import { readRegistryConfig, type RegistryConfig } from "./registry-config.ts";
import { recordKeyFits } from "./server-record-key.ts";
import { nameOf, openStore, settingsOf, thenClosed } from "./server-store.ts";

/** Whether the registry of a `cmkit.json` can be served: its files, its store, and that the record key is the store's. */
export async function registryChecks(file: NamedFile): Promise<Check[]> {
  let config: RegistryConfig;
  try {
    config = await readRegistryConfig(file);
  } catch (error) {
    return [wrong("registry", error)];
  }
  const files = ownersFiles(file, config);
  return [...(await Promise.all(files.map(privateCheck))), await storeCheck(config), accessorsCheck(config.accessors)];
}

async function privateCheck(file: NamedFile): Promise<Check> {
  const check = { name: `registry ${file.name}`, needed: true };
  if (await isExposed(file)) return { ...check, state: "wrong", found: "readable by others", todo: `chmod 600 ${file.path}` };
  return { ...check, state: "ok", found: "readable by its owner alone", todo: null };
}

async function storeCheck(config: RegistryConfig): Promise<Check> {
  const check = { name: "registry store", needed: true };
  try {
    const settings = await settingsOf(config);
    const store = await openStore(settings);
    const fits = await thenClosed(store, async () => recordKeyFits(store, settings.recordKey));
    const name = nameOf(config.store);
    if (fits) return { ...check, state: "ok", found: `${name} answers`, todo: null };
    return { ...check, state: "wrong", found: `${name} was made with another record key`, todo: "restore that one" };
  } catch (error) {
    return wrong("registry store", error);
  }
}

function accessorsCheck(accessors: Accessors): Check {
  const given = Object.keys(accessors);
  const check = { name: "registry accessors", needed: false };
  if (given.length > 0) return { ...check, state: "ok", found: given.join(", "), todo: null };
  return { ...check, state: "missing", found: "none", todo: 'say in "accessors" whom customers grant access' };
}

function wrong(name: string, error: unknown): Check {
  if (error instanceof CliError) {
    const [found = "", todo = null] = error.message.split("\n");
    return { name, state: "wrong", found: found.replace(/\.$/, ""), todo, needed: true };
  }
  if (!isRegistryError(error)) throw error;
  return { name, state: "wrong", found: `${error.message} (${error.code})`, todo: null, needed: true };
}
