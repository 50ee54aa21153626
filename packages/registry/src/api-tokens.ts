import type { Role } from "./cmk-record.ts";

/** Who asks. */
export interface Principal {
  /** For the audit log: `token:ID`. */
  readonly actor: string;
  readonly role: Role;
  /** A project's name, or `*` for all. */
  readonly project: string;
}

/** A token as it is listed: without its secret, which nobody has but its holder. */
export interface ApiToken {
  readonly id: string;
  readonly project: string;
  readonly role: Role;
  readonly createdAt: Date;
  readonly expiresAt: Date | null;
  readonly lastUsedAt: Date | null;
  readonly revokedAt: Date | null;
}

/** Whom the HTTP app asks who somebody is. */
export interface Authenticator {
  /** @returns undefined for a token that is malformed, unknown, expired or revoked. */
  authenticate(token: string): Promise<Principal | undefined>;
}
