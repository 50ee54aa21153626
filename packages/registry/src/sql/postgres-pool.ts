import type { PostgresCursor, PostgresPool, PostgresPoolClient, PostgresQueryResult } from "kysely";
import { readFile } from "node:fs/promises";
import type { ClientConfig, Pool, PoolClient } from "pg";

import { breaksConnection, postgresFailure } from "./postgres-failure.ts";
import type { PostgresAddress } from "./postgres-url.ts";
import { checkParameters, storeFailure } from "./store-failure.ts";

/** To connect, or until one of our connections is free. As long as a lock may be waited for. */
const connectMs = 10_000;
/** Beyond the server's own limits: for a network that has gone away. */
const answerMs = 35_000;
/** The server ends what takes too long, and the transaction of a process that stands still. A commit is on the disk. */
const settings = {
  statement_timeout: "30s",
  lock_timeout: "10s",
  idle_in_transaction_session_timeout: "60s",
  synchronous_commit: "on",
};
/** https://www.postgresql.org/docs/current/catalog-pg-type.html: int8 */
const int8 = 20;

/** What the pool needs beside the address. */
export interface PostgresPoolOptions {
  readonly maxConnections: number;
  readonly password?: (() => string | Promise<string>) | undefined;
}

/** A pool in the shape that the query builder's PostgreSQL dialect takes. Its failures are RegistryErrors. */
export async function postgresPool(address: PostgresAddress, options: PostgresPoolOptions): Promise<PostgresPool> {
  try {
    const { Pool, TypeOverrides } = await import("pg");
    const types = new TypeOverrides();
    types.setTypeParser(int8, exactNumber);
    return checkedPool(new Pool({ ...(await postgresConfig(address, options)), max: options.maxConnections, types }));
  } catch (error) {
    throw storeFailure(error);
  }
}

/** Of a connection whose settings are ours. @throws where the file of authorities cannot be read */
export async function postgresConfig(
  address: PostgresAddress,
  { password }: Pick<PostgresPoolOptions, "password">,
): Promise<ClientConfig> {
  const { host, port, user, database, tls, applicationName } = address;
  const ours = Object.entries(settings).map(([name, value]) => `-c ${name}=${value}`);
  return {
    host,
    port,
    user,
    database,
    // A function even without one: `pg` would look into PGPASSWORD and ~/.pgpass.
    password: password ?? (() => address.password ?? ""),
    ssl: tls && { rejectUnauthorized: true, ...(tls.caFile === undefined ? {} : { ca: await readFile(tls.caFile, "utf8") }) },
    options: [...ours, address.options].join(" ").trim(),
    application_name: applicationName,
    client_encoding: "UTF8",
    connectionTimeoutMillis: connectMs,
    query_timeout: answerMs,
    keepAlive: true,
  };
}

/** A number that JavaScript holds exactly; any other stays text, and is refused where the row is read. */
function exactNumber(text: string): number | string {
  const value = Number(text);
  return Number.isSafeInteger(value) ? value : text;
}

function checkedPool(pool: Pool): PostgresPool {
  // A connection that breaks while nobody uses it, or between two queries: the next query says so.
  pool.on("error", () => {});
  pool.on("connect", (client) => client.on("error", () => {}));
  return {
    options: {},
    connect: async () => {
      try {
        return new CheckedClient(await pool.connect());
      } catch (error) {
        throw postgresFailure(error);
      }
    },
    end: async () => pool.end(),
  };
}

class CheckedClient implements PostgresPoolClient {
  private readonly client: PoolClient;
  private broken = false;

  constructor(client: PoolClient) {
    this.client = client;
  }

  query<R>(text: string, parameters: readonly unknown[]): Promise<PostgresQueryResult<R>>;
  query<R>(cursor: PostgresCursor<R>): PostgresCursor<R>;
  query<R>(
    text: string | PostgresCursor<R>,
    parameters: readonly unknown[] = [],
  ): Promise<PostgresQueryResult<R>> | PostgresCursor<R> {
    if (typeof text !== "string") throw new TypeError("expected no cursor");
    return this.send(text, parameters);
  }

  release(destroy: boolean = false): void {
    this.client.release(destroy || this.broken);
  }

  private async send<R>(text: string, parameters: readonly unknown[]): Promise<PostgresQueryResult<R>> {
    checkParameters(parameters);
    try {
      const { command, rowCount, rows } = await this.client.query(text, [...parameters]);
      return { command: command as PostgresQueryResult<R>["command"], rowCount: rowCount ?? 0, rows };
    } catch (error) {
      this.broken ||= breaksConnection(error);
      throw postgresFailure(error);
    }
  }
}
