import type { DataKeyRecord } from "@cmkit/core";
import { describe, expect, it } from "vitest";

import type { RegistryStore } from "../../src/store.ts";
import { claimOf, moved } from "./rewrap-cases.ts";
import { sampleDataKey, sampleKey } from "./sample-records.ts";

/** Claims that PostgreSQL's row locks keep apart. */
export function postgresClaims(at: {
  open(options?: { readonly maxConnections: number }): RegistryStore;
  /** How many rows the server itself has of what it knows. */
  counted(from: string): Promise<number>;
}): void {
  const hex = ({ id }: { readonly id: Uint8Array }): string => Buffer.from(id).toString("hex");
  const filled = async (store: RegistryStore, count: number): Promise<readonly string[]> => {
    const records = Array.from({ length: count }, () => sampleDataKey());
    await store.write(async (tx) => {
      for (const record of records) await tx.addDataKey(record);
    });
    return records.map(hex).toSorted();
  };

  /** A claim that is held until told otherwise. */
  const held = async (store: RegistryStore, limit: number) => {
    const gate = Promise.withResolvers<void>();
    const claimed = Promise.withResolvers<readonly DataKeyRecord[]>();
    const ended = store.claimDataKeys(claimOf({ limit }), async (records) => {
      claimed.resolve(records);
      await gate.promise;
      return async () => {};
    });
    return { records: await claimed.promise, release: async () => (gate.resolve(), ended) };
  };

  describe("hands out data keys", () => {
    it("of which nobody else holds one, and those of one who went away at once", async () => {
      const [first, second] = [at.open(), at.open()];
      const ids = await filled(first, 10);
      const due = { id: Buffer.from(ids[0] ?? "", "hex"), code: "timeout", nextTryAt: new Date(0) } as const;
      await first.write(async (tx) => tx.putRewrapFailures("acme", sampleKey, [due]));
      const claim = await held(first, 4);
      expect(claim.records.map(hex)).toEqual(ids.slice(0, 4));
      const other = await held(second, 100);
      expect(other.records.map(hex)).toEqual(ids.slice(4));
      const nothing = await held(second, 100);
      expect(nothing.records).toEqual([]);
      await second.write(async (tx) => tx.forgetRewrapFailures("acme", sampleKey)); // waits for no claim
      await claim.release();
      const again = await held(first, 100);
      expect(again.records.map(hex)).toEqual(ids.slice(0, 4));
      await Promise.all([other, nothing, again].map(async ({ release }) => release()));
    });

    it("one by one to many who claim and replace at the same time, until none is left", async () => {
      const stores = [at.open(), at.open(), at.open()];
      const ids = await filled(at.open(), 300);
      const handed: string[] = [];
      const replaced: string[] = [];
      const work = async (store: RegistryStore): Promise<void> => {
        for (let found = -1; found !== 0;) {
          found = await store.claimDataKeys(claimOf({ limit: 7 }), async (records) => {
            handed.push(...records.map(hex));
            return async (tx) => {
              const replacements = records.map((record) => moved(record));
              replaced.push(...(await tx.replaceWraps("acme", replacements)).map((id) => hex({ id })));
              return records.length;
            };
          });
        }
      };
      await Promise.all([...stores, ...stores].map(work));
      expect(handed.toSorted()).toEqual(ids);
      expect(replaced.toSorted()).toEqual(ids);
    });

    it("with at most half of a process's writing connections to a project, and without any where it has but one", async () => {
      for (const [maxConnections, most] of [
        [10, 2],
        [4, 1],
        [2, 0],
      ] as const) {
        const store = at.open({ maxConnections });
        await filled(store, 6);
        const gate = Promise.withResolvers<void>();
        const asked: number[] = [];
        const claims = Array.from({ length: 6 }, async () =>
          store.claimDataKeys(claimOf({ limit: 1 }), async (records) => {
            asked.push(records.length);
            await gate.promise;
            return async () => {};
          }),
        );
        while (asked.length < (most === 0 ? 6 : most)) await store.ready();
        expect(await at.counted("pg_stat_activity where state = 'idle in transaction'")).toBe(most);
        for (let n = 0; n < 4; n++) await store.write(async (tx) => tx.lockProject("acme"), { project: "acme" });
        expect(asked).toHaveLength(most === 0 ? 6 : most);
        gate.resolve();
        await Promise.all(claims);
        await store.close();
      }
    });

    it("to every project in its turn, however many claims another one waits for", async () => {
      const store = at.open({ maxConnections: 4 }); // one claim at a time
      const order: string[] = [];
      const gate = Promise.withResolvers<void>();
      const claim = async (project: string): Promise<void> =>
        store.claimDataKeys(claimOf({ project }), async () => {
          order.push(project);
          await gate.promise;
          return async () => {};
        });
      await store.ready();
      const claims = ["busy", "busy", "busy", "busy", "acme", "busy"].map(claim);
      while (order.length === 0) await store.ready();
      gate.resolve();
      await Promise.all(claims);
      expect(order).toEqual(["busy", "acme", "busy", "busy", "busy", "busy"]);
    });

    it("to a project while another one holds as many as it may", async () => {
      const store = at.open();
      const gate = Promise.withResolvers<void>();
      const held: string[] = [];
      const busy = Array.from({ length: 4 }, async () =>
        store.claimDataKeys(claimOf({ project: "busy" }), async () => {
          held.push("busy");
          await gate.promise;
          return async () => {};
        }),
      );
      while (held.length < 2) await store.ready();
      expect(await store.claimDataKeys(claimOf({ project: "acme" }), async () => async () => "done")).toBe("done");
      expect(held).toHaveLength(2);
      gate.resolve();
      await Promise.all(busy);
    });

    it("and lets go of them when the connection is lost, of which the next query says", async () => {
      const [first, second] = [at.open(), at.open()];
      const ids = await filled(first, 3);
      const gate = Promise.withResolvers<void>();
      const claimed = Promise.withResolvers<void>();
      const claim = first.claimDataKeys(claimOf(), async (records) => {
        claimed.resolve();
        await gate.promise;
        return async (tx) =>
          tx.replaceWraps(
            records[0]?.context["tenant"] ?? "",
            records.map((record) => moved(record)),
          );
      });
      await claimed.promise;
      const kill = "(select pg_terminate_backend(pid) from pg_stat_activity where state = 'idle in transaction') its";
      expect(await at.counted(kill)).toBe(1);
      const others = await second.claimDataKeys(claimOf(), async (records) => async () => records.map(hex));
      gate.resolve();
      await expect(claim).rejects.toMatchObject({ code: "store-unavailable" });
      expect(others).toEqual(ids);
      expect(await first.reads.countDataKeys("acme", sampleKey)).toBe(3);
    });

    it("and asks the clouds once, although PostgreSQL rolled back to end a deadlock", async () => {
      const [first, second] = [at.open(), at.open()];
      await filled(first, 1);
      let works = 0;
      const [one, two] = [Promise.withResolvers<void>(), Promise.withResolvers<void>()];
      const claim = first.claimDataKeys(claimOf(), async () => {
        works += 1;
        return async (tx) => {
          await tx.lockProject("a");
          one.resolve();
          await two.promise;
          await tx.lockProject("b");
        };
      });
      await one.promise;
      const untilOneWaits = async (): Promise<void> => {
        while ((await at.counted("pg_locks where locktype = 'advisory' and not granted")) === 0);
      };
      let runs = 0;
      const other = second.write(async (tx) => {
        runs += 1;
        await tx.lockProject("b");
        two.resolve();
        if (runs === 1) await untilOneWaits(); // who is rolled back, then, on a machine that is not too busy
        await tx.lockProject("a");
      });
      const refusal: unknown = await claim.catch((error: unknown) => error);
      await other;
      expect(works).toBe(1);
      const unavailable = { code: "store-unavailable" };
      expect(refusal ?? unavailable).toMatchObject(unavailable);
      expect(runs).toBe(refusal === undefined ? 2 : 1);
    });
  });
}
