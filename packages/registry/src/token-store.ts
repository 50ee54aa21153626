import { timingSafeEqual } from "node:crypto";
import type { Clock, RecordKey } from "@cmkit/core";

import type { ApiToken, Authenticator, Principal } from "./api-tokens.ts";
import { chainedAuditLog, type AuditWriter } from "./chained-audit-log.ts";
import type { Role, TokenRecord } from "./cmk-record.ts";
import { checkedProject } from "./project-cmks.ts";
import { keyedStore } from "./keyed-store.ts";
import { recordTags, type RowTags } from "./record-tags.ts";
import { RegistryError } from "./registry-error.ts";
import type { Attribution } from "./registry.ts";
import type { RegistryStore, RegistryWrites, StoredToken } from "./store.ts";
import { newTokenText, parsedTokenText } from "./token-text.ts";
import { tokenUses, type TokenUses } from "./token-uses.ts";

export interface ApiTokensOptions {
  readonly store: RegistryStore;
  readonly recordKey: RecordKey;
  /** For tests. */
  readonly clock?: Pick<Clock, "wallMs">;
}

export interface CreateTokenOptions extends Attribution {
  /** Default: never. */
  readonly expiresAt?: Date | undefined;
}

/** The tokens of a store. Each method but `create` is refused with `bad-record` by a row that this operator did not write. */
export interface ApiTokens extends Authenticator {
  /**
   * @param project Whose CMKs the token reaches; `*` for all.
   * @returns `secret` is the token itself (71 characters, `cmkit_…`). It is kept nowhere: show it once.
   * @throws {TypeError} for what is no project's name, or no date.
   * @throws {RangeError} for another role, and for a date that has passed.
   */
  create(
    project: string,
    role: Role,
    options?: CreateTokenOptions,
  ): Promise<{ readonly token: ApiToken; readonly secret: string }>;
  /** Oldest first; expired and revoked ones too. */
  list(): Promise<readonly ApiToken[]>;
  /** From now on, for good. Once more changes nothing. @throws {RegistryError} `not-found` */
  revoke(id: string, options?: Attribution): Promise<ApiToken>;
}

/**
 * API tokens. The store keeps the SHA-256 of a token's random bytes in a row that the record key tags together with project,
 * role and times: who reads the store can use no token, who writes it can neither make nor widen one (but can put back a
 * row that was valid once, such as that of a token before it was revoked).
 *
 * @throws {TypeError} unless every record key is 32 bytes.
 */
export function apiTokens({ store, recordKey, clock = { wallMs: Date.now } }: ApiTokensOptions): ApiTokens {
  const audit = chainedAuditLog({ store, recordKey, clock });
  return new StoredTokens(keyedStore(store, audit), recordTags(recordKey).token, audit, clock);
}

const roles: ReadonlySet<Role> = new Set(["viewer", "operator"]);
const idGrammar = /^[0-9a-f]{16}$/;
const lastMoment = Date.UTC(9999, 11, 31); // what every store and format can write

class StoredTokens implements ApiTokens {
  private readonly store: RegistryStore;
  private readonly tags: RowTags<TokenRecord>;
  private readonly audit: AuditWriter;
  private readonly clock: Pick<Clock, "wallMs">;
  private readonly uses: TokenUses;

  constructor(store: RegistryStore, tags: RowTags<TokenRecord>, audit: AuditWriter, clock: Pick<Clock, "wallMs">) {
    this.store = store;
    this.tags = tags;
    this.audit = audit;
    this.clock = clock;
    this.uses = tokenUses(store);
  }

  async create(
    project: string,
    role: Role,
    { expiresAt, ...attribution }: CreateTokenOptions = {},
  ): ReturnType<ApiTokens["create"]> {
    if (project !== "*") checkedProject(project);
    if (!roles.has(role)) throw new RangeError("expected the role viewer or operator");
    const createdAt = new Date(this.clock.wallMs());
    const until = expiresAt === undefined ? null : checkedExpiry(expiresAt, createdAt);
    const { id, secretHash, text } = newTokenText();
    const record: TokenRecord = { id, secretHash, project, role, createdAt, expiresAt: until, revokedAt: null };
    await this.store.write(async (tx) => this.put(tx, "token.create", record, attribution));
    return { token: shown(record, null), secret: text };
  }

  async list(): Promise<readonly ApiToken[]> {
    return (await this.store.reads.tokens()).map((row) => shown(this.opened(row), row.lastUsedAt));
  }

  async revoke(id: string, attribution: Attribution = {}): Promise<ApiToken> {
    if (!idGrammar.test(id)) throw noSuchToken();
    return this.store.write(async (tx) => {
      await tx.lockAudit(); // no other transaction writes this row meanwhile: all that do write to the audit log
      const row = await tx.token(id);
      if (row === undefined) throw noSuchToken();
      const record = this.opened(row);
      if (record.revokedAt !== null) return shown(record, row.lastUsedAt);
      const revoked = { ...record, revokedAt: new Date(this.clock.wallMs()) };
      await this.put(tx, "token.revoke", revoked, attribution);
      return shown(revoked, row.lastUsedAt);
    });
  }

  async authenticate(token: string): Promise<Principal | undefined> {
    const given = parsedTokenText(token);
    const row = given && (await this.store.reads.token(given.id));
    if (given === undefined || row === undefined) return undefined;
    const { id, secretHash, role, project, expiresAt, revokedAt } = this.opened(row);
    const at = new Date(this.clock.wallMs());
    const isOver = revokedAt !== null || (expiresAt !== null && expiresAt <= at);
    if (id !== given.id || !timingSafeEqual(secretHash, given.secretHash) || isOver) return undefined;
    this.uses.note(row, at);
    return { actor: `token:${id}`, role, project };
  }

  private async put(tx: RegistryWrites, action: string, record: TokenRecord, by: Attribution): Promise<void> {
    const { id: subject, project, role, expiresAt } = record;
    await tx.putToken(this.tags.seal(record));
    await this.audit.append(tx, {
      actor: by.actor ?? "application",
      action,
      project: project === "*" ? null : project,
      subject,
      details: { project, role, ...(expiresAt && { expiresAt: expiresAt.toISOString() }) },
      requestId: by.requestId ?? null,
    });
  }

  private opened(row: StoredToken): TokenRecord {
    try {
      return this.tags.open(row);
    } catch (error) {
      throw new RegistryError("bad-record", `The row of token ${row.record.id} does not carry the operator's tag.`, error);
    }
  }
}

function shown({ id, project, role, createdAt, expiresAt, revokedAt }: TokenRecord, lastUsedAt: Date | null): ApiToken {
  return { id, project, role, createdAt, expiresAt, lastUsedAt, revokedAt };
}

function noSuchToken(): RegistryError {
  return new RegistryError("not-found", "There is no token with this id.");
}

function checkedExpiry(expiresAt: Date, now: Date): Date {
  if (!(expiresAt instanceof Date) || Number.isNaN(expiresAt.getTime())) throw new TypeError("expected expiresAt to be a date");
  if (expiresAt <= now) throw new RangeError("expected expiresAt to lie in the future");
  if (expiresAt.getTime() > lastMoment) throw new RangeError("expected expiresAt to lie before the year 10000");
  return new Date(expiresAt);
}
