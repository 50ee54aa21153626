import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { describe, expect, onTestFinished, test } from "vitest";
import { bindContext } from "../src/context.ts";
import { memoryDataKeyStore, type DataKeyRecord, type DataKeyStore } from "../src/data-key-store.ts";
import { envelopeSettings } from "../src/envelope-options.ts";
import { fileDataKeyStore } from "../src/file-data-key-store.ts";
import { IndexKeys } from "../src/index-keys.ts";
import { keyA, keyB, keyC, keyRsa, minute } from "./envelope-world.ts";
import { acme, IndexWorld } from "./index-world.ts";

/** A store of each process, over what they share. */
const stores: readonly (readonly [name: string, make: () => () => DataKeyStore])[] = [
  [
    "memory",
    () => {
      const store = memoryDataKeyStore();
      return () => store;
    },
  ],
  [
    "file",
    () => {
      const folder = mkdtempSync(join(tmpdir(), "cmkit-index-"));
      onTestFinished(() => rmSync(folder, { recursive: true }));
      return () => fileDataKeyStore(join(folder, "data-keys.jsonl"));
    },
  ],
];

/** Holds each process's `add` back until it is let go. */
function gated(store: DataKeyStore): { store: DataKeyStore; open: () => void; reached: Promise<void> } {
  const gate = Promise.withResolvers<void>();
  const reached = Promise.withResolvers<void>();
  const add: DataKeyStore["add"] = async (record) => {
    reached.resolve();
    await gate.promise;
    return store.add(record);
  };
  return { store: { ...store, add }, open: () => gate.resolve(), reached: reached.promise };
}

describe.each(stores)("the index key in a %s store", (_name, make) => {
  test("is made once: every process, then and later, gives a value the same index", async () => {
    const open = make();
    const world = new IndexWorld();
    const first = await world.index(world.process({ dataKeys: open() }));
    const others = [world.process({ dataKeys: open() }), world.process({ dataKeys: open() })];
    for (const other of others) expect(await world.index(other)).toBe(first);
    expect(world.scripted.count("generateDataKey")).toBe(1);
  });

  test.each([
    ["first", [0, 1]],
    ["second", [1, 0]],
  ] as const)("is that of the process that stored it first when two make one: the %s", async (_which, order) => {
    const open = make();
    const world = new IndexWorld();
    const gates = [gated(open()), gated(open())] as const;
    const processes = gates.map(({ store }) => world.process({ dataKeys: store }));
    const loads = processes.map(async (keys) => world.index(keys));
    await Promise.all(gates.map(async ({ reached }) => reached));
    for (const i of order) {
      gates[i].open();
      await loads[i];
    }
    const indexes = new Set(await Promise.all(loads));
    expect(indexes).toEqual(new Set([await world.index(world.process({ dataKeys: open() }))]));
    expect(world.scripted.count("generateDataKey")).toBe(2);
  });

  test("is another for another tenant, and for another context of the same tenant", async () => {
    const world = new IndexWorld({ dataKeys: make()() });
    const contexts = [{ tenant: "acme" }, { tenant: "globex" }, { tenant: "acme", region: "eu" }].map(bindContext);
    const indexes: string[] = [];
    for (const context of contexts) indexes.push(await world.index(world.process(), context));
    expect(new Set(indexes).size).toBe(3);
  });
});

describe("the index key", () => {
  test("is recorded like any data key: under every CMK, of purpose index, tagged, and openable under each", async () => {
    const world = new IndexWorld({ cmk: () => [keyA, keyRsa, { ...keyC, escrow: "vault" }], service: "crm" });
    const index = await world.index(world.process());
    const [record] = world.store.records as [DataKeyRecord];
    expect(world.store.records.length).toBe(1);
    expect(record).toMatchObject({ context: { tenant: "acme" }, service: "crm", purpose: "index" });
    expect(record.origin?.length).toBe(32);
    expect(record.recipients.map(({ cmk }) => cmk)).toEqual([keyA, keyRsa, keyC]);
    for (const cmk of [keyA, keyRsa]) {
      expect(await world.index(world.process({ accepted: () => [cmk] }))).toBe(index);
    }
    expect(await world.indexCode(world.process({ accepted: () => [{ ...keyC, escrow: "vault" }] }))).toBe("key-removed");
  });

  test("has no age limit and no count: it is the same after a year", async () => {
    const world = new IndexWorld({ dataKeyLifetimeMs: minute, dataKeyMessages: 1 });
    const keys = world.process();
    const index = await world.index(keys);
    world.clock.jumpWall(365 * 24 * 60 * minute);
    world.clock.jumpMonotonic(365 * 24 * 60 * minute);
    for (let i = 0; i < 3; i += 1) expect(await world.index(keys)).toBe(index);
    expect(world.store.adds).toBe(1);
  });

  test("needs a data-key store", async () => {
    const world = new IndexWorld();
    const { kms } = world;
    const keys = world.process({ kms, dataKeys: undefined as unknown as DataKeyStore });
    await expect(keys.load(acme, {})).rejects.toThrow("a blind index needs a data-key store");
    expect(world.scripted.calls.length).toBe(0);
  });

  test("is made for RSA CMKs only with a record key, before anything is stored", async () => {
    const world = new IndexWorld({ cmk: () => [keyA, keyRsa], accepted: () => [keyA] });
    const { kms, store } = world;
    const given = { kms, cmk: () => [keyA, keyRsa], accepted: () => [keyA], dataKeys: store, service: "test" };
    const without = (origin: { origin?: "none" }): IndexKeys =>
      new IndexKeys(
        envelopeSettings({ ...given, ...origin }),
        () => {},
        () => {},
      );
    expect(await world.indexCode(without({}))).toBe("unsupported");
    expect(store.adds).toBe(0);
    expect(await world.indexCode(without({ origin: "none" }))).toBe("ok");
    expect(store.records[0]?.origin).toBeNull();
  });

  test("is made under an RSA CMK only once the KMS has said again that it is enabled, unless that was given up", async () => {
    const world = new IndexWorld({ cmk: () => keyRsa });
    const describes = async (keys: IndexKeys, tenant: string): Promise<number> => {
      const before = world.scripted.count("describe");
      await world.index(keys, bindContext({ tenant }));
      return world.scripted.count("describe") - before;
    };
    await world.index(world.process());
    expect(await describes(world.process(), "globex")).toBe(1);
    expect(await describes(world.process({ confirm: "never" }), "initech")).toBe(0);
  });

  test("is not made where the CMKs that wrap are none that are accepted", async () => {
    const world = new IndexWorld({ cmk: () => keyB, accepted: () => [keyA] });
    expect(await world.indexCode(world.process())).toBe("key-removed");
    expect(world.store.adds).toBe(0);
  });

  test("is opened under the accepted CMKs once another one wraps new keys", async () => {
    const world = new IndexWorld();
    const index = await world.index(world.process());
    expect(await world.index(world.process({ cmk: () => keyB, accepted: () => [keyB, keyA] }))).toBe(index);
    expect(await world.indexCode(world.process({ cmk: () => keyB, accepted: () => [keyB] }))).toBe("key-removed");
    expect(world.store.adds).toBe(1);
  });

  test("is had from the next CMK only with failover, and only when the first does not answer", async () => {
    const world = new IndexWorld({ cmk: () => [keyA, keyB] });
    const index = await world.index(world.process());
    world.scripted.refuse("unavailable", keyA.resource);
    expect(await world.indexCode(world.process())).toBe("unavailable");
    expect(await world.settle(world.index(world.process({ failover: true })))).toBe(index);
    world.scripted.refuse("key-disabled", keyA.resource);
    expect(await world.indexCode(world.process({ failover: true }))).toBe("key-disabled");
  });
});
