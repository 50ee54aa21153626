import type { RequestRate } from "../store.ts";
import { RowReader, type RowCodec } from "./row-reader.ts";
import type { RateRow } from "./schema.ts";

/** The name of a quota. */
const maxNameLength = 256;

export const rateRow: RowCodec<RequestRate, RateRow> = {
  write: ({ name, perSecond, nextAtMs, changedAtMs }) => ({
    name,
    per_second: perSecond,
    next_at_ms: nextAtMs,
    changed_at_ms: changedAtMs,
  }),
  read: (raw) => {
    const row = new RowReader("cmkit_request_rates", raw);
    const perSecond = row.real("per_second");
    return {
      name: row.identifier("name", maxNameLength),
      perSecond: perSecond > 0 ? perSecond : row.refuse("per_second"),
      nextAtMs: row.real("next_at_ms"),
      changedAtMs: row.real("changed_at_ms"),
    };
  },
};
