import type { KeyKind, KeyState, KmsErrorCode, Provider, PublicKeyPin } from "@cmkit/core";

/** `current` may wrap (several may be), `old` only unwraps, `deleted` neither. */
export type CmkStatus = "current" | "old" | "deleted";

/** The steps of an access check, in their order; `done` when all of them passed. */
export type CheckPhase = "describe" | "public-key" | "wrap" | "unwrap" | "context" | "done";

/** How the last access check ended. */
export interface Validation {
  /** The phase that failed, or `done`. */
  readonly phase: CheckPhase;
  readonly code: "ok" | KmsErrorCode;
  /** In our own words, never the cloud's. At most 1,000 characters. */
  readonly message: string;
  /** Since when every check has ended with this phase and code. */
  readonly since: Date;
  readonly checkedAt: Date;
  /** What the KMS last said of the key; null until it has. */
  readonly key: KeyFacts | null;
}

/** What is worth knowing of a key between two checks. */
export interface KeyFacts {
  readonly kind: KeyKind;
  readonly bits: number;
  readonly state: KeyState;
  /** The version that new wraps are made under; null where the cloud has none. */
  readonly keyVersion: string | null;
}

/** A CMK as the registry keeps it. The tag beside it covers every field. */
export interface CmkRecord {
  /** UUID, lower case. */
  readonly id: string;
  readonly project: string;
  readonly provider: Provider;
  /** As the customer gave it. */
  readonly resource: string;
  /** The adapter's spelling of it; once resolved, the key itself. What is unique in a project. */
  readonly canonical: string;
  /** What `canonical` is of the key itself, without the version that it may name. What no two projects have, unless that is allowed. */
  readonly keyResource: string;
  /** False while `canonical` is an alias or a versionless id that no check or use has resolved yet. */
  readonly resolved: boolean;
  readonly status: CmkStatus;
  /** At most one a project, and that one is `current`. */
  readonly isDefault: boolean;
  /** The public key that an RSA key must have; null for symmetric keys and before the first check or use. */
  readonly pin: PublicKeyPin | null;
  readonly createdAt: Date;
  readonly updatedAt: Date;
  readonly validation: Validation | null;
}

/** One customer, as far as the registry knows of it. */
export interface ProjectRecord {
  readonly name: string;
  /** What the customer asks for where it lets us assume a role of its own (AWS `sts:ExternalId`): made here, one a project. */
  readonly externalId: string;
  readonly createdAt: Date;
}

/** Where a rewrap begins that moves data keys away from the CMK that serves projects without one. No UUID is spelt so. */
export const operatorSource = "operator";

/** `unfinished`: some process works on it, or none does any more; `partial`: ended, with data keys that could not be rewrapped. */
export type RewrapState = "unfinished" | "done" | "partial";

/** A rewrap of a project's data keys, as the registry remembers it: what is to be done stands in the data keys themselves. */
export interface RewrapRecord {
  readonly project: string;
  /** The id of the CMK that data keys leave, or `operator`. One rewrap is remembered for each. */
  readonly source: string;
  /** The id of the CMK that they move to; `source` itself when they move to its current version. */
  readonly target: string;
  /** How many there were when it began. */
  readonly dataKeys: number;
  readonly state: RewrapState;
  /** Why it ended before all was tried; null where it did not. */
  readonly stopped: KmsErrorCode | null;
  readonly startedAt: Date;
  readonly updatedAt: Date;
}

/**
 * What became of the data keys of a project under one version of a key, counted in the transactions that did it:
 * made + rewrapped in − rewrapped out − shredded = present.
 */
export interface BalanceRecord {
  readonly project: string;
  readonly provider: Provider;
  readonly resource: string;
  readonly keyVersion: string | null;
  readonly made: number;
  readonly rewrappedIn: number;
  readonly rewrappedOut: number;
  readonly shredded: number;
}

/** `viewer` reads, `operator` does everything. */
export type Role = "viewer" | "operator";

/** An API token as the registry keeps it: its secret is known to its holder alone. */
export interface TokenRecord {
  /** 16 lower-case hexadecimal digits. */
  readonly id: string;
  /** SHA-256 of the 32 random bytes. */
  readonly secretHash: Uint8Array;
  /** A project's name, or `*` for all. */
  readonly project: string;
  readonly role: Role;
  readonly createdAt: Date;
  readonly expiresAt: Date | null;
  readonly revokedAt: Date | null;
}

/** One thing that was done, or refused. */
export interface AuditRecord {
  /** 1, 2, 3 … without gaps. */
  readonly seq: number;
  readonly at: Date;
  /** Who: `token:ID`, `cli:USER`, `application`, `registry`. */
  readonly actor: string;
  /** What, such as `cmk.create`. */
  readonly action: string;
  readonly project: string | null;
  /** The id of the CMK or token that it is about. */
  readonly subject: string | null;
  /** Names and values that are no secrets. */
  readonly details: Readonly<Record<string, string | number | boolean>>;
  readonly requestId: string | null;
}
