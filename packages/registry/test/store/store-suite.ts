import { afterEach, beforeEach, describe, expect, it } from "vitest";

import type { RegistryStore, RegistryWrites } from "../../src/store.ts";
import { dataKeyCases } from "./data-key-cases.ts";
import { logCases } from "./log-cases.ts";
import { recordCases } from "./record-cases.ts";
import { rewrapCases } from "./rewrap-cases.ts";
import { rewrapRecordCases } from "./rewrap-record-cases.ts";
import { sampleProject } from "./sample-records.ts";
import type { MakePlace, StorePlace } from "./store-place.ts";
import { textCases } from "./text-cases.ts";
import { transactionCases } from "./transaction-cases.ts";

/** What every store keeps to, however it is used. */
export function storeSuite(name: string, makePlace: MakePlace): void {
  describe(`a store: ${name}`, () => {
    let place: StorePlace;
    let store: RegistryStore;

    beforeEach(async () => {
      place = await makePlace();
      store = place.open();
    });
    afterEach(async () => {
      await store.close();
      await place.remove();
    });

    const put = async (work: (tx: RegistryWrites) => Promise<unknown>): Promise<void> => {
      await store.write(async (tx) => void (await work(tx)));
    };
    const at = {
      put,
      get store(): RegistryStore {
        return store;
      },
    };
    recordCases(at);
    dataKeyCases(at);
    rewrapCases(at);
    rewrapRecordCases(at);
    logCases(at);
    transactionCases(at);
    textCases(at);

    it("is made for production unless told, is ready, and says so when it is closed", async () => {
      await store.ready();
      expect(await store.isDevelopment()).toBe(false);
      await store.close();
      await store.close();
      const closed = { code: "store-unavailable", message: "the store is closed" };
      await expect(store.ready()).rejects.toMatchObject(closed);
      await expect(store.reads.cmks("acme")).rejects.toMatchObject(closed);
      await expect(put(async (tx) => tx.lockProject("acme"))).rejects.toMatchObject(closed);
    });

    it("is marked when it is made for development", async () => {
      await place.remove();
      place = await makePlace({ fresh: true });
      store = place.open({ development: true });
      expect(await store.isDevelopment()).toBe(true);
    });

    it("closes after the transaction that runs, which is whole", async () => {
      await store.ready();
      const ended: string[] = [];
      const write = put(async (tx) => {
        for (let n = 0; n < 20; n++) await tx.putProject(sampleProject({ name: `p${n}` }));
      }).then(() => ended.push("written"));
      await store.close();
      ended.push("closed");
      await write;
      expect(ended).toEqual(["written", "closed"]);
    });
  });
}
