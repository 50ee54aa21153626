import { RecordFile } from "./record-file.ts";
import type { DataKeyStore } from "./data-key-store.ts";

/**
 * A store in one file of JSON Lines, one record a line, appended and synced before `add` resolves. Several processes on one
 * machine may share it. The file holds wrapped keys only, and is made readable by its owner alone.
 *
 * A line that was cut off by a crash was never acknowledged: it is passed over, and the next record begins a new line. What
 * {@link rewrapDataKeyFile} appends meanwhile counts from the next call on.
 * @param path The file; made at the first `add`. Its directory must exist.
 */
export function fileDataKeyStore(path: string): DataKeyStore {
  const file = new RecordFile(path);
  return {
    add: async (record) => file.add(record),
    get: async (tenant, id) => file.get(tenant, id),
    indexKey: async (context) => file.indexKey(context),
  };
}
