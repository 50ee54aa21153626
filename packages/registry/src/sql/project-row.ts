import type { ProjectRecord } from "../cmk-record.ts";
import type { Tagged } from "../store.ts";
import { RowReader, type RowCodec } from "./row-reader.ts";
import type { ProjectRow } from "./schema.ts";

/** A project is a context's tenant: as long as the value of a context entry. */
export const maxProjectLength = 256;
export const tagBytes = 32;
// AWS STS AssumeRole: ExternalId has 2 to 1,224 characters.
const maxExternalIdLength = 1224;

export const projectRow: RowCodec<Tagged<ProjectRecord>, ProjectRow> = {
  write: ({ record, tag }) => ({
    name: record.name,
    external_id: record.externalId,
    created_at: record.createdAt.getTime(),
    tag,
  }),
  read: (raw) => {
    const row = new RowReader("cmkit_projects", raw);
    const name = row.identifier("name", maxProjectLength);
    const externalId = row.identifier("external_id", maxExternalIdLength);
    return { record: { name, externalId, createdAt: row.time("created_at") }, tag: row.bytes("tag", tagBytes) };
  },
};
