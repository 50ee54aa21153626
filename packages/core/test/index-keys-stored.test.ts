import { describe, expect, test } from "vitest";
import type { Cmk } from "../src/cmk.ts";
import type { DataKeyRecord } from "../src/data-key-store.ts";
import { KmsError } from "../src/kms-error.ts";
import type { Kms } from "../src/kms.ts";
import { keyA, keyB, keyRsa } from "./envelope-world.ts";
import { acme, IndexWorld } from "./index-world.ts";

describe("a writer that may wrap and not unwrap", () => {
  test("stores no index key: pinned RSA", async () => {
    const { keyVersion, spkiSha256 } = await new IndexWorld().kms.open(keyRsa).publicKey();
    const world = new IndexWorld({ cmk: () => ({ ...keyRsa, pin: { keyVersion, spkiSha256 } }) });
    world.scripted.script = ({ operation }) => (operation === "unwrap" ? "access-denied" : undefined);
    expect(await world.indexCode(world.process())).toBe("access-denied");
    expect([world.store.adds, world.refused.length]).toEqual([0, 1]);
    world.scripted.obey();
    expect(await world.indexCode(world.process())).toBe("ok");
  });

  test("stores no index key: symmetric, and is told so for 5 s without a request", async () => {
    const world = new IndexWorld();
    const keys = world.process();
    world.scripted.script = ({ operation }) => (operation === "unwrap" ? "access-denied" : undefined);
    for (let i = 0; i < 20; i += 1) expect(await world.indexCode(keys)).toBe("access-denied");
    expect([world.store.adds, world.scripted.count("generateDataKey"), world.scripted.count("unwrap")]).toEqual([0, 1, 1]);
    await world.clock.advance(5000);
    world.scripted.obey();
    expect(await world.indexCode(keys)).toBe("ok");
  });

  test("stores no index key whose own wrap comes back as something else", async () => {
    const world = new IndexWorld();
    world.scripted.answer = (root, { operation }) => (operation === "unwrap" ? root.map((byte) => byte ^ 1) : root);
    expect(await world.indexCode(world.process())).toBe("decrypt-failed");
    expect(world.store.adds).toBe(0);
  });
});

type OnAdd = (record: DataKeyRecord, add: () => Promise<DataKeyRecord>) => Promise<DataKeyRecord>;

const badStores: readonly (readonly [name: string, onAdd: OnAdd, code: string])[] = [
  ["fails before it writes", async () => Promise.reject(new Error("disk full")), "unavailable"],
  ["says that the id exists", async () => Promise.reject(new KmsError("malformed")), "malformed"],
  ["refuses a CMK that is no longer current", async () => Promise.reject(new KmsError("key-retired")), "key-retired"],
  ["never answers", async () => new Promise(() => {}), "timeout"],
  ["says that it has kept it and has not", async (record) => record, "unavailable"],
  ["answers nothing", async () => undefined as unknown as DataKeyRecord, "unavailable"],
  ["answers null", async () => null as unknown as DataKeyRecord, "unavailable"],
  ["answers an empty record", async () => ({}) as DataKeyRecord, "unavailable"],
];

describe("an index key is stored before it is used: a store that", () => {
  test.each(badStores)("%s gives no index, and the next process is not disturbed", async (_name, onAdd, code) => {
    const world = new IndexWorld();
    world.store.onAdd = onAdd;
    expect(await world.indexCode(world.process())).toBe(code);
    expect(world.store.records).toEqual([]);
    world.store.onAdd = async (_record, add) => add();
    const index = await world.index(world.process());
    expect(await world.index(world.process())).toBe(index);
  });

  test("refuses a CMK that was retired meanwhile is given one under the CMK that is current then", async () => {
    let current: Cmk = keyA;
    const world = new IndexWorld({ cmk: () => current, accepted: () => [keyA, keyB] });
    world.store.onAdd = async (record, add) => {
      if (record.recipients[0].cmk.resource === keyB.resource) return add();
      current = keyB;
      throw new KmsError("key-retired");
    };
    const index = await world.index(world.process());
    expect(world.store.records.map(({ purpose, recipients: [{ cmk }] }) => [purpose, cmk])).toEqual([["index", keyB]]);
    expect(await world.index(world.process())).toBe(index);
  });

  const changes: readonly (readonly [string, (record: DataKeyRecord) => unknown])[] = [
    ["without its other CMK", (record) => ({ ...record, recipients: [record.recipients[0]] })],
    ["under another service", (record) => ({ ...record, service: "other" })],
    ["with another date", (record) => ({ ...record, createdAt: new Date(0) })],
    ["without its tag", (record) => ({ ...record, origin: null })],
    ["as no record", () => ({})],
    ["as null", () => null],
  ];
  test.each(changes)("gives it back %s gives no index", async (_name, change) => {
    const world = new IndexWorld({ cmk: () => [keyA, keyB] });
    const changed = (record: DataKeyRecord): DataKeyRecord => change(record) as DataKeyRecord;
    world.store.onAdd = async (_record, add) => changed(await add());
    expect(await world.indexCode(world.process())).toBe("unavailable");
    const other = new IndexWorld({ cmk: () => [keyA, keyB] });
    other.store.onIndexKey = async (record) => record && changed(record);
    expect(await other.indexCode(other.process())).toBe("unavailable");
    const both = new IndexWorld({ cmk: () => [keyA, keyB] });
    both.store.onAdd = async (_record, add) => changed(await add());
    both.store.onIndexKey = async (record) => record && changed(record);
    expect(await both.indexCode(both.process())).toBe("unavailable");
  });

  test("changes the record in place gives no index", async () => {
    const world = new IndexWorld();
    world.store.onAdd = async (record, add) => {
      (record as { service: string }).service = "other";
      return add();
    };
    expect(await world.indexCode(world.process())).toBe("unavailable");
  });

  test("lets every writer win gives no two of them different indexes", async () => {
    const world = new IndexWorld();
    const { store } = world;
    const first = await world.index(world.process());
    const before = store.records[0];
    store.onIndexKey = async (record) => (store.indexKeys === 3 ? undefined : record); // it comes late to the second process
    store.onAdd = async (record) => record;
    expect(await world.indexCode(world.process())).toBe("unavailable");
    expect(await world.index(world.process())).toBe(first);
    expect(store.records).toEqual([before]);
  });

  test("cannot be read is unavailable, and keeps its words to itself", async () => {
    const world = new IndexWorld();
    world.store.onIndexKey = async () => Promise.reject(new Error("no connection to /secret/path"));
    const error = await world
      .process()
      .load(acme, {})
      .catch((caught: unknown) => caught);
    expect(error).toMatchObject({ code: "unavailable" });
    expect(`${String(error)}${JSON.stringify(error)}`).not.toContain("secret");
    world.store.onIndexKey = async () => new Promise(() => {});
    expect(await world.indexCode(world.process())).toBe("timeout");
    expect(world.scripted.count()).toBe(0);
  });
});

describe("a process that is killed while it makes an index key", () => {
  test("after the KMS generated it leaves nothing that disturbs the next", async () => {
    const world = new IndexWorld();
    world.store.onAdd = async () => new Promise(() => {});
    void world
      .process()
      .load(acme, {})
      .catch(() => {});
    await world.clock.advance(10);
    expect([world.scripted.count("generateDataKey"), world.store.adds, world.store.records.length]).toEqual([1, 1, 0]);
    world.store.onAdd = async (_record, add) => add();
    const index = await world.index(world.process());
    expect(await world.index(world.process())).toBe(index);
    expect(world.store.records.length).toBe(1);
  });

  test("after the store kept it leaves it to the next", async () => {
    const world = new IndexWorld();
    world.store.onAdd = async (_record, add) => {
      await add();
      throw new Error("killed");
    };
    expect(await world.indexCode(world.process())).toBe("unavailable");
    const index = await world.index(world.process());
    expect(await world.index(world.process())).toBe(index);
    expect(world.scripted.count("generateDataKey")).toBe(1);
  });
});

test("roots are wiped once the keys are derived from them", async () => {
  const world = new IndexWorld({ cmk: () => [keyA, keyB] });
  const roots: Uint8Array[] = [];
  const kms = watchingRoots(world.kms, roots);
  await world.index(world.process({ kms }));
  await world.index(world.process({ kms }));
  expect(roots.map((root) => root.some((byte) => byte !== 0))).toEqual([false, false, false]);
  world.scripted.refuse("unavailable", keyB.resource);
  const others = new IndexWorld().store;
  expect(await world.indexCode(world.process({ kms, dataKeys: others }))).toBe("unavailable");
  expect(roots.map((root) => root.some((byte) => byte !== 0))).toEqual([false, false, false, false]);
});

/** A `Kms` that keeps every root it hands out in view. */
function watchingRoots(kms: Kms, roots: Uint8Array[]): Kms {
  const open: Kms["open"] = (...which) => {
    const key = kms.open(...which);
    return {
      cmk: key.cmk,
      keyResource: key.keyResource,
      resolved: key.resolved,
      pin: key.pin,
      describe: async (options) => key.describe(options),
      resolve: async (options) => key.resolve(options),
      confirm: async (options) => key.confirm(options),
      publicKey: async (options) => key.publicKey(options),
      wrapKey: async (...given) => key.wrapKey(...given),
      generateDataKey: async (...given) => {
        const made = await key.generateDataKey(...given);
        roots.push(made.key);
        return made;
      },
      unwrapKey: async (...given) => {
        const root = await key.unwrapKey(...given);
        roots.push(root);
        return root;
      },
    };
  };
  return { ...kms, open };
}
