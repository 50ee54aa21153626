import type { AuditLog } from "./audit-log.ts";
import { isRegistryError, RegistryError } from "./registry-error.ts";
import type { RegistryStore } from "./store.ts";

/**
 * The store, which takes nothing from a process that has another record key than its own: what such a process wrote nobody
 * else could believe, and the chain of the audit log would be broken for good. Asked once, before the first write.
 */
export function keyedStore(store: RegistryStore, audit: Pick<AuditLog, "entries">): RegistryStore {
  let fits: Promise<void> | undefined;
  const once = async (): Promise<void> => {
    fits ??= refuseAnotherKey(audit).catch((error: unknown) => {
      fits = undefined;
      throw error;
    });
    return fits;
  };
  return {
    engine: store.engine,
    reads: store.reads,
    write: async (work, options) => {
      await once();
      return store.write(work, options);
    },
    claimDataKeys: async (claim, work, options) => {
      await once();
      return store.claimDataKeys(claim, work, options);
    },
    onPurge: (listener) => store.onPurge(listener),
    isDevelopment: async () => store.isDevelopment(),
    ready: async () => store.ready(),
    close: async () => store.close(),
  };
}

/** The first entry of the log stands for all that was written. */
async function refuseAnotherKey(audit: Pick<AuditLog, "entries">): Promise<void> {
  try {
    for await (const _first of audit.entries()) return;
  } catch (error) {
    if (!isRegistryError(error) || error.code !== "bad-record") throw error;
    const what = "The store was made with another record key, or somebody changed the beginning of its audit log.";
    throw new RegistryError("bad-record", `${what} Give the key that it was made with.`, error);
  }
}
