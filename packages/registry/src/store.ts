import type { Cmk, DataKeyRecord } from "@cmkit/core";

import type { AuditRecord, CmkRecord, ProjectRecord, TokenRecord } from "./cmk-record.ts";

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
  /** How many data keys of the project are wrapped under the key. */
  countDataKeys(project: string, cmk: Cmk): Promise<number>;
  /** The services that hold data keys under the key, sorted. */
  services(project: string, cmk: Cmk): Promise<readonly string[]>;
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
 * What can be done inside a transaction. Locks are held until it ends and are taken in the order project, resource, audit,
 * so that no two transactions wait for each other.
 */
export interface RegistryWrites extends RegistryReads {
  /** Alone with the project's CMKs. The name need not exist yet. */
  lockProject(project: string): Promise<void>;
  /** The project's CMKs stay as they are; others may hold this lock too. */
  shareProject(project: string): Promise<void>;
  /** Alone with what all projects say of a key. @param key Its resource is a `keyResource`: one lock for all of the key's names. */
  lockResource(key: Cmk): Promise<void>;
  /** Projects with a CMK of this `keyResource` that is not deleted. Under `lockResource`. */
  projectsUsing(key: Cmk): Promise<readonly string[]>;
  putProject(project: Tagged<ProjectRecord>): Promise<void>;
  /** Inserts, or replaces the row of the same id. */
  putCmk(cmk: Tagged<CmkRecord>): Promise<void>;
  /**
   * Inserts if absent under (project, id); under (project, context) for an index key, whose first writer wins.
   * @returns The record that stands: the given one, or the first index key of the context.
   * @throws {KmsError} `malformed`: the id exists; `unsupported`: not exactly one recipient.
   */
  addDataKey(record: DataKeyRecord): Promise<DataKeyRecord>;
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
  /** Whether the store was made by `cmkit dev` (`development: true`). */
  isDevelopment(): Promise<boolean>;
  /** Answers when a query gets through. @throws {RegistryError} `store-unavailable` */
  ready(): Promise<void>;
  close(): Promise<void>;
}
