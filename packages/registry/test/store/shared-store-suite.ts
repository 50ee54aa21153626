import { spawn, type ChildProcess, type ChildProcessByStdio } from "node:child_process";
import { once } from "node:events";
import type { Readable } from "node:stream";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { text } from "node:stream/consumers";
import { afterEach, beforeEach, describe, expect, it } from "vitest";

import type { RegistryStore } from "../../src/store.ts";
import { sampleDataKey, sampleKey, sampleProject } from "./sample-records.ts";
import { badRecordCases } from "./bad-record-cases.ts";
import type { MakePlace, StorePlace } from "./store-place.ts";
import { countUp } from "./transaction-cases.ts";

/** Processes of Node start slowly where others start too. */
const manyProcessesMs = 120_000;

/** What a store keeps to that others use too: other instances, other processes, and people with a database tool. */
export function sharedStoreSuite(name: string, makePlace: MakePlace, processes: number): void {
  describe(`a shared store: ${name}`, () => {
    let place: StorePlace;
    let opened: RegistryStore[];
    const open = (development = false): RegistryStore => {
      const store = place.open({ development });
      opened.push(store);
      return store;
    };

    beforeEach(async () => {
      opened = [];
      place = await makePlace({ fresh: true });
    });
    afterEach(async () => {
      await Promise.all(opened.map(async (store) => store.close()));
      await place.remove();
    });

    it("is made once, however many open it at the same moment, and keeps its mark", async () => {
      const stores = Array.from({ length: 10 }, () => open(true));
      await Promise.all(stores.map(async (store) => store.ready()));
      expect(await open(false).isDevelopment()).toBe(true);
    });

    it("loses none of 100 concurrent changes under a project's lock, in five instances", async () => {
      const stores = Array.from({ length: 5 }, () => open());
      await Promise.all(stores.map(async (store) => countUp(store, 20)));
      expect((await open().reads.project("acme"))?.record.externalId).toBe("100");
    });

    it("gives one index key to all who add one at once", async () => {
      const stores = Array.from({ length: 5 }, () => open());
      const add = async (store: RegistryStore): Promise<unknown> =>
        store.write(async (tx) => {
          await tx.shareProject("acme");
          return tx.addDataKey(sampleDataKey({ purpose: "index" }));
        });
      const standing = await Promise.all([...stores, ...stores].map(add));
      expect(standing).toEqual(standing.map(() => standing[0]));
      expect(await open().reads.countDataKeys("acme", sampleKey)).toBe(1);
    });

    it("shows readers nothing of a transaction before its end, and all of it after", async () => {
      const [writer, reader] = [open(), open()];
      await reader.ready();
      const row = sampleProject();
      await writer.write(async (tx) => {
        await tx.putProject(row);
        for (const { reads } of [writer, reader]) expect(await reads.project("acme")).toBeUndefined();
        expect(await tx.project("acme")).toEqual(row);
      });
      for (const { reads } of [writer, reader]) expect(await reads.project("acme")).toEqual(row);
    });

    it("makes a project's next writer wait until the last one is done", async () => {
      const [first, second] = [open(), open()];
      await Promise.all([first.ready(), second.ready()]);
      const order: string[] = [];
      const gate = Promise.withResolvers<void>();
      const holding = Promise.withResolvers<void>();
      const holder = first.write(async (tx) => {
        await tx.shareProject("acme");
        holding.resolve();
        await gate.promise;
        order.push("first");
      });
      await holding.promise;
      const waiter = second.write(async (tx) => {
        await tx.lockProject("acme");
        order.push("second");
      });
      for (let n = 0; n < 20; n++) await second.reads.cmks("acme"); // time enough to go ahead, were there no lock
      gate.resolve();
      await Promise.all([holder, waiter]);
      expect(order).toEqual(["first", "second"]);
    });

    it(
      "keeps nothing of a process that died inside a transaction, and does not wait for it",
      { timeout: manyProcessesMs },
      async () => {
        const { child } = startWorker(place, []);
        const [line] = await once(child.stdout, "data");
        expect(String(line)).toBe("inside\n");
        child.kill("SIGKILL");
        await once(child, "exit");
        const store = open();
        await store.write(async (tx) => tx.lockProject("acme"));
        expect(await store.reads.project("acme")).toBeUndefined();
        expect(await store.reads.cmks("acme")).toEqual([]);
      },
    );

    it(`loses nothing and doubles nothing when ${processes} processes use it at once`, { timeout: manyProcessesMs }, async () => {
      const rounds = 5;
      const children = Array.from({ length: processes }, () => startWorker(place, ["--rounds", String(rounds)]));
      const printed = await Promise.all(children.map(async ({ child, output }) => (await exited(child), output)));
      const added = printed.flatMap((line) => JSON.parse(line) as string[]);
      const { reads } = open();
      const found = (await reads.dataKeys("acme", { limit: 1000 })).map(({ id }) => Buffer.from(id).toString("hex"));
      expect(found).toEqual(added.toSorted());
      expect(await reads.countDataKeys("acme", sampleKey)).toBe(processes * rounds);
      const cmks = (await reads.cmks("acme")).map(({ record }) => record);
      expect(cmks.filter(({ isDefault }) => isDefault)).toEqual(cmks.slice(-1));
      const log = (await reads.audit({ limit: 1000 })).map(({ record }) => record);
      expect(log.map(({ seq }) => seq)).toEqual(Array.from({ length: processes * rounds }, (_, index) => index + 1));
      // One lock was held over both: the entries stand in the order of what they tell.
      expect(log.map(({ subject }) => subject)).toEqual(cmks.map(({ id }) => id));
    });

    it("refuses a store that a newer version has changed, and says what to do", async () => {
      await open().ready();
      await place.byHand("insert into cmkit_migration (name, timestamp) values ('9999-later', '2031-01-01T00:00:00.000Z')");
      const store = open();
      const refusal = { code: "store-unavailable", message: expect.stringContaining("newer version of cmkit") as string };
      await expect(store.ready()).rejects.toMatchObject(refusal);
      await expect(store.reads.cmks("acme")).rejects.toMatchObject(refusal);
      await expect(store.write(async (tx) => tx.putProject(sampleProject()))).rejects.toMatchObject(refusal);
    });

    badRecordCases({
      open,
      get place(): StorePlace {
        return place;
      },
    });
  });
}

function startWorker(
  place: StorePlace,
  args: readonly string[],
): { child: ChildProcessByStdio<null, Readable, null>; output: Promise<string> } {
  const program = `${import.meta.dirname}/store-worker.ts`;
  const options = ["--conditions=@cmkit/source", program, "--location", place.location, ...args];
  // Half of such a process is reading our sources, which the first one can do for all.
  const env = { ...process.env, NODE_COMPILE_CACHE: join(tmpdir(), "node-compile-cache") };
  const child = spawn(process.execPath, options, { stdio: ["ignore", "pipe", "inherit"], env });
  return { child, output: args.length === 0 ? Promise.resolve("") : text(child.stdout) };
}

async function exited(child: ChildProcess): Promise<void> {
  if (child.exitCode === null && child.signalCode === null) await once(child, "exit");
  expect(child.exitCode).toBe(0);
}
