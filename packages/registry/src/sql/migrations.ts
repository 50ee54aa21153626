import { sql, type Kysely, type RawBuilder } from "kysely";
import type { Migration } from "kysely/migration";

import type { ColumnTypes } from "./sql-engine.ts";

/** Why a store was made; opening it with another `development` does not change it. */
export type StorePurpose = "development" | "production";

/** All migrations, in the order of their names. One that was released is never changed. */
export function migrations(types: ColumnTypes, purpose: StorePurpose): Record<string, Migration> {
  return {
    "0001-store": {
      up: async (db) => {
        for (const statement of [...registryTables(types), ...registryIndexes()]) await statement.execute(db as Kysely<unknown>);
        await sql`insert into cmkit_meta (name, value) values ('purpose', ${purpose})`.execute(db);
      },
    },
  };
}

/** Written in SQL: what stands in the database is what stands here, whichever version of the query builder made it. */
function registryTables({ text, integer, real, bytes, position, tableEnd }: ColumnTypes): RawBuilder<unknown>[] {
  return [
    sql`create table cmkit_meta (name ${text} not null primary key, value ${text} not null) ${tableEnd}`,
    sql`create table cmkit_projects (
      name ${text} not null primary key, external_id ${text} not null, created_at ${integer} not null,
      tag ${bytes} not null) ${tableEnd}`,
    sql`create table cmkit_cmks (
      position ${position}, id ${text} not null unique, project ${text} not null, provider ${text} not null,
      resource ${text} not null, canonical ${text} not null, key_resource ${text} not null, resolved ${integer} not null,
      status ${text} not null, is_default ${integer} not null check (is_default = 0 or status = 'current'),
      pin_spki_sha256 ${bytes}, pin_key_version ${text}, created_at ${integer} not null, updated_at ${integer} not null,
      validation ${text}, tag ${bytes} not null) ${tableEnd}`,
    sql`create table cmkit_data_keys (
      project ${text} not null, id ${bytes} not null, purpose ${text} not null, service ${text} not null,
      context ${text} not null, context_key ${text} not null, origin ${bytes},
      provider ${text} not null, resource ${text} not null, key_version ${text}, kind ${text}, wrapped ${bytes} not null,
      created_at ${integer} not null, rewrap_code ${text}, rewrap_tries ${integer} not null default 0,
      rewrap_after ${integer}, primary key (project, id)) ${tableEnd}`,
    sql`create table cmkit_rewraps (
      project ${text} not null, source ${text} not null, target ${text} not null, data_keys ${integer} not null,
      state ${text} not null, stopped ${text}, started_at ${integer} not null, updated_at ${integer} not null,
      tag ${bytes} not null, primary key (project, source)) ${tableEnd}`,
    sql`create table cmkit_balances (
      project ${text} not null, provider ${text} not null, resource ${text} not null, key_version ${text} not null,
      made ${integer} not null, rewrapped_in ${integer} not null, rewrapped_out ${integer} not null,
      shredded ${integer} not null, tag ${bytes} not null,
      primary key (project, provider, resource, key_version)) ${tableEnd}`,
    sql`create table cmkit_request_rates (
      name ${text} not null primary key, per_second ${real} not null, next_at_ms ${real} not null,
      changed_at_ms ${real} not null) ${tableEnd}`,
    sql`create table cmkit_tokens (
      position ${position}, id ${text} not null unique, secret_hash ${bytes} not null, project ${text} not null,
      role ${text} not null, created_at ${integer} not null, expires_at ${integer}, revoked_at ${integer},
      last_used_at ${integer}, tag ${bytes} not null) ${tableEnd}`,
    sql`create table cmkit_audit (
      seq ${integer} not null primary key, at ${integer} not null, actor ${text} not null, action ${text} not null,
      project ${text}, subject ${text}, details ${text} not null, request_id ${text}, tag ${bytes} not null) ${tableEnd}`,
  ];
}

/** The unique ones are a second line behind the rules, which look under a lock. */
function registryIndexes(): RawBuilder<unknown>[] {
  return [
    sql`create index cmkit_cmks_of_project on cmkit_cmks (project, position)`,
    sql`create unique index cmkit_one_default on cmkit_cmks (project) where is_default = 1`,
    sql`create unique index cmkit_one_of_resource on cmkit_cmks (provider, canonical, project) where status <> 'deleted'`,
    sql`create index cmkit_cmks_of_key on cmkit_cmks (provider, key_resource)`,
    sql`create unique index cmkit_one_index_key on cmkit_data_keys (project, context_key) where purpose = 'index'`,
    // Answers what a CMK has by itself: how many data keys, of which projects and services, and which to rewrap next.
    sql`create index cmkit_data_keys_of_cmk on cmkit_data_keys (provider, resource, project, service, id)`,
    sql`create index cmkit_failed_rewraps on cmkit_data_keys (provider, resource, project, id) where rewrap_code is not null`,
  ];
}
