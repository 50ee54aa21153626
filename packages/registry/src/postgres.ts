import { postgresEngine } from "./sql/postgres-engine.ts";
import { parsePostgresUrl } from "./sql/postgres-url.ts";
import { SqlStore } from "./sql/sql-store.ts";
import type { RegistryStore } from "./store.ts";

/** Options of {@link postgresStore}. */
export interface PostgresStoreOptions {
  /** Marks a store that is made now as one for development; a store that exists keeps its mark. Default false. */
  readonly development?: boolean;
  /**
   * Connections of this process at most: half of them for reads, the others for writes, of which rewraps hold half at most.
   * One more listens for purges where there is an envelope. At least 2; default 10.
   */
  readonly maxConnections?: number;
  /** Asked for every new connection, in place of the URL's password: for short-lived ones. */
  readonly password?: () => string | Promise<string>;
}

/**
 * A store in a PostgreSQL database, which it may share: the names of its tables begin with `cmkit_`. Any number of processes
 * may use it. Connects, and makes the tables, at the first call; comes back by itself when the server does.
 *
 * TLS with a valid certificate, except on this machine: `sslrootcert=FILE` names the authority, `sslmode=disable` goes
 * without. The server must keep advisory locks, which some that speak its protocol do not, and a pooler in between must not take
 * connections apart by transaction: purges of other processes would not be heard. No PG… environment variable is read.
 * @param url `postgres://USER:PASSWORD@HOST:PORT/DATABASE`, with the parameters `sslmode`, `sslrootcert`, `options`,
 * `application_name` and `host` (the directory of a socket).
 * @throws {TypeError} for a URL that cannot be used; its message does not quote it.
 */
export function postgresStore(url: string, options: PostgresStoreOptions = {}): RegistryStore {
  const { development = false, maxConnections = 10, password } = options;
  if (!Number.isSafeInteger(maxConnections) || maxConnections < 2) throw new RangeError("expected at least 2 connections");
  const engine = postgresEngine(parsePostgresUrl(url), { maxConnections, password });
  return new SqlStore(engine, development ? "development" : "production");
}
