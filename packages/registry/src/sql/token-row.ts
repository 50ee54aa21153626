import type { Role, TokenRecord } from "../cmk-record.ts";
import type { StoredToken, Tagged } from "../store.ts";
import { maxProjectLength, tagBytes } from "./project-row.ts";
import { RowReader, type RowCodec } from "./row-reader.ts";
import type { TokenRow } from "./schema.ts";

const tokenId = /^[0-9a-f]{16}$/;
const roles: readonly Role[] = ["viewer", "operator"];

export const tokenRow: RowCodec<Tagged<TokenRecord>, TokenRow> = {
  write: ({ record, tag }) => ({
    id: record.id,
    secret_hash: record.secretHash,
    project: record.project,
    role: record.role,
    created_at: record.createdAt.getTime(),
    expires_at: record.expiresAt?.getTime() ?? null,
    revoked_at: record.revokedAt?.getTime() ?? null,
    tag,
  }),
  read: (raw) => {
    const row = new RowReader("cmkit_tokens", raw);
    const record: TokenRecord = {
      id: row.matching("id", tokenId),
      secretHash: row.bytes("secret_hash", 32),
      project: row.identifier("project", maxProjectLength),
      role: row.oneOf("role", roles),
      createdAt: row.time("created_at"),
      expiresAt: row.optional("expires_at", (column) => row.time(column)),
      revokedAt: row.optional("revoked_at", (column) => row.time(column)),
    };
    return { record, tag: row.bytes("tag", tagBytes) };
  },
};

/** @throws {RegistryError} `bad-record` */
export function storedToken(raw: { readonly [column in keyof TokenRow | "last_used_at"]: unknown }): StoredToken {
  const row = new RowReader("cmkit_tokens", raw);
  return { ...tokenRow.read(raw), lastUsedAt: row.optional("last_used_at", (column) => row.time(column)) };
}
