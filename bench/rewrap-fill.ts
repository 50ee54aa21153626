import type { DataKeyRecord, Kms } from "@cmkit/core";
import { bindContext, originTagger, type OriginTagger } from "@cmkit/core/store";
import { deriveDataKey } from "../packages/core/src/data-key.ts";
import { changeBalances } from "../packages/registry/src/balances.ts";
import { recordTags } from "../packages/registry/src/record-tags.ts";
import { dataKeyRow } from "../packages/registry/src/sql/data-key-row.ts";
import type { BenchPostgres } from "./bench-postgres.ts";
import { bytes, first, openWorld, secondOf, type RewrapSettings } from "./rewrap-world.ts";

const service = "crm";
const rowsAtOnce = 2000;

/** The ids of a project's CMKs. */
export interface ProjectCmks {
  readonly first: string;
  readonly second: string;
}

/** Registers both keys and fills the store with genuine data keys under the first. @returns The ids of the CMKs. */
export async function fillProject(
  postgres: BenchPostgres,
  settings: RewrapSettings,
  project: string,
  dataKeys: number,
): Promise<ProjectCmks> {
  const { latencyMs: _, ...fast } = settings;
  await using world = openWorld(fast);
  const ids = {
    first: (await world.registry.register(project, { ...first, defaultCmk: true })).id,
    second: (await world.registry.register(project, secondOf(settings))).id,
  };
  const tagger = originTagger(bytes(settings.recordKey));
  for (let made = 0; made < dataKeys; made += rowsAtOnce) {
    const count = Math.min(rowsAtOnce, dataKeys - made);
    const make = async (_: unknown, i: number): Promise<DataKeyRecord> => dataKey(world.kms, tagger, project, made + i);
    await insert(postgres, await Promise.all(Array.from({ length: count }, make)));
  }
  const { balance } = recordTags(bytes(settings.recordKey));
  await world.store.write(async (tx) => {
    await tx.shareProject(project);
    await changeBalances(tx, balance, project, [{ cmk: first, keyVersion: "1", made: dataKeys }]);
  });
  return ids;
}

async function dataKey(kms: Kms, tagger: OriginTagger, project: string, i: number): Promise<DataKeyRecord> {
  const context = bindContext({ tenant: project, customer: `customer-${i}` });
  const { key, wrapped } = await kms.open(first).generateDataKey(context.entries, { confirmedWithinMs: Infinity });
  const { id } = deriveDataKey(key, "field", context);
  const origin = tagger.tag("field", context, id);
  const createdAt = new Date();
  return { id, context: context.entries, service, purpose: "field", origin, recipients: [wrapped], createdAt };
}

/** One statement for all. */
async function insert(postgres: BenchPostgres, records: readonly DataKeyRecord[]): Promise<void> {
  const rows = records.map((record) => dataKeyRow.write(record));
  const columns = Object.entries(types);
  const lists = columns.map(([column]) => rows.map((row) => parameter(row[column as keyof typeof types])));
  const unnested = columns.map(([, type], i) => `$${i + 1}::${type}[]`).join(", ");
  await postgres.query(`insert into cmkit_data_keys (${Object.keys(types).join(", ")}) select * from unnest(${unnested})`, lists);
}

const types = {
  project: "text",
  id: "bytea",
  purpose: "text",
  service: "text",
  context: "text",
  context_key: "text",
  origin: "bytea",
  provider: "text",
  resource: "text",
  key_version: "text",
  kind: "text",
  wrapped: "bytea",
  created_at: "bigint",
} as const;

/** `pg` puts Buffers into arrays, and no other bytes. */
function parameter(value: string | number | Uint8Array | null): unknown {
  return value instanceof Uint8Array ? Buffer.from(value) : value;
}
