import { type ApiToken, apiTokens, type ApiTokens, isRegistryError, type Role } from "@cmkit/registry";

import { CliError } from "./cli-error.ts";
import { ruledTable } from "./cmks-tables.ts";
import type { Deps, Io } from "./deps.ts";
import { refuseAnotherKey } from "./server-record-key.ts";
import { type StoreOptions, withStoreOf } from "./server-store.ts";

/** The options of `cmkit token list` and `revoke`. */
export interface ListOptions extends StoreOptions {
  readonly json?: boolean;
}

/** The options of `cmkit token create`. */
export interface CreateOptions extends ListOptions {
  readonly project: string;
  readonly role: Role;
  readonly expires?: Date;
}

/** Makes a token and prints it. */
export async function tokenCreate(options: CreateOptions, deps: Deps, io: Io): Promise<number> {
  const { project, role, expires, json } = options;
  const { token, secret } = await withTokens(options, deps, io, async (tokens) =>
    tokens.create(project, role, { expiresAt: expires, actor: actorOf(deps) }).catch(asBadUsage),
  );
  if (json) io.stdout(`${JSON.stringify({ id: token.id, token: secret })}\n`);
  else {
    io.stdout(`${secret}\n`);
    io.stderr(`cmkit: this is token ${token.id}; it is shown this once and kept nowhere.\n`);
  }
  return 0;
}

/** Lists all of them, expired and revoked ones too. */
export async function tokenList(options: ListOptions, deps: Deps, io: Io): Promise<number> {
  const found = await withTokens(options, deps, io, async (tokens) => tokens.list());
  io.stdout(options.json ? `${JSON.stringify(found.map(shown), null, 2)}\n` : listed(found));
  return 0;
}

export async function tokenRevoke(id: string, options: ListOptions, deps: Deps, io: Io): Promise<number> {
  // It may be the token itself, which nobody prints.
  if (!/^[0-9a-f]{16}$/.test(id)) throw new CliError("bad-usage", "Expected the id of a token, 16 hexadecimal digits.", see);
  const token = await withTokens(options, deps, io, async (tokens) =>
    tokens.revoke(id, { actor: actorOf(deps) }).catch((error: unknown) => {
      if (!isRegistryError(error) || error.code !== "not-found") throw error;
      throw new CliError("refused", `There is no token ${id}.`, see);
    }),
  );
  io.stdout(options.json ? `${JSON.stringify(shown(token), null, 2)}\n` : `Token ${token.id} is revoked.\n`);
  return 0;
}

const see = "`cmkit token list` shows the ids.";

/** Who does something on a store itself, for the audit log. */
export function actorOf({ user }: Pick<Deps, "user">): string {
  return `cli:${user}`;
}

async function withTokens<T>(options: StoreOptions, deps: Deps, io: Io, use: (tokens: ApiTokens) => Promise<T>): Promise<T> {
  return withStoreOf(options, deps, io, async ({ store, settings }) => {
    await refuseAnotherKey(store, settings);
    return use(apiTokens({ store, recordKey: settings.recordKey }));
  });
}

/** What a project may be called, the registry knows. */
function asBadUsage(error: unknown): never {
  if (error instanceof TypeError || error instanceof RangeError) throw new CliError("bad-usage", `${capital(error.message)}.`);
  throw error;
}

function capital(text: string): string {
  return text.charAt(0).toUpperCase() + text.slice(1);
}

/** Spelt as on the wire. */
function shown(token: ApiToken): Readonly<Record<string, string | null>> {
  const { id, project, role, createdAt, expiresAt, lastUsedAt, revokedAt } = token;
  return {
    id,
    project,
    role,
    created_at: createdAt.toISOString(),
    expires_at: expiresAt?.toISOString() ?? null,
    last_used_at: lastUsedAt?.toISOString() ?? null,
    revoked_at: revokedAt?.toISOString() ?? null,
  };
}

function listed(tokens: readonly ApiToken[]): string {
  const head = ["id", "project", "role", "state", "created", "expires", "last used"];
  const rows = tokens.map((token) => rowOf(token, Date.now()));
  return ruledTable(head, rows);
}

function rowOf(token: ApiToken, nowMs: number): string[] {
  const { id, project, role, createdAt, expiresAt, lastUsedAt } = token;
  return [id, project, role, stateOf(token, nowMs), minute(createdAt), minute(expiresAt), minute(lastUsedAt)];
}

function stateOf({ revokedAt, expiresAt }: ApiToken, nowMs: number): string {
  if (revokedAt !== null) return "revoked";
  return expiresAt !== null && expiresAt.getTime() <= nowMs ? "expired" : "valid";
}

function minute(date: Date | null): string {
  return date === null ? "never" : `${date.toISOString().slice(0, 16)}Z`;
}
