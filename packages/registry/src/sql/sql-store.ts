import type { DataKeyRecord } from "@cmkit/core";

import { RegistryError } from "../registry-error.ts";
import type { DataKeyClaim, DataKeyPlace, Purge, RegistryReads, RegistryStore, RegistryWrites, WriteOptions } from "../store.ts";
import { migrate } from "./migrate.ts";
import type { Database } from "./schema.ts";
import type { StorePurpose } from "./migrations.ts";
import type { SqlConnections, SqlEngine } from "./sql-engine.ts";
import { PurgeListeners } from "./purge-listeners.ts";
import { SqlReads } from "./sql-reads.ts";
import { SqlTables } from "./sql-tables.ts";
import { storeFailure } from "./store-failure.ts";
import { TransactionScope } from "./transaction-scope.ts";
import { Turns } from "./turns.ts";

/** How long a transaction waits for its turn. */
const turnMs = 30_000;
/** How long a read may take, its wait included. */
const readMs = 30_000;

/** Of one project: one that writes, and one that stands ready for its lock. */
const writersAtOnce = 2;

type Work<T> = (tx: RegistryWrites) => Promise<T>;
type WholeWork<T> = (tx: SqlTables) => Promise<T>;

/** How a transaction comes to its turn. */
interface Turn {
  /** Lets it wait in a line. */
  readonly enter: <R>(run: () => Promise<R>) => Promise<R>;
  /** How long at most; undefined: until the signal says otherwise. */
  readonly patienceMs?: number;
  readonly signal: AbortSignal | undefined;
}

/** The registry's store over one of the two engines. Opens, and makes the tables, when it is first used. */
export class SqlStore implements RegistryStore {
  readonly engine: string;
  readonly reads: RegistryReads;
  private readonly sql: SqlEngine;
  private readonly purpose: StorePurpose;
  private readonly queries: SqlReads;
  private readonly writers = new Turns(writersAtOnce);
  private readonly claims: Turns;
  /** Each project waits in a line of its own first, and none may hold all claims: one whose keys answer slowly holds up itself. */
  private readonly claimers: Turns;
  private readonly listeners: PurgeListeners;
  private readonly running = new Set<Promise<unknown>>();
  private opened: Promise<SqlConnections> | undefined;
  private closed: Promise<void> | undefined;

  constructor(sql: SqlEngine, purpose: StorePurpose) {
    this.engine = sql.name;
    this.sql = sql;
    this.purpose = purpose;
    this.claims = new Turns(sql.claims);
    this.claimers = new Turns(Math.max(1, sql.claims - 1));
    this.listeners = new PurgeListeners(sql.announcements);
    this.queries = new SqlReads(async (query) => this.read(async () => query((await this.open()).reads)), sql);
    this.reads = this.queries;
  }

  async write<T>(work: Work<T>, { project, signal }: WriteOptions = {}): Promise<T> {
    signal?.throwIfAborted();
    const enter: Turn["enter"] = async (run) => (project === undefined ? run() : this.writers.take(project, run));
    const turn: Turn = { enter, patienceMs: turnMs, signal };
    try {
      return await this.attempt(work, turn);
    } catch (error) {
      if (!this.sql.isConflict(error)) throw error;
    }
    signal?.throwIfAborted();
    return this.attempt(work, turn);
  }

  /** Not run again after a conflict: the clouds have been asked already. */
  async claimDataKeys<T>(
    claim: DataKeyClaim,
    work: (...claimed: [records: readonly DataKeyRecord[], unreadable: readonly DataKeyPlace[]]) => Promise<Work<T>>,
    { signal }: Pick<WriteOptions, "signal"> = {},
  ): Promise<T> {
    signal?.throwIfAborted();
    if (this.sql.claims === 0) {
      const { records, unreadable } = await this.queries.claimable(claim, { hold: false });
      const write = await work(records, unreadable);
      return this.write(write, { project: claim.project, signal });
    }
    const enter: Turn["enter"] = async (run) => this.claimers.take(claim.project, async () => this.claims.take("", run));
    const whole: WholeWork<T> = async (tx) => {
      const { records, unreadable } = await tx.claimable(claim, { hold: true });
      return (await work(records, unreadable))(tx);
    };
    return this.attempt(whole, { enter, signal });
  }

  onPurge(listener: (purge: Purge | undefined) => void): () => void {
    return this.closed === undefined ? this.listeners.add(listener) : () => {};
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
    await Promise.allSettled([...this.running, this.listeners.close()]);
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
  private async attempt<T>(work: WholeWork<T>, { enter, patienceMs, signal }: Turn): Promise<T> {
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
    const timer = patienceMs === undefined ? undefined : setTimeout(late, patienceMs);
    signal?.addEventListener("abort", aborted, { once: true });
    try {
      return await Promise.race([this.tracked(this.inTurn(work, scope, enter)), givenUp]);
    } finally {
      clearTimeout(timer);
      signal?.removeEventListener("abort", aborted);
    }
  }

  private async inTurn<T>(work: WholeWork<T>, scope: TransactionScope, enter: Turn["enter"]): Promise<T> {
    const { writes } = await this.open();
    return enter(async () => this.transaction(writes, work, scope));
  }

  private async transaction<T>(writes: Database, work: WholeWork<T>, scope: TransactionScope): Promise<T> {
    scope.checkGoesOn();
    let thrown: { readonly reason: unknown } | undefined;
    let announced: readonly Purge[] = [];
    try {
      const transaction = writes.transaction().setIsolationLevel("read committed");
      const answer = await transaction.execute(async (db) => {
        try {
          const tables = new SqlTables(scope.begin(db), this.sql);
          announced = tables.announced;
          const result = await work(tables);
          await scope.end();
          return result;
        } catch (reason) {
          thrown = { reason };
          await scope.end().catch(() => {});
          throw reason;
        }
      });
      for (const purge of announced) this.listeners.tell(purge);
      return answer;
    } catch (error) {
      // A failure to roll back says nothing of its own: the engine rolls back what it loses.
      if (thrown !== undefined) throw thrown.reason;
      // Perhaps it was committed and only the answer is lost: what this process would not hear again must be forgotten now.
      for (const purge of announced) this.listeners.tell(purge);
      throw storeFailure(error);
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
