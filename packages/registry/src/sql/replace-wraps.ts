import { sql, type RawBuilder } from "kysely";

import type { RewrapFailure, WrapReplacement } from "../store.ts";
import { wrapRow } from "./data-key-row.ts";
import { rowOf } from "./row-reader.ts";
import type { WrapRow } from "./schema.ts";
import type { ListedColumn, SqlEngine } from "./sql-engine.ts";

/**
 * One statement for all, since one a row takes many times as long. It answers the ids of those that were still as before.
 * @throws {TypeError} for a wrap that could not be read back.
 */
export function replaceWraps(
  engine: SqlEngine,
  project: string,
  replacements: readonly WrapReplacement[],
): RawBuilder<{ readonly id: unknown }> {
  const before = replacements.map((its) => rowOf(wrapRow, its.before));
  const after = replacements.map((its) => rowOf(wrapRow, its.after));
  const listed = engine.listed([idsOf(replacements), ...columns(before), ...columns(after)]);
  return sql`
    with listed (of_id, old_provider, old_resource, old_version, old_kind, old_wrapped,
      new_provider, new_resource, new_version, new_kind, new_wrapped) as (${listed})
    update cmkit_data_keys as its set provider = new_provider, resource = new_resource, key_version = new_version,
      kind = new_kind, wrapped = new_wrapped, rewrap_code = null, rewrap_tries = 0, rewrap_after = null
    from listed
    where its.project = ${project} and its.id = of_id and its.provider = old_provider and its.resource = old_resource
      and its.key_version is not distinct from old_version and its.wrapped = old_wrapped
    returning id`;
}

/** One statement for all; each failure counts as one more try. @throws {TypeError} for a time that is none. */
export function putRewrapFailures(engine: SqlEngine, project: string, failures: readonly RewrapFailure[]): RawBuilder<unknown> {
  const listed = engine.listed([
    idsOf(failures),
    { type: "text", values: failures.map(({ code }) => code) },
    { type: "integer", values: failures.map(({ nextTryAt }) => timeOf(nextTryAt)) },
  ]);
  return sql`
    with listed (of_id, code, next_try) as (${listed})
    update cmkit_data_keys as its set rewrap_code = code, rewrap_after = next_try, rewrap_tries = rewrap_tries + 1
    from listed where its.project = ${project} and its.id = of_id`;
}

function idsOf(all: readonly { readonly id: Uint8Array }[]): ListedColumn {
  return { type: "bytes", values: all.map(({ id }) => id) };
}

function columns(wraps: readonly WrapRow[]): readonly ListedColumn[] {
  const text = (["provider", "resource", "key_version", "kind"] as const).map((name): ListedColumn => ({
    type: "text",
    values: wraps.map((wrap) => wrap[name]),
  }));
  return [...text, { type: "bytes", values: wraps.map(({ wrapped }) => wrapped) }];
}

function timeOf(date: Date | null): number | null {
  const time = date?.getTime() ?? null;
  if (Number.isNaN(time)) throw new TypeError("expected a valid date");
  return time;
}
