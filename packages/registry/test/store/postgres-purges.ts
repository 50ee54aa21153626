import { once } from "node:events";
import { Client } from "pg";
import { describe, expect, it } from "vitest";

import type { Purge, RegistryStore } from "../../src/store.ts";
import { sampleKey, sampleProject } from "./sample-records.ts";
import { stopTimers } from "./test-timers.ts";

/** Somebody who listens, and can be waited for. */
class Ear {
  readonly heard: (Purge | undefined)[] = [];
  private arrived = Promise.withResolvers<void>();

  readonly listener = (purge: Purge | undefined): void => {
    this.heard.push(purge);
    this.arrived.resolve();
    this.arrived = Promise.withResolvers<void>();
  };

  async until(isEnough: (heard: readonly (Purge | undefined)[]) => boolean): Promise<void> {
    while (!isEnough(this.heard)) await this.arrived.promise;
  }
}

/** What processes that share a PostgreSQL tell each other. */
export function postgresPurges(at: { open(): RegistryStore; readonly url: string; byHand(sql: string): Promise<void> }): void {
  const purge: Purge = { project: "acme", cmk: sampleKey };
  const last: Purge = { project: "the last", cmk: sampleKey };
  const tell = async (store: RegistryStore, what: Purge): Promise<void> => store.write(async (tx) => tx.announcePurge(what));
  const admin = async (sql: string, ...values: readonly string[]): Promise<number> => {
    const client = new Client({ connectionString: at.url });
    await client.connect();
    const { rowCount } = await client.query(sql, [...values]);
    await client.end();
    return rowCount ?? 0;
  };
  const killListeners = async (): Promise<number> =>
    admin(
      "select pg_terminate_backend(pid) from pg_stat_activity where pid <> pg_backend_pid() and query ~ '^(listen|select 1$)'",
    );
  const isConnected = (heard: readonly (Purge | undefined)[]): boolean => heard.includes(undefined);
  const isLast = (heard: readonly (Purge | undefined)[]): boolean => heard.some((its) => its?.project === last.project);

  describe("tells of purges", () => {
    it("to every store that listens, once, as soon as they were committed", async () => {
      const [teller, ...others] = [at.open(), at.open(), at.open()];
      const ears = [teller, ...others].map((store) => {
        const ear = new Ear();
        store.onPurge(ear.listener);
        return ear;
      });
      await Promise.all(ears.map(async (ear) => ear.until(isConnected)));
      const undone = teller.write(async (tx) => {
        await tx.announcePurge({ ...purge, project: "undone" });
        throw new Error("ours");
      });
      await expect(undone).rejects.toThrow("ours");
      await tell(teller, purge);
      await Promise.all(ears.map(async (ear) => ear.until((heard) => heard.length > 1)));
      await tell(others[0] ?? teller, last);
      await Promise.all(ears.map(async (ear) => ear.until(isLast)));
      for (const { heard } of ears) expect(heard).toEqual([undefined, purge, last]);
    });

    it("at once: neither who tells nor who listens waits for any time to pass", async () => {
      const [teller, listener] = [at.open(), at.open()];
      const ear = new Ear();
      listener.onPurge(ear.listener);
      await ear.until(isConnected);
      const given = AbortSignal.timeout(20_000); // no timer of this process's JavaScript
      stopTimers();
      const told = tell(teller, last);
      await Promise.race([Promise.all([told, ear.until(isLast)]), once(given, "abort")]);
      expect(ear.heard).toEqual([undefined, last]);
    });

    it("itself, although a commit was not answered: it may have taken place", async () => {
      const store = at.open();
      const ear = new Ear();
      store.onPurge(ear.listener);
      await ear.until(isConnected);
      await at.byHand(`create function cut_off() returns trigger language plpgsql as
        'begin perform pg_terminate_backend(pg_backend_pid()); return null; end'`);
      await at.byHand(`create constraint trigger cut_off after insert on cmkit_projects deferrable initially deferred
        for each row execute function cut_off()`);
      const cutOff = store.write(async (tx) => {
        await tx.announcePurge(purge);
        await tx.putProject(sampleProject());
      });
      await expect(cutOff).rejects.toMatchObject({ code: "store-unavailable" });
      expect(ear.heard).toEqual([undefined, purge]);
    });

    it("and makes nothing of what it would not have said", async () => {
      const [teller, listener] = [at.open(), at.open()];
      const ear = new Ear();
      listener.onPurge(ear.listener);
      await ear.until(isConnected);
      const from = "00000000-0000-4000-8000-000000000000";
      const whole = { from, project: "acme", provider: "aws", resource: "r" };
      const payloads = [
        "",
        "[]",
        "null",
        "{",
        JSON.stringify({ ...whole, more: 1 }),
        JSON.stringify({ ...whole, from: "me" }),
        JSON.stringify({ ...whole, project: "" }),
        JSON.stringify({ ...whole, project: "x".repeat(257) }),
        JSON.stringify({ ...whole, provider: "AWS" }),
        JSON.stringify({ ...whole, resource: ["r"] }),
        JSON.stringify({ ...whole, resource: "a\nb" }),
        "x".repeat(7999),
      ];
      for (const payload of payloads) await admin("select pg_notify('cmkit_purge', $1)", payload);
      await admin("select pg_notify('cmkit_other', $1)", JSON.stringify(whole));
      await admin("select pg_notify('cmkit_purge', $1)", JSON.stringify(whole)); // forged: something is forgotten
      await tell(teller, last);
      await ear.until(isLast);
      const forged = { project: "acme", cmk: { provider: "aws", resource: "r" } };
      expect(ear.heard).toEqual([undefined, forged, last]);
    });

    it("again when the connection was lost, and says that something may have been missed", async () => {
      const [teller, listener] = [at.open(), at.open()];
      const ear = new Ear();
      listener.onPurge(ear.listener);
      await ear.until(isConnected);
      expect(await killListeners()).toBe(1);
      await ear.until((heard) => heard.length === 2);
      expect(ear.heard).toEqual([undefined, undefined]);
      await tell(teller, last);
      await ear.until(isLast);
    });

    it("to nobody who ended it, over one connection for all, and over none when the last one did", async () => {
      const [teller, store] = [at.open(), at.open()];
      const [first, second] = [new Ear(), new Ear()];
      const ends = [store.onPurge(first.listener), store.onPurge(second.listener)];
      await second.until(isConnected);
      const listening = "select 1 from pg_stat_activity where query = 'listen cmkit_purge'";
      expect(await admin(listening)).toBe(1);
      ends[0]?.();
      await tell(teller, last);
      await second.until(isLast);
      expect(first.heard).toEqual([undefined]);
      ends[1]?.();
      while ((await admin(listening)) > 0); // PostgreSQL notices a little later
      store.onPurge(first.listener);
      await first.until((heard) => heard.length === 2);
      await store.close();
      while ((await admin(listening)) > 0);
    });
  });
}
