import type { Database } from "./schema.ts";
import type { RunQuery } from "./data-key-reads.ts";
import { storeFailure } from "./store-failure.ts";

/**
 * The queries of one transaction: one after the other, and none after its end, where it would run outside of it or in
 * another's. Once one has failed, all later ones do: in PostgreSQL they would anyway, in SQLite they would half succeed.
 */
export class TransactionScope {
  /** Whether it waits no longer for its turn. */
  begun = false;
  /** Whether all that remains is to commit or to roll back. */
  ended = false;
  private over: { readonly reason: unknown } | undefined;
  private failure: { readonly reason: unknown } | undefined;
  private turn: Promise<unknown> = Promise.resolve();

  /** @throws whatever it was cancelled with. */
  checkGoesOn(): void {
    if (this.over !== undefined) throw this.over.reason;
  }

  /** @throws whatever it was cancelled with meanwhile. */
  begin(db: Database): RunQuery {
    this.begun = true;
    this.checkGoesOn();
    return async (query) => {
      const result = this.turn.then(async () => this.attempt(async () => query(db)));
      this.turn = result.catch(() => {});
      return result;
    };
  }

  /** No query begins after this. */
  cancel(reason: unknown): void {
    this.over ??= { reason };
  }

  /** Waits for the query that runs. @throws whatever failed, or cancelled it. */
  async end(): Promise<void> {
    const cancelled = this.over;
    this.ended = true;
    this.cancel(new TypeError("expected no query after the end of the transaction"));
    await this.turn;
    const broken = cancelled ?? this.failure;
    if (broken !== undefined) throw broken.reason;
  }

  private async attempt<T>(query: () => Promise<T>): Promise<T> {
    this.checkGoesOn();
    try {
      return await query();
    } catch (error) {
      const reason = storeFailure(error);
      this.failure ??= { reason };
      this.cancel(reason);
      throw reason;
    }
  }
}
