import { sql } from "kysely";
import { randomUUID } from "node:crypto";
import type { ClientConfig } from "pg";

import { PostgresListener, purgeChannel } from "./postgres-listener.ts";
import { purgeAnnouncement } from "./purge-announcement.ts";
import { rowOf } from "./row-reader.ts";
import type { Announcements } from "./sql-engine.ts";

/** PostgreSQL delivers when the transaction has been committed, to all that are connected to the database. */
export function postgresAnnouncements(configure: () => Promise<ClientConfig>): Announcements {
  const from = randomUUID();
  return {
    send: async (db, purge) => {
      const { payload } = rowOf(purgeAnnouncement, { from, purge });
      await sql`select pg_notify(${purgeChannel}, ${payload})`.execute(db);
    },
    listen: (hear) => {
      const listener = new PostgresListener(configure, (told) => {
        if (told?.from !== from) hear(told?.purge);
      });
      return async () => listener.end();
    },
  };
}
