import type { Generated, Kysely } from "kysely";

/** Times are milliseconds since 1970; truths are 0 or 1; tags are 32 bytes. */
export interface ProjectRow {
  readonly name: string;
  readonly external_id: string;
  readonly created_at: number;
  readonly tag: Uint8Array;
}

export interface CmkRow {
  readonly id: string;
  readonly project: string;
  readonly provider: string;
  readonly resource: string;
  readonly canonical: string;
  readonly key_resource: string;
  readonly resolved: number;
  readonly status: string;
  readonly is_default: number;
  /** Null where nothing is pinned. */
  readonly pin_spki_sha256: Uint8Array | null;
  readonly pin_key_version: string | null;
  readonly created_at: number;
  readonly updated_at: number;
  /** JSON. */
  readonly validation: string | null;
  readonly tag: Uint8Array;
}

/** The columns of a wrapped key. */
export interface WrapRow {
  readonly provider: string;
  readonly resource: string;
  readonly key_version: string | null;
  readonly kind: string | null;
  readonly wrapped: Uint8Array;
}

/** One wrap of one data key. */
export interface DataKeyRow extends WrapRow {
  /** The context's tenant. */
  readonly project: string;
  readonly id: Uint8Array;
  readonly purpose: string;
  readonly service: string;
  /** JSON with sorted keys. */
  readonly context: string;
  /** `bindContext(context).key` */
  readonly context_key: string;
  readonly origin: Uint8Array | null;
  readonly created_at: number;
}

/** What became of the last attempts to rewrap a data key. No tag covers it. */
interface Attempts {
  /** Null: none has failed. */
  readonly rewrap_code: string | null;
  /** How many have failed one after the other. */
  readonly rewrap_tries: Generated<number>;
  /** Null where one has failed: no further one. */
  readonly rewrap_after: number | null;
}

export interface RewrapRow {
  readonly project: string;
  readonly source: string;
  readonly target: string;
  readonly data_keys: number;
  readonly state: string;
  readonly stopped: string | null;
  readonly started_at: number;
  readonly updated_at: number;
  readonly tag: Uint8Array;
}

export interface BalanceRow {
  readonly project: string;
  readonly provider: string;
  readonly resource: string;
  /** Empty where there is none: a part of the primary key cannot be null. */
  readonly key_version: string;
  readonly made: number;
  readonly rewrapped_in: number;
  readonly rewrapped_out: number;
  readonly shredded: number;
  readonly tag: Uint8Array;
}

/** Fractions of a second, too. */
export interface RateRow {
  readonly name: string;
  readonly per_second: number;
  readonly next_at_ms: number;
  readonly changed_at_ms: number;
}

export interface TokenRow {
  readonly id: string;
  readonly secret_hash: Uint8Array;
  readonly project: string;
  readonly role: string;
  readonly created_at: number;
  readonly expires_at: number | null;
  readonly revoked_at: number | null;
  readonly tag: Uint8Array;
}

export interface AuditRow {
  readonly seq: number;
  readonly at: number;
  readonly actor: string;
  readonly action: string;
  readonly project: string | null;
  readonly subject: string | null;
  /** JSON. */
  readonly details: string;
  readonly request_id: string | null;
  readonly tag: Uint8Array;
}

/** In the order in which rows were inserted. */
interface Ordered {
  readonly position: Generated<number>;
}

/** The tables. Their names carry a prefix, for a database that is shared with the application. */
export interface Schema {
  readonly cmkit_meta: { readonly name: string; readonly value: string };
  readonly cmkit_projects: ProjectRow;
  readonly cmkit_cmks: CmkRow & Ordered;
  readonly cmkit_data_keys: DataKeyRow & Attempts;
  readonly cmkit_rewraps: RewrapRow;
  readonly cmkit_balances: BalanceRow;
  readonly cmkit_request_rates: RateRow;
  readonly cmkit_tokens: TokenRow & Ordered & { readonly last_used_at: number | null };
  readonly cmkit_audit: AuditRow;
}

export type Database = Kysely<Schema>;
