import { describe, expect, test } from "vitest";
import { multiCloudKms } from "../src/kms.ts";
import { local } from "../src/local.ts";
import { bytes, keyA, keyB, keyRsa, minute, recordKey, textOf, ttlMs, World } from "./envelope-world.ts";

const acme = { tenant: "acme" };

describe("what could never be opened is refused when it is configured:", () => {
  test("only escrow CMKs", async () => {
    const world = new World();
    const box = world.another({ cmk: () => ({ ...keyA, escrow: "vault" }) });
    await expect(box.seal(bytes("a"), acme)).rejects.toThrow("not for escrow");
    expect(world.scripted.calls).toHaveLength(0);
  });

  test("a pin whose version is not one of the cloud", () => {
    const kms = multiCloudKms({ adapters: [local({ keys: {} })] });
    const pin = { keyVersion: "seven", spkiSha256: new Uint8Array(32) };
    expect(() => kms.open({ provider: "local", resource: "local:a" }, { pin })).toThrow(TypeError);
  });

  test("an adapter whose provider no message could name", () => {
    expect(() => multiCloudKms({ adapters: [{ ...local({ keys: {} }), provider: "My Cloud" }] })).toThrow(TypeError);
  });

  test("a pin on a symmetric key", async () => {
    const world = new World();
    const key = world.kms.open(keyA, { pin: { keyVersion: "1", spkiSha256: new Uint8Array(32) } });
    await expect(key.generateDataKey(acme)).rejects.toMatchObject({ code: "wrong-key-type" });
  });

  test("a store that gives back another origin tag", async () => {
    const world = new World();
    world.store.onAdd = async (_record, add) => ({ ...(await add()), origin: null });
    expect(await world.code(world.box.seal(bytes("a"), acme))).toBe("unavailable");
  });
});

describe("messages that a stranger altered", () => {
  test("cost at most eight requests in five seconds, however many wraps they carry", async () => {
    const world = new World();
    const sealed = await world.box.seal(bytes("a"), { ...acme, profile: "portable" });
    const reader = world.another();
    for (let i = 0; i < 30; i += 1) {
      const forged = sealed.slice();
      forged[forged.length - 1 - i] = (forged[forged.length - 1 - i] ?? 0) ^ 1; // the wrap stands last
      expect(await world.code(reader.open(forged, acme))).toBe("decrypt-failed");
    }
    expect(world.scripted.count("unwrap")).toBe(8);
    await world.clock.advance(5001);
    expect(textOf(await world.settle(reader.open(sealed, acme)))).toBe("a");
  });

  test("do not evict the key that a genuine one brought, nor keep it from being refreshed", async () => {
    const world = new World();
    const sealed = await world.box.seal(bytes("a"), { ...acme, profile: "portable" });
    const forged = sealed.slice();
    forged[forged.length - 1] = (forged.at(-1) ?? 0) ^ 1;
    const reader = world.another();
    await world.settle(reader.open(sealed, acme));
    await world.clock.advance(0.95 * ttlMs);
    await world.settle(reader.open(forged, acme)); // its content is genuine, and the key is warm
    await world.clock.advance(0.5 * ttlMs);
    expect(textOf(await reader.open(sealed, acme))).toBe("a");
    expect(world.scripted.count("unwrap")).toBe(2);
    expect(world.evictions()).toEqual([]);
  });
});

test("a caller with little time does not end the wait of one with more", async () => {
  const world = new World();
  const sealed = await world.box.seal(bytes("a"), acme);
  const reader = world.another();
  world.scripted.script = async () => world.clock.sleep(300).then(() => undefined);
  const hasty = world.code(reader.open(sealed, { ...acme, timeoutMs: 100 }));
  const patient = world.code(reader.open(sealed, { ...acme, timeoutMs: 10_000 }));
  expect(await hasty).toBe("timeout");
  expect(await patient).toBe("ok");
});

test("a CMK among the accepted that cannot be resolved does not matter while another matches", async () => {
  const world = new World();
  const sealed = await world.box.seal(bytes("a"), acme);
  world.scripted.refuse("key-not-found", keyB.resource);
  const reader = world.another({ accepted: () => [keyB, keyA] });
  expect(textOf(await world.settle(reader.open(sealed, acme)))).toBe("a");
});

test("an answer that took longer than the TTL confirms nothing", async () => {
  const world = new World({ cache: { ttlMs: 1000 } });
  world.scripted.script = async () => world.clock.sleep(1500).then(() => undefined);
  expect(await world.code(world.box.seal(bytes("a"), acme))).toBe("timeout");
});

test("a sealing key that nobody uses is forgotten soon after its lifetime", async () => {
  const world = new World({ dataKeyLifetimeMs: 60 * minute });
  await world.box.seal(bytes("a"), acme);
  await world.clock.advance(76 * minute);
  expect(world.evictions()).toEqual(["acme expired"]);
});

test("a writer with a pin that may not unwrap is confirmed by the key's state alone", async () => {
  const world = new World();
  const { keyVersion, spkiSha256 } = await world.kms.open(keyRsa).publicKey();
  world.scripted.script = ({ operation }) => (operation === "unwrap" ? "access-denied" : undefined);
  const box = world.another({ cmk: () => ({ ...keyRsa, pin: { keyVersion, spkiSha256 } }), recordKey });
  await world.settle(box.seal(bytes("a"), acme));
  await world.clock.advance(2 * ttlMs);
  await world.settle(box.seal(bytes("b"), acme));
  expect(world.store.records).toHaveLength(1);
  world.scripted.refuse("key-disabled");
  await world.clock.advance(2 * ttlMs);
  expect(await world.code(box.seal(bytes("c"), acme))).toBe("key-disabled");
});
