import type { BalanceRecord } from "./cmk-record.ts";
import type { RegisteredCmk } from "./registered-cmk.ts";
import type { RegistryCallOptions } from "./registry.ts";

export interface RetireOptions extends RegistryCallOptions {
  /**
   * Until when backups of the store exist that hold wraps under the key, as far as the operator knows: not before the last
   * rewrap away from the key ended, and that moment where there are no backups.
   */
  readonly backupsUntil?: Date;
}

/** That nothing in a store depends on a key any more, and what nobody could see. */
export interface RetireReport {
  readonly cmk: RegisteredCmk;
  /** What was counted: the key itself, as its cloud names it. `cmk.resource` may be an alias of it. */
  readonly resource: string;
  /** Which store was counted. */
  readonly store: string;
  /** Where the store's history stood. */
  readonly position: string;
  readonly at: Date;
  /** A version: its balance, and how many data keys are there. made + rewrapped in − rewrapped out − shredded = present = 0. */
  readonly versions: readonly (Pick<BalanceRecord, "keyVersion" | "made" | "rewrappedIn" | "rewrappedOut" | "shredded"> & {
    readonly present: number;
  })[];
  /** What the count cannot see, in sentences. */
  readonly cannotSee: readonly string[];
  /** As the operator gave it; null when it was not given. */
  readonly backupsUntil: Date | null;
  /** Whether the key may be destroyed as far as this store and its backups go: never before `backupsUntil`. */
  readonly safeToDestroy: boolean;
  /** The number of the entry in the audit log that holds this report. */
  readonly auditEntry: number;
}
