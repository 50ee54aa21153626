import type { Cmk, DataKeyRecord, KmsErrorCode, RequestQuota, WrappedKey } from "@cmkit/core";

import type { AuditRecord, BalanceRecord, CmkRecord, ProjectRecord, RewrapRecord, TokenRecord } from "./cmk-record.ts";

/** A row and its tag under the operator's record key. A store keeps both and looks into neither. */
export interface Tagged<T> {
  readonly record: T;
  /** 32 bytes. */
  readonly tag: Uint8Array;
}

/** The newest entry of the audit log: its number, and its tag, which covers all entries before it. */
export interface AuditHead {
  readonly seq: number;
  readonly tag: Uint8Array;
}

/** Where a page begins: after this name, id or number; `limit` rows at most. */
export interface Page<K> {
  readonly after?: K | undefined;
  readonly limit: number;
}

/** Data keys to rewrap: those that nobody else has claimed, and that did not fail, or are due again. */
export interface DataKeyClaim {
  readonly project: string;
  readonly cmk: Cmk;
  /** Only those whose wrap is under another version than this one, or under none that is known. */
  readonly exceptVersion?: string | undefined;
  /** In the order of service and id: those after this place. */
  readonly after?: DataKeyPlace | undefined;
  readonly limit: number;
  /** Failed ones whose next try is after this are left out, unless it is later than anybody puts one off. */
  readonly now: Date;
}

/** A place in the order of a CMK's data keys. */
export interface DataKeyPlace {
  readonly service: string;
  readonly id: Uint8Array;
}

/** The wrap that a data key is to have in place of the one that it had. */
export interface WrapReplacement {
  readonly id: Uint8Array;
  readonly before: WrappedKey;
  readonly after: WrappedKey;
}

/** That a data key could not be rewrapped. */
export interface RewrapFailure {
  readonly id: Uint8Array;
  readonly code: KmsErrorCode;
  /** Null: not before somebody starts the rewrap again. */
  readonly nextTryAt: Date | null;
}

/** The data keys under a CMK that could not be rewrapped. */
export interface RewrapFailures {
  /** How many with each code, by code. */
  readonly counts: readonly { readonly code: KmsErrorCode; readonly count: number }[];
  /** The first 100, sorted by id. */
  readonly ids: readonly Uint8Array[];
  /** When the first of those that are tried again is due; null when none is. */
  readonly nextTryAt: Date | null;
}

/** How many data keys of a project are wrapped under one version of a key. */
export interface VersionCount {
  readonly project: string;
  readonly keyVersion: string | null;
  readonly count: number;
}

/** Data keys that processes are to drop: a project's, under one key. */
export interface Purge {
  readonly project: string;
  readonly cmk: Cmk;
}

/** The requests that all processes together send within one quota. No tag covers it: whoever changes it changes a speed. */
export interface RequestRate {
  readonly name: RequestQuota["name"];
  /** Requests a second at present. */
  readonly perSecond: number;
  /** On the store's clock, milliseconds since 1970: when the next request may be sent. */
  readonly nextAtMs: number;
  /** When `perSecond` was last changed. */
  readonly changedAtMs: number;
}

/**
 * What can be read. Every answer is parsed as strictly as what comes from the network: a row that this package would not
 * have written is a RegistryError `bad-record`.
 */
export interface RegistryReads {
  /** Of any status, oldest first. */
  cmks(project: string): Promise<readonly Tagged<CmkRecord>[]>;
  project(name: string): Promise<Tagged<ProjectRecord> | undefined>;
  /** Of all projects of which anything is kept: a row of their own, a CMK, a data key. Names, sorted by their bytes (UTF-8). */
  projects(page: Page<string>): Promise<readonly string[]>;
  dataKey(project: string, id: Uint8Array): Promise<DataKeyRecord | undefined>;
  /** @param contextKey `bindContext(context).key` */
  indexKey(project: string, contextKey: string): Promise<DataKeyRecord | undefined>;
  /** How many data keys of the project are wrapped under the key. @param exceptVersion As {@link DataKeyClaim} has it. */
  countDataKeys(project: string, cmk: Cmk, exceptVersion?: string): Promise<number>;
  /** The services that hold data keys under the key, sorted. */
  services(project: string, cmk: Cmk): Promise<readonly string[]>;
  /** Of all projects: what would be lost with the key. By project and version. */
  countByVersion(cmk: Cmk): Promise<readonly VersionCount[]>;
  /** Of one project and key, by version. */
  balances(project: string, cmk?: Cmk): Promise<readonly Tagged<BalanceRecord>[]>;
  /** Of all projects, under one name of a key. */
  balancesUnder(cmk: Cmk): Promise<readonly Tagged<BalanceRecord>[]>;
  /** The names of a provider's keys under which any project ever had a data key, by the balances. */
  wrappedNames(provider: string): Promise<readonly string[]>;
  /** The rewraps of a project, by source. */
  rewraps(project: string): Promise<readonly Tagged<RewrapRecord>[]>;
  /** @param exceptVersion As of `countDataKeys`. */
  rewrapFailures(project: string, cmk: Cmk, exceptVersion?: string): Promise<RewrapFailures>;
  /** Which store this is, and where its history stands: for a report. No password. */
  whereabouts(): Promise<{ readonly name: string; readonly position: string }>;
  /** Of one project, sorted by id: for tagging them anew. */
  dataKeys(project: string, page: Page<Uint8Array>): Promise<readonly DataKeyRecord[]>;
  token(id: string): Promise<StoredToken | undefined>;
  /** Oldest first. */
  tokens(): Promise<readonly StoredToken[]>;
  /** By number, upwards. */
  audit(page: Page<number>): Promise<readonly Tagged<AuditRecord>[]>;
  auditHead(): Promise<AuditHead | undefined>;
}

/** A token, and when it was last used, which no tag covers. */
export interface StoredToken extends Tagged<TokenRecord> {
  readonly lastUsedAt: Date | null;
}

/**
 * What can be done inside a transaction. Locks are held until it ends and are taken in the order project, resource, balance,
 * audit, so that no two transactions wait for each other.
 */
export interface RegistryWrites extends RegistryReads {
  /** Alone with the project's CMKs. The name need not exist yet. */
  lockProject(project: string): Promise<void>;
  /** The project's CMKs stay as they are; others may hold this lock too. */
  shareProject(project: string): Promise<void>;
  /** Alone with what all projects say of a key. @param key Its resource is a `keyResource`: one lock for all of the key's names. */
  lockResource(key: Cmk): Promise<void>;
  /** Projects with a CMK of this `keyResource`; by default only where one is not deleted. Under `lockResource`. */
  projectsUsing(key: Cmk, options?: { readonly deleted?: boolean }): Promise<readonly string[]>;
  putProject(project: Tagged<ProjectRecord>): Promise<void>;
  /** Inserts, or replaces the row of the same id. */
  putCmk(cmk: Tagged<CmkRecord>): Promise<void>;
  /**
   * Inserts if absent under (project, id); under (project, context) for an index key, whose first writer wins.
   * @returns The record that stands: the given one, or the first index key of the context.
   * @throws {KmsError} `malformed`: the id exists; `unsupported`: not exactly one recipient.
   */
  addDataKey(record: DataKeyRecord): Promise<DataKeyRecord>;
  /**
   * Replaces each wrap that is still what it was, and forgets that it failed.
   * @returns The ids of those that were replaced.
   */
  replaceWraps(project: string, replacements: readonly WrapReplacement[]): Promise<readonly Uint8Array[]>;
  /** Of those that are still wrapped under the key: others may have been rewrapped meanwhile. */
  putRewrapFailures(project: string, cmk: Cmk, failures: readonly RewrapFailure[]): Promise<void>;
  /** All of the project's data keys under the key may be tried again at once. */
  forgetRewrapFailures(project: string, cmk: Cmk): Promise<void>;
  /** Inserts, or replaces the row of the same project and source. */
  putRewrap(rewrap: Tagged<RewrapRecord>): Promise<void>;
  /** Alone with the balance, which need not exist yet. After the project's lock; several in the order of provider, resource and version. */
  lockBalance(
    of: Pick<BalanceRecord, "project" | "provider" | "resource" | "keyVersion">,
  ): Promise<Tagged<BalanceRecord> | undefined>;
  /** Under `lockBalance`. */
  putBalance(balance: Tagged<BalanceRecord>): Promise<void>;
  /** Alone with the rate; what it is, and the store's time. In a transaction of its own. */
  lockRate(name: string): Promise<{ readonly rate: RequestRate | undefined; readonly nowMs: number }>;
  putRate(rate: RequestRate): Promise<void>;
  /** Tells all processes that listen, once the transaction has been committed, to drop what they hold. */
  announcePurge(purge: Purge): Promise<void>;
  /** Replaces the origin tag alone. */
  putOrigin(project: string, id: Uint8Array, origin: Uint8Array): Promise<void>;
  /** Inserts, or replaces the row of the same id; `lastUsedAt` stays. */
  putToken(token: Tagged<TokenRecord>): Promise<void>;
  touchToken(id: string, lastUsedAt: Date): Promise<void>;
  /** Alone with the audit log; its newest entry. */
  lockAudit(): Promise<AuditHead | undefined>;
  /** Under `lockAudit`: the entry whose number is one above the head's. */
  appendAudit(entry: Tagged<AuditRecord>): Promise<void>;
  /** Replaces the tag alone. Under `lockAudit`. */
  putAuditTag(seq: number, tag: Uint8Array): Promise<void>;
}

/** How a transaction waits for its turn. */
export interface WriteOptions {
  /**
   * Whose lock `work` takes first. A store may let a process's many writers of one project wait in line before they take
   * what those of other projects need; without it they may stand in each other's way.
   */
  readonly project?: string | undefined;
  /** Ends the wait, and the transaction. */
  readonly signal?: AbortSignal | undefined;
}

/** Where the registry lives: SQLite (`@cmkit/registry/sqlite`) or PostgreSQL (`@cmkit/registry/postgres`). */
export interface RegistryStore {
  /** What a failure is called: `sqlite` or `postgres`. */
  readonly engine: string;
  readonly reads: RegistryReads;
  /**
   * One transaction: everything that `work` writes is there when this resolves, durable, or nothing is. `work` may run
   * again after a conflict, so it changes nothing outside.
   * @throws {RegistryError} `store-unavailable`; whatever `work` throws, after rolling back.
   */
  write<T>(work: (tx: RegistryWrites) => Promise<T>, options?: WriteOptions): Promise<T>;
  /**
   * Reads data keys and has `work` wrap them anew, outside of any lock on the project; what `work` returns then writes what came
   * of it, in a transaction. PostgreSQL holds the rows' locks until that has been committed and passes over locked rows; with
   * SQLite somebody else may have replaced a wrap meanwhile.
   *
   * @param work Runs once, at most 30 s. `unreadable` are the places of rows that this package would not have written. Both
   * are empty where there is nothing to claim.
   */
  claimDataKeys<T>(
    claim: DataKeyClaim,
    work: (records: readonly DataKeyRecord[], unreadable: readonly DataKeyPlace[]) => Promise<(tx: RegistryWrites) => Promise<T>>,
    options?: Pick<WriteOptions, "signal">,
  ): Promise<T>;
  /**
   * Calls `listener` with each purge that was announced, by this process or another; with undefined when announcements may
   * have been missed. This process's own have been told when `write` resolves. SQLite tells of those alone. Forged ones are possible: they may only make things be forgotten.
   * @returns Ends it.
   */
  onPurge(listener: (purge: Purge | undefined) => void): () => void;
  /** Whether the store was made by `cmkit dev` (`development: true`). */
  isDevelopment(): Promise<boolean>;
  /** Answers when a query gets through. @throws {RegistryError} `store-unavailable` */
  ready(): Promise<void>;
  close(): Promise<void>;
}
