import type { Envelope, EnvelopeCmk, EnvelopeOptions, Kms, RecordKey } from "@cmkit/core";

import type { Accessors } from "./accessors.ts";
import type { AccessReport } from "./access-report.ts";
import type { AuditLog } from "./audit-log.ts";
import type { CmkStatus } from "./cmk-record.ts";
import type { Grant } from "./grant.ts";
import type { RegisteredCmk } from "./registered-cmk.ts";
import type { RetireOptions, RetireReport } from "./retire-report.ts";
import type { RewrapOptions, RewrapProgress } from "./rewrap-progress.ts";
import type { RegistryStore } from "./store.ts";

/** Who does something, for the audit log. */
export interface Attribution {
  /** Default `application`. */
  readonly actor?: string;
  readonly requestId?: string;
}

/** Options of the registry's own calls. */
export interface RegistryCallOptions extends Attribution {
  readonly signal?: AbortSignal | undefined;
}

/** What `registry.envelope` takes: what the registry does not know itself. */
export type RegistryEnvelopeOptions = Pick<
  EnvelopeOptions,
  "service" | "cache" | "dataKeyLifetimeMs" | "dataKeyMessages" | "failover"
>;

/** A service that holds data keys under a CMK. */
export interface ServiceAssociation {
  readonly service: string;
  /** `activating`: data keys of it are being rewrapped to this CMK; `deactivating`: away from it. */
  readonly status: "active" | "activating" | "deactivating";
}

export interface RegistryOptions {
  readonly kms: Kms;
  /** `sqliteStore(file)` or `postgresStore(url)`; closed by `registry.close()`. */
  readonly store: RegistryStore;
  /** 32 bytes that tag every row as the operator's own; two sets while one replaces the other. */
  readonly recordKey: RecordKey;
  /** Whom customers grant access, a cloud. */
  readonly accessors?: Accessors;
  /** Serves projects that never registered a CMK: the key itself, no alias. Without it they get `no-default-key`. */
  readonly operatorCmk?: EnvelopeCmk;
  /** Lets several projects register one key, and the operator's own. Default false. */
  readonly sharedResources?: boolean;
  /** Lets `local` keys be registered from code. HTTP and the command always refuse them. Default false. */
  readonly allowLocal?: boolean;
}

/** The CMKs of all projects. Every method may be called concurrently, from any number of processes. */
export interface Registry {
  readonly accessors: Accessors;
  readonly audit: AuditLog;

  /**
   * Registers a key. Asks no cloud: that access works is what {@link Registry.check} finds out.
   * Two versions of a key are two CMKs, where a cloud's names can end in one.
   * @throws {RegistryError} `already-exists`: the project has the key; `invalid-request`: it has 1,000 CMKs, deleted ones
   * included. @throws {KmsError} `invalid-resource`, `adapter-missing`;
   * `access-denied`: another project has the key, or it is the operator's own, whichever version is named.
   */
  register(
    project: string,
    cmk: { readonly provider: string; readonly resource: string; readonly defaultCmk?: boolean },
    options?: RegistryCallOptions,
  ): Promise<RegisteredCmk>;

  /** Oldest first. @param filter.status Default: all but `deleted`. */
  list(project: string, filter?: { readonly status?: CmkStatus }): Promise<readonly RegisteredCmk[]>;

  /** @throws {RegistryError} `not-found`: also for a deleted one, and for one of another project. */
  get(project: string, id: string): Promise<RegisteredCmk>;

  /**
   * `defaultCmk: true` takes the mark from the last default. No field: no change.
   * @throws {RegistryError} `not-found`; `in-use`: the default cannot become `old`; `invalid-request`: an `old` key cannot be the default.
   */
  update(
    project: string,
    id: string,
    change: { readonly defaultCmk?: boolean; readonly status?: "current" | "old" },
    options?: RegistryCallOptions,
  ): Promise<RegisteredCmk>;

  /**
   * Data keys under it can no longer be opened; none is destroyed, and registering the resource again brings them back.
   * @param options.force Also while data keys depend on it.
   * @throws {RegistryError} `not-found`; `in-use`: with the number of data keys.
   */
  delete(project: string, id: string, options?: RegistryCallOptions & { readonly force?: boolean }): Promise<RegisteredCmk>;

  /** How many data keys are wrapped under it. @throws {RegistryError} `not-found` */
  dataKeyCount(project: string, id: string): Promise<number>;

  /** The services that hold data keys under it. @throws {RegistryError} `not-found` */
  serviceAssociations(project: string, id: string): Promise<readonly ServiceAssociation[]>;

  /**
   * Moves all data keys from one key to another, or to the current version of the same one, and resolves when none is left,
   * or none that can be moved. The data stays as it is. First, in one transaction, the target becomes the default if the
   * source was, and the source `old`. May run in any number of processes at once, and be stopped and started anywhere.
   *
   * @returns `done`, or `partial` with what failed. One that `stopped` met a KMS that refuses everything.
   * @throws {RegistryError} `not-found`; `invalid-request`: the target is not `current`, or is the source; `in-use`: 16
   * rewraps of the project run in this process.
   * @throws {KmsError} `aborted`: by the caller's signal; what was rewrapped stays so. What the KMS refuses of a target that is
   * to take the source's place: then nothing was changed.
   */
  rewrap(project: string, options: RewrapOptions): Promise<RewrapProgress>;

  /**
   * Begins the same, and resolves once the statuses have been changed; it goes on in this process until it ends or the
   * registry is closed. One that runs in this process already goes on, with its own options.
   */
  startRewrap(project: string, options: Omit<RewrapOptions, "onProgress">): Promise<RewrapProgress>;

  /** How far the last rewrap from this CMK has come. @param from A CMK's id, or `operator`. @throws {RegistryError} `not-found` */
  rewrapProgress(project: string, from: string): Promise<RewrapProgress>;

  /**
   * Counts every data key of the store under an `old` CMK and says, if there is none, that none depends on it any more.
   * The report is chained into the audit log.
   * @throws {RegistryError} `not-found`; `in-use`: it is `current`, or data keys are left; `bad-record`: the count does not
   * agree with what was written down of them; `invalid-request`: `backupsUntil` cannot be.
   */
  retire(project: string, id: string, options?: RetireOptions): Promise<RetireReport>;

  /**
   * Drops the data keys of a CMK, or of all of the project's, in this process and, with PostgreSQL, in all that have an
   * envelope: the next use asks the KMS. @throws {RegistryError} `not-found`
   */
  purge(project: string, id?: string): Promise<void>;

  /** What the customer pastes to let the operator use the key. @throws {RegistryError} `not-found`; `invalid-request`: the deployment has no accessor in that cloud. */
  grants(project: string, id: string): Promise<readonly Grant[]>;

  /**
   * Asks the KMS whether everything works that sealing and opening need, and keeps the answer with the CMK. A refusal is a
   * result, not an error. Within 5 s, and what the store takes. One check of a CMK runs at a time in a process: who asks
   * meanwhile gets its result.
   * @throws {RegistryError} `not-found`. @throws {KmsError} `aborted`: the caller waits no longer.
   */
  check(project: string, id: string, options?: RegistryCallOptions): Promise<AccessReport>;

  /**
   * Every project's every CMK that is not deleted, one check after the other.
   * @throws {RegistryError} `bad-record`, after all other projects.
   */
  checkAll(options?: RegistryCallOptions & { readonly project?: string }): AsyncIterable<AccessReport>;

  /** Projects that have registered a CMK, sealed something, or were given an external id; sorted. */
  projects(): AsyncIterable<string>;

  /** What the customer asks for where it lets us assume a role; made at the first question, one a project. */
  externalId(project: string): Promise<string>;

  /**
   * An envelope whose CMKs are the registry's and whose data keys live in its store. Make one a service and keep it: it has
   * the cache, and the registry holds on to it.
   */
  envelope(options: RegistryEnvelopeOptions): Envelope;

  /** Answers when the store does. @throws {RegistryError} `store-unavailable` */
  ready(): Promise<void>;

  /** Writes down what was counted for the audit log, and closes the store. The `Kms` stays open. */
  close(): Promise<void>;
}
