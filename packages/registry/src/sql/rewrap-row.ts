import { kmsErrorCodes } from "@cmkit/core";

import { operatorSource, type RewrapRecord, type RewrapState } from "../cmk-record.ts";
import type { Tagged } from "../store.ts";
import { maxProjectLength, tagBytes } from "./project-row.ts";
import { RowReader, type RowCodec } from "./row-reader.ts";
import type { RewrapRow } from "./schema.ts";

const states: readonly RewrapState[] = ["unfinished", "done", "partial"];

export const rewrapRow: RowCodec<Tagged<RewrapRecord>, RewrapRow> = {
  write: ({ record, tag }) => ({
    project: record.project,
    source: record.source,
    target: record.target,
    data_keys: record.dataKeys,
    state: record.state,
    stopped: record.stopped,
    started_at: record.startedAt.getTime(),
    updated_at: record.updatedAt.getTime(),
    tag,
  }),
  read: (raw) => {
    const row = new RowReader("cmkit_rewraps", raw);
    const record: RewrapRecord = {
      project: row.identifier("project", maxProjectLength),
      source: raw.source === operatorSource ? operatorSource : row.uuid("source"),
      target: row.uuid("target"),
      dataKeys: row.integer("data_keys", 0),
      state: row.oneOf("state", states),
      stopped: row.optional("stopped", (column) => row.oneOf(column, kmsErrorCodes)),
      startedAt: row.time("started_at"),
      updatedAt: row.time("updated_at"),
    };
    return { record, tag: row.bytes("tag", tagBytes) };
  },
};
