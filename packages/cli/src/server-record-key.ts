import type { RecordKey } from "@cmkit/core";
import { chainedAuditLog, isRegistryError, type RegistryStore } from "@cmkit/registry";

import { CliError } from "./cli-error.ts";
import { nameOf, type StoreSettings } from "./server-store.ts";

/** Whether the first entry of a store's audit log is tagged under the record key; true where there is none. */
export async function recordKeyFits(store: RegistryStore, recordKey: RecordKey): Promise<boolean> {
  try {
    const audit = chainedAuditLog({ store, recordKey, clock: { wallMs: Date.now } });
    for await (const _first of audit.entries()) break;
    return true;
  } catch (error) {
    if (isRegistryError(error) && error.code === "bad-record") return false;
    throw error;
  }
}

/**
 * Before anything is written: an entry under another key would break the chain of the audit log.
 * @throws {CliError} `refused`
 */
export async function refuseAnotherKey(store: RegistryStore, { address, recordKey, development }: StoreSettings): Promise<void> {
  if (await recordKeyFits(store, recordKey)) return;
  const name = nameOf(address);
  if (development) {
    const next = "Restore that seed, or remove this file to begin with an empty registry.";
    throw new CliError("refused", `${name} was made with another seed.`, next);
  }
  const what = `${name} was made with another record key, or somebody changed the beginning of its audit log.`;
  throw new CliError(
    "refused",
    what,
    "Give the key that it was made with. `cmkit audit verify` and `cmkit records resign --help` say more.",
  );
}
