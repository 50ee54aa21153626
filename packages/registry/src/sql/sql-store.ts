import { RegistryError } from "../registry-error.ts";
import type { RegistryReads, RegistryStore, RegistryWrites, WriteOptions } from "../store.ts";
import { migrate } from "./migrate.ts";
import type { Database } from "./schema.ts";
import type { StorePurpose } from "./migrations.ts";
import type { SqlConnections, SqlEngine } from "./sql-engine.ts";
import { SqlReads } from "./sql-reads.ts";
import { SqlTables } from "./sql-tables.ts";
import { storeFailure } from "./store-failure.ts";
import { TransactionScope } from "./transaction-scope.ts";
import { Turns } from "./turns.ts";

/** How long a transaction waits for its turn. */
const turnMs = 30_000;
/** How long a read may take, its wait included. */
const readMs = 30_000;

type Work<T> = (tx: RegistryWrites) => Promise<T>;

/** The registry's store over one of the two engines. Opens, and makes the tables, when it is first used. */
export class SqlStore implements RegistryStore {
  readonly engine: string;
  readonly reads: RegistryReads;
  private readonly sql: SqlEngine;
  private readonly purpose: StorePurpose;
  private readonly queries: SqlReads;
  private readonly turns = new Turns();
  private readonly running = new Set<Promise<unknown>>();
  private opened: Promise<SqlConnections> | undefined;
  private closed: Promise<void> | undefined;

  constructor(sql: SqlEngine, purpose: StorePurpose) {
    this.engine = sql.name;
    this.sql = sql;
    this.purpose = purpose;
    this.queries = new SqlReads(async (query) => this.read(async () => query((await this.open()).reads)));
    this.reads = this.queries;
  }

  async write<T>(work: Work<T>, options: WriteOptions = {}): Promise<T> {
    const { signal } = options;
    signal?.throwIfAborted();
    try {
      return await this.attempt(work, options);
    } catch (error) {
      if (!this.sql.isConflict(error)) throw error;
    }
    signal?.throwIfAborted();
    return this.attempt(work, options);
  }

  async isDevelopment(): Promise<boolean> {
    return this.queries.isDevelopment();
  }

  async ready(): Promise<void> {
    await this.queries.isDevelopment();
  }

  async close(): Promise<void> {
    this.closed ??= this.closeOnce();
    return this.closed;
  }

  private async closeOnce(): Promise<void> {
    await Promise.allSettled(this.running);
    const connections = await this.opened?.catch(() => undefined);
    if (connections !== undefined) await destroy(connections);
  }

  private async open(): Promise<SqlConnections> {
    if (this.closed !== undefined) throw new RegistryError("store-unavailable", "the store is closed");
    this.opened ??= this.connect().catch((error: unknown) => {
      this.opened = undefined; // the next one tries again
      throw storeFailure(error);
    });
    return this.opened;
  }

  private async connect(): Promise<SqlConnections> {
    const connections = this.sql.connect();
    try {
      await migrate(this.sql, connections, this.purpose);
      return connections;
    } catch (error) {
      await destroy(connections);
      throw error;
    }
  }

  private async read<T>(query: () => Promise<T>): Promise<T> {
    const { promise: tooLate, reject } = Promise.withResolvers<never>();
    const timer = setTimeout(() => reject(new RegistryError("store-unavailable", "the store did not answer in time")), readMs);
    try {
      return await Promise.race([this.tracked(query()), tooLate]);
    } catch (error) {
      throw storeFailure(error);
    } finally {
      clearTimeout(timer);
    }
  }

  /** Whoever gives up gets an answer at once; the transaction ends by itself, without another query, and rolls back. */
  private async attempt<T>(work: Work<T>, { project, signal }: WriteOptions): Promise<T> {
    const scope = new TransactionScope();
    const { promise: givenUp, reject } = Promise.withResolvers<never>();
    const giveUp = (reason: unknown): void => {
      if (scope.ended) return;
      scope.cancel(reason);
      reject(reason);
    };
    const late = (): void => {
      if (!scope.begun) giveUp(new RegistryError("store-unavailable", "the store is busy: no turn came within 30 s"));
    };
    const aborted = (): void => giveUp(signal?.reason);
    const timer = setTimeout(late, turnMs);
    signal?.addEventListener("abort", aborted, { once: true });
    try {
      return await Promise.race([this.tracked(this.inTurn(work, scope, project)), givenUp]);
    } finally {
      clearTimeout(timer);
      signal?.removeEventListener("abort", aborted);
    }
  }

  private async inTurn<T>(work: Work<T>, scope: TransactionScope, project: string | undefined): Promise<T> {
    const { writes } = await this.open();
    const run = async (): Promise<T> => this.transaction(writes, work, scope);
    return project === undefined ? run() : this.turns.take(project, run);
  }

  private async transaction<T>(writes: Database, work: Work<T>, scope: TransactionScope): Promise<T> {
    scope.checkGoesOn();
    let thrown: { readonly reason: unknown } | undefined;
    try {
      const transaction = writes.transaction().setIsolationLevel("read committed");
      return await transaction.execute(async (db) => {
        try {
          const result = await work(new SqlTables(scope.begin(db), (its) => this.sql.locks(its)));
          await scope.end();
          return result;
        } catch (reason) {
          thrown = { reason };
          await scope.end().catch(() => {});
          throw reason;
        }
      });
    } catch (error) {
      // A failure to roll back says nothing of its own: the engine rolls back what it loses.
      throw thrown === undefined ? storeFailure(error) : thrown.reason;
    }
  }

  private async tracked<T>(run: Promise<T>): Promise<T> {
    this.running.add(run);
    try {
      return await run;
    } finally {
      this.running.delete(run);
    }
  }
}

async function destroy({ reads, writes }: SqlConnections): Promise<void> {
  await Promise.all([reads.destroy(), writes === reads ? undefined : writes.destroy()]);
}
