import type { BalanceRecord } from "../cmk-record.ts";
import type { Tagged } from "../store.ts";
import { maxKeyVersionLength, maxResourceLength, providerGrammar } from "./cmk-row.ts";
import { maxProjectLength, tagBytes } from "./project-row.ts";
import { RowReader, type RowCodec } from "./row-reader.ts";
import type { BalanceRow } from "./schema.ts";

export const balanceRow: RowCodec<Tagged<BalanceRecord>, BalanceRow> = {
  write: ({ record, tag }) => ({
    project: record.project,
    provider: record.provider,
    resource: record.resource,
    key_version: record.keyVersion ?? "",
    made: record.made,
    rewrapped_in: record.rewrappedIn,
    rewrapped_out: record.rewrappedOut,
    shredded: record.shredded,
    tag,
  }),
  read: (raw) => {
    const row = new RowReader("cmkit_balances", raw);
    const record: BalanceRecord = {
      project: row.identifier("project", maxProjectLength),
      provider: row.matching("provider", providerGrammar),
      resource: row.identifier("resource", maxResourceLength),
      keyVersion: raw.key_version === "" ? null : row.identifier("key_version", maxKeyVersionLength),
      made: row.integer("made", 0),
      rewrappedIn: row.integer("rewrapped_in", 0),
      rewrappedOut: row.integer("rewrapped_out", 0),
      shredded: row.integer("shredded", 0),
    };
    return { record, tag: row.bytes("tag", tagBytes) };
  },
};
