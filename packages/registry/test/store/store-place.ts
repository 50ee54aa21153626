import type { RegistryStore, RegistryWrites } from "../../src/store.ts";

/** A place where a store can be, empty at first. */
export interface StorePlace {
  /** One more store there; in memory always a new one. */
  open(options?: { readonly development?: boolean }): RegistryStore;
  /** Does what somebody else could do who may write the database. */
  byHand(sql: string, ...parameters: readonly (string | number | null | Uint8Array)[]): Promise<void>;
  /** For another process: what `openStore` of store-worker.ts takes. */
  readonly location: string;
  remove(): Promise<void>;
}

/** @param options.fresh Where no store has been before. */
export type MakePlace = (options?: { readonly fresh: boolean }) => Promise<StorePlace>;

/** A fresh store, for one test. */
export interface OpenedStore {
  readonly store: RegistryStore;
  /** One transaction. */
  put(work: (tx: RegistryWrites) => Promise<unknown>): Promise<void>;
}
