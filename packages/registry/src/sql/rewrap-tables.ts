import type { Cmk } from "@cmkit/core";
import { sql } from "kysely";

import type { BalanceRecord, RewrapRecord } from "../cmk-record.ts";
import { RegistryError } from "../registry-error.ts";
import type { RequestRate, RewrapFailure, Tagged, WrapReplacement } from "../store.ts";
import { balanceRow } from "./balance-row.ts";
import { rateRow } from "./rate-row.ts";
import { putRewrapFailures, replaceWraps } from "./replace-wraps.ts";
import { rewrapRow } from "./rewrap-row.ts";
import { RowReader, rowOf } from "./row-reader.ts";
import type { RateRow } from "./schema.ts";
import { SqlReads } from "./sql-reads.ts";

type BalanceKey = Pick<BalanceRecord, "project" | "provider" | "resource" | "keyVersion">;

/** What a rewrap does to the tables inside one transaction. */
export class RewrapTables extends SqlReads {
  async replaceWraps(project: string, replacements: readonly WrapReplacement[]): Promise<readonly Uint8Array[]> {
    if (replacements.length === 0) return [];
    const rows = await this.run(replaceWraps(this.sql, project, replacements));
    return rows.map((row) => new RowReader("cmkit_data_keys", row).bytes("id", 32));
  }

  async putRewrapFailures(project: string, cmk: Cmk, failures: readonly RewrapFailure[]): Promise<void> {
    if (failures.length === 0) return;
    await this.run(putRewrapFailures(this.sql, project, cmk, failures));
  }

  /** Passes over what is being rewrapped at this moment: whoever holds it was allowed to, and so it may be tried again. */
  async forgetRewrapFailures(project: string, { provider, resource }: Cmk): Promise<void> {
    await this.run(async (db) => {
      await sql`update cmkit_data_keys set rewrap_code = null, rewrap_tries = 0, rewrap_after = null
        where project = ${project} and id in (select id from cmkit_data_keys where provider = ${provider}
          and resource = ${resource} and project = ${project} and rewrap_code is not null
          ${this.sql.forUpdateSkipLocked})`.execute(db);
    });
  }

  async putRewrap(rewrap: Tagged<RewrapRecord>): Promise<void> {
    const { project, source, ...rest } = rowOf(rewrapRow, rewrap);
    await this.run(async (db) => {
      const insert = db.insertInto("cmkit_rewraps").values({ project, source, ...rest });
      await insert.onConflict((conflict) => conflict.columns(["project", "source"]).doUpdateSet(rest)).execute();
    });
  }

  /** One search where the balance exists. Else two who find none take turns, and the second one looks again. */
  async lockBalance(of: BalanceKey): Promise<Tagged<BalanceRecord> | undefined> {
    const found = await this.heldBalance(of);
    if (found !== undefined) return found;
    const name = JSON.stringify([of.project, of.provider, of.resource, of.keyVersion]);
    await this.run(async (db) => this.sql.locks(db).exclusive("balance", name));
    return this.heldBalance(of);
  }

  async putBalance(balance: Tagged<BalanceRecord>): Promise<void> {
    const { project, provider, resource, key_version, ...rest } = rowOf(balanceRow, balance);
    await this.run(async (db) => {
      const insert = db.insertInto("cmkit_balances").values({ project, provider, resource, key_version, ...rest });
      const key = ["project", "provider", "resource", "key_version"] as const;
      await insert.onConflict((conflict) => conflict.columns(key).doUpdateSet(rest)).execute();
    });
  }

  async lockRate(name: string): Promise<{ readonly rate: RequestRate | undefined; readonly nowMs: number }> {
    const found = await this.heldRate(name);
    if (found.rate !== undefined) return found;
    await this.run(async (db) => this.sql.locks(db).exclusive("rate", name));
    return this.heldRate(name);
  }

  async putRate(rate: RequestRate): Promise<void> {
    const { name, ...rest } = rowOf(rateRow, rate);
    await this.run(async (db) => {
      const insert = db.insertInto("cmkit_request_rates").values({ name, ...rest });
      await insert.onConflict((conflict) => conflict.column("name").doUpdateSet(rest)).execute();
    });
  }

  private async heldBalance({ project, provider, resource, keyVersion }: BalanceKey): Promise<Tagged<BalanceRecord> | undefined> {
    const row = await this.run(async (db) => {
      const all = db.selectFrom("cmkit_balances").selectAll().where("project", "=", project);
      const ofKey = all.where("provider", "=", provider).where("resource", "=", resource);
      const one = ofKey.where("key_version", "=", keyVersion ?? "");
      return one.modifyEnd(this.sql.forUpdate).executeTakeFirst();
    });
    return row && balanceRow.read(row);
  }

  /** The clock is read after the wait for the row. */
  private async heldRate(name: string): Promise<{ readonly rate: RequestRate | undefined; readonly nowMs: number }> {
    const { rows } = await this.run(async (db) =>
      sql<{ readonly [column in keyof RateRow | "now"]: unknown }>`
        with held as materialized (select * from cmkit_request_rates where name = ${name} ${this.sql.forUpdate})
        select held.*, ${this.sql.now()} as now from (select 1 as one) its left join held on true`.execute(db),
    );
    const [row] = rows;
    if (row === undefined) throw new RegistryError("store-unavailable");
    const nowMs = new RowReader("cmkit_request_rates", row).real("now");
    return { rate: row.name === null ? undefined : rateRow.read(row), nowMs };
  }
}
