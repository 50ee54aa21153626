import { describe, expect, test } from "vitest";
import type { DataKeyRecord } from "../src/data-key-store.ts";
import { KmsError } from "../src/kms-error.ts";
import { bytes, minute, textOf, World } from "./envelope-world.ts";

const acme = { tenant: "acme" };

type OnAdd = (record: DataKeyRecord, add: () => Promise<DataKeyRecord>) => Promise<DataKeyRecord>;

/** Stores that do not keep what they are given. */
const badStores: readonly (readonly [string, OnAdd, string])[] = [
  ["fails before it writes", async () => Promise.reject(new Error("disk full at /secret/path")), "unavailable"],
  [
    "fails after it has written",
    async (_record, add) => {
      await add();
      throw new Error("connection lost");
    },
    "unavailable",
  ],
  ["says that the id exists", async () => Promise.reject(new KmsError("malformed")), "malformed"],
  ["refuses a CMK that is no longer current", async () => Promise.reject(new KmsError("key-retired")), "key-retired"],
  ["never answers", async () => new Promise(() => {}), "timeout"],
  ["answers nothing", async () => undefined as unknown as DataKeyRecord, "unavailable"],
  ["answers null", async () => null as unknown as DataKeyRecord, "unavailable"],
  ["answers an empty record", async () => ({}) as DataKeyRecord, "unavailable"],
  ["answers with another id", async (record) => ({ ...record, id: record.id.map((byte) => byte ^ 1) }), "unavailable"],
  [
    "answers with another wrap",
    async (record) => ({ ...record, recipients: [{ ...record.recipients[0], bytes: new Uint8Array(61) }] }),
    "unavailable",
  ],
  [
    "answers with another CMK",
    async (record) => ({ ...record, recipients: [{ ...record.recipients[0], cmk: { provider: "local", resource: "local:b" } }] }),
    "unavailable",
  ],
  [
    "answers with another key version",
    async (record) => ({ ...record, recipients: [{ ...record.recipients[0], keyVersion: null }] }),
    "unavailable",
  ],
  [
    "answers without the kind",
    async (record) => ({ ...record, recipients: [{ ...record.recipients[0], kind: "rsa" }] }),
    "unavailable",
  ],
  ["answers without the origin tag", async (record) => ({ ...record, origin: null }), "unavailable"],
  ["answers with another context", async (record) => ({ ...record, context: { tenant: "globex" } }), "unavailable"],
  ["answers with another purpose", async (record) => ({ ...record, purpose: "index" }), "unavailable"],
  [
    "answers with more recipients",
    async (record) => ({ ...record, recipients: [...record.recipients, record.recipients[0]] }),
    "unavailable",
  ],
];

describe("a data key is stored before it is used: a store that", () => {
  test.each(badStores)("%s lets nothing be sealed", async (_name, onAdd, code) => {
    const world = new World();
    world.store.onAdd = onAdd;
    for (const profile of ["compact", "portable"] as const) {
      expect(await world.code(world.box.seal(bytes("a"), { ...acme, profile }))).toBe(code);
    }
    expect(await world.code(world.box.sealer(acme))).toBe(code);
    world.store.onAdd = async (_record, add) => add();
    await world.clock.advance(minute);
    const sealed = await world.box.seal(bytes("a"), acme);
    expect(textOf(await world.another().open(sealed, acme))).toBe("a");
  });

  test("answers slowly is waited for: no ciphertext before its acknowledgement", async () => {
    const world = new World();
    let acknowledge = (): void => {};
    world.store.onAdd = async (_record, add) => {
      await new Promise<void>((resolve) => {
        acknowledge = resolve;
      });
      return add();
    };
    let sealed = 0;
    const seals = Array.from({ length: 10 }, async () => world.box.seal(bytes("a"), acme).then(() => (sealed += 1)));
    await world.clock.advance(1000);
    expect([sealed, world.store.records.length]).toEqual([0, 0]);
    acknowledge();
    await Promise.all(seals);
    expect([sealed, world.store.records.length]).toEqual([10, 1]);
  });

  test("keeps its own words to itself", async () => {
    const world = new World();
    world.store.onAdd = async () => Promise.reject(new Error("disk full at /secret/path"));
    const error = await world.box.seal(bytes("a"), acme).catch((caught: unknown) => caught);
    expect(String(error)).toContain("the data-key store failed");
    expect(`${String(error)}${JSON.stringify(error)}`).not.toContain("secret");
  });

  test("cannot be read refuses an open as unavailable, and one that says so as it says", async () => {
    const world = new World();
    const sealed = await world.box.seal(bytes("a"), acme);
    world.store.onGet = async () => Promise.reject(new Error("no connection"));
    expect(await world.code(world.another().open(sealed, acme))).toBe("unavailable");
    world.store.onGet = async () => Promise.reject(new KmsError("key-removed"));
    expect(await world.code(world.another().open(sealed, acme))).toBe("key-removed");
    world.store.onGet = async () => new Promise(() => {});
    expect(await world.code(world.another().open(sealed, acme))).toBe("timeout");
    expect(world.scripted.count("unwrap")).toBe(0);
  });
});

test("what is sealed opens from the store alone, whatever becomes of the process that sealed it", async () => {
  const world = new World({ dataKeyMessages: 3 });
  const messages = await Promise.all(Array.from({ length: 30 }, async () => world.box.seal(bytes("a"), acme)));
  world.box.purge();
  const reader = world.another();
  for (const sealed of messages) expect(textOf(await reader.open(sealed, acme))).toBe("a");
  expect(world.store.adds).toBe(10);
});
