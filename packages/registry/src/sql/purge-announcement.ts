import type { Purge } from "../store.ts";
import { maxResourceLength, providerGrammar } from "./cmk-row.ts";
import { maxProjectLength } from "./project-row.ts";
import { RowReader, type RowCodec } from "./row-reader.ts";

/** A purge, and which store told it, so that it need not listen to itself. */
export interface PurgeAnnouncement {
  /** UUID. No secret: whoever repeats it is not heard by the one who is meant. */
  readonly from: string;
  readonly purge: Purge;
}

/** https://www.postgresql.org/docs/current/sql-notify.html: shorter than 8,000 bytes. */
const maxLength = 7999;
const members = ["from", "project", "provider", "resource"] as const;

/** What processes tell each other, read as strictly as a row: whoever may connect to the database can say it too. */
export const purgeAnnouncement: RowCodec<PurgeAnnouncement, { readonly payload: string }> = {
  write: ({ from, purge: { project, cmk } }) => ({
    payload: JSON.stringify({ from, project, provider: cmk.provider, resource: cmk.resource }),
  }),
  read: (raw) => {
    const row = new RowReader("cmkit_purge", raw).json("payload", maxLength, members);
    const cmk = {
      provider: row.matching("provider", providerGrammar),
      resource: row.identifier("resource", maxResourceLength),
    };
    return { from: row.uuid("from"), purge: { project: row.identifier("project", maxProjectLength), cmk } };
  },
};
