import type { RegistryStore, RegistryWrites } from "../../src/store.ts";

export interface HeldStore {
  readonly store: RegistryStore;
  /** Resolves when a transaction has written data keys, or their wraps, and has still to commit. */
  readonly written: Promise<void>;
  /** Lets it, and all later ones. */
  readonly commit: () => void;
}

/** A store whose transactions that write data keys commit when they are told to. */
export function heldStore(store: RegistryStore): HeldStore {
  const [written, gate] = [Promise.withResolvers<void>(), Promise.withResolvers<void>()];
  const held =
    <T>(work: (tx: RegistryWrites) => Promise<T>) =>
    async (tx: RegistryWrites): Promise<T> => {
      let isOfDataKeys = false;
      const watched = new Proxy(tx, {
        get: (target, name) => {
          isOfDataKeys ||= name === "addDataKey" || name === "replaceWraps";
          const value: unknown = Reflect.get(target, name);
          return typeof value === "function" ? value.bind(target) : value;
        },
      });
      const result = await work(watched);
      if (isOfDataKeys) written.resolve();
      if (isOfDataKeys) await gate.promise;
      return result;
    };
  const holding: RegistryStore = {
    engine: store.engine,
    reads: store.reads,
    write: async (work, options) => store.write(held(work), options),
    claimDataKeys: async (claim, work, options) =>
      store.claimDataKeys(claim, async (...claimed) => held(await work(...claimed)), options),
    onPurge: (listener) => store.onPurge(listener),
    isDevelopment: async () => store.isDevelopment(),
    ready: async () => store.ready(),
    close: async () => store.close(),
  };
  return { store: holding, written: written.promise, commit: gate.resolve };
}
