import type { Cmk } from "@cmkit/core";
import { sql, type RawBuilder } from "kysely";

import type { RewrapFailure, WrapReplacement } from "../store.ts";
import { wrapRow } from "./data-key-row.ts";
import { rowOf } from "./row-reader.ts";
import type { Database } from "./schema.ts";
import type { ListedColumn, ListedParts, SqlEngine } from "./sql-engine.ts";

/** What is to be done in a transaction. */
type Work<T> = (db: Database) => Promise<T>;

/** Answers with the ids of those that were still as before. @throws {TypeError} for a wrap that could not be read back. */
export function replaceWraps(
  engine: SqlEngine,
  project: string,
  replacements: readonly WrapReplacement[],
): Work<readonly { readonly id: unknown }[]> {
  const before = replacements.map((its) => rowOf(wrapRow, its.before));
  const after = replacements.map((its) => rowOf(wrapRow, its.after));
  const listed = {
    of_id: bytes(replacements.map(({ id }) => id)),
    old_provider: text(before.map(({ provider }) => provider)),
    old_resource: text(before.map(({ resource }) => resource)),
    old_version: text(before.map(({ key_version }) => key_version)),
    old_wrapped: bytes(before.map(({ wrapped }) => wrapped)),
    provider: text(after.map(({ provider }) => provider)),
    resource: text(after.map(({ resource }) => resource)),
    version: text(after.map(({ key_version }) => key_version)),
    kind: text(after.map(({ kind }) => kind)),
    wrapped: bytes(after.map(({ wrapped }) => wrapped)),
  };
  type Statement = (its: ListedParts<keyof typeof listed>) => RawBuilder<{ readonly id: unknown }>;
  const statement: Statement = (its) => sql`
    ${its.head} update cmkit_data_keys as its set provider = ${its.cell("provider")}, resource = ${its.cell("resource")},
      key_version = ${its.cell("version")}, kind = ${its.cell("kind")}, wrapped = ${its.cell("wrapped")},
      rewrap_code = null, rewrap_tries = 0, rewrap_after = null
    ${its.from} where its.project = ${project} and its.id = ${its.cell("of_id")}
      and its.provider = ${its.cell("old_provider")} and its.resource = ${its.cell("old_resource")}
      and its.key_version is not distinct from ${its.cell("old_version")} and its.wrapped = ${its.cell("old_wrapped")}
    returning id`;
  return async (db) => engine.forListed(db, listed, statement);
}

/** Each failure counts as one more try. @throws {TypeError} for a time that is none. */
export function putRewrapFailures(engine: SqlEngine, project: string, cmk: Cmk, failures: readonly RewrapFailure[]): Work<void> {
  const listed = {
    of_id: bytes(failures.map(({ id }) => id)),
    code: text(failures.map(({ code }) => code)),
    next_try: { type: "integer", values: failures.map(({ nextTryAt }) => timeOf(nextTryAt)) },
  } as const;
  return async (db) => {
    await engine.forListed(
      db,
      listed,
      ({ head, from, cell }) => sql`
        ${head} update cmkit_data_keys as its set rewrap_code = ${cell("code")}, rewrap_after = ${cell("next_try")},
          rewrap_tries = rewrap_tries + 1
        ${from} where its.project = ${project} and its.id = ${cell("of_id")}
          and its.provider = ${cmk.provider} and its.resource = ${cmk.resource}`,
    );
  };
}

function text(values: readonly (string | null)[]): ListedColumn {
  return { type: "text", values };
}

function bytes(values: readonly Uint8Array[]): ListedColumn {
  return { type: "bytes", values };
}

function timeOf(date: Date | null): number | null {
  const time = date?.getTime() ?? null;
  if (Number.isNaN(time)) throw new TypeError("expected a valid date");
  return time;
}
