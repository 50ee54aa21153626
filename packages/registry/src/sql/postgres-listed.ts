import { sql, type RawBuilder } from "kysely";

import type { Database } from "./schema.ts";
import type { Listed, ListedParts } from "./sql-engine.ts";

const arrayTypes = { text: sql`text[]`, integer: sql`bigint[]`, bytes: sql`bytea[]` };

/** One statement for all rows: one a row is several times as slow. */
export async function forListed<Column extends string, Row>(
  db: Database,
  listed: Listed<Column>,
  statement: (its: ListedParts<Column>) => RawBuilder<Row>,
): Promise<readonly Row[]> {
  const columns = Object.entries<Listed<Column>[Column]>(listed);
  const names = sql.join(columns.map(([name]) => sql.ref(name)));
  const arrays = sql.join(columns.map(([, { type, values }]) => sql`${values}::${arrayTypes[type]}`));
  const { rows } = await statement({
    head: sql`with listed (${names}) as (select * from unnest(${arrays}))`,
    from: sql`from listed`,
    cell: (column) => sql.ref(`listed.${column}`),
  }).execute(db);
  return rows;
}
