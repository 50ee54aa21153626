import type { RecordKey } from "@cmkit/core";
import { chainedAuditLog, isRegistryError, type RegistryStore } from "@cmkit/registry";

/** Whether the first entry of a store's audit log is tagged under the record key; true where there is none. */
export async function keyFits(store: RegistryStore, recordKey: RecordKey): Promise<boolean> {
  try {
    const audit = chainedAuditLog({ store, recordKey, clock: { wallMs: Date.now } });
    for await (const _first of audit.entries()) break;
    return true;
  } catch (error) {
    if (isRegistryError(error) && error.code === "bad-record") return false;
    throw error;
  }
}
