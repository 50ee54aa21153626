import { describe, expect, test } from "vitest";
import type { KmsAdapter } from "../src/driver.ts";
import { isKmsError } from "../src/kms-error.ts";
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
      expect(await world.code(reader.open(forged, acme))).toBe(i < 8 ? "decrypt-failed" : "throttled");
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

test("a refusal of one CMK leaves what is made under another, and a sealer of it", async () => {
  const world = new World();
  const old = await world.another({ cmk: () => keyB }).seal(bytes("old"), acme);
  world.scripted.refuse("key-disabled", keyB.resource);
  world.scripted.answer = (plaintext) => plaintext;
  const box = world.another({ accepted: () => [keyA, keyB] });
  const [, , sealer] = await Promise.all([
    world.code(box.open(old, acme)),
    world.settle(box.seal(bytes("new"), acme)),
    world.settle(box.sealer(acme)),
  ]);
  for (let i = 0; i < 10; i += 1) await world.settle(box.seal(bytes("new"), acme));
  expect(sealer.seal(bytes("by sealer"))).toBeInstanceOf(Uint8Array);
  expect(world.store.records).toHaveLength(2);
});

describe("arrays that the caller changes while it waits", () => {
  test("do not change what is sealed, or where it belongs", async () => {
    const world = new World();
    const path = ["customers", "email", ""];
    const sealing = ["1", "2", "3"].map(async (id) => {
      path[2] = id;
      const content = bytes(`content ${id}`);
      const sealed = world.box.seal(content, { ...acme, path });
      content.fill(0);
      return sealed;
    });
    for (const [i, sealed] of (await world.settle(Promise.all(sealing))).entries()) {
      const opened = await world.settle(world.box.open(sealed, { ...acme, path: ["customers", "email", String(i + 1)] }));
      expect(textOf(opened)).toBe(`content ${i + 1}`);
    }
  });

  test("do not spoil an open that others wait for", async () => {
    const world = new World();
    const sealed = await world.box.seal(bytes("a"), acme);
    const reader = world.another();
    const changing = sealed.slice();
    const both = [reader.open(changing, acme), reader.open(sealed, acme)];
    changing.fill(0);
    expect((await world.settle(Promise.all(both))).map(textOf)).toEqual(["a", "a"]);
  });
});

test("a store that never answers holds nothing back but its own callers", async () => {
  const world = new World();
  const sealed = await world.box.seal(bytes("a"), acme);
  world.store.onGet = async () => new Promise(() => {});
  expect(await world.code(world.another().open(sealed, { ...acme, timeoutMs: 50 }))).toBe("timeout");
});

test("a store that changes what it is given is noticed", async () => {
  const world = new World();
  world.store.onAdd = async (record, add) => {
    record.id.reverse();
    return add();
  };
  expect(await world.code(world.box.seal(bytes("a"), acme))).toBe("unavailable");
});

test("a key version that could not be unwrapped with is not recorded", async () => {
  const world = new World();
  const adapter = world.scripted.adapter();
  const kms = multiCloudKms({ adapters: [{ ...adapter, keyVersionGrammar: /^v\d+$/ }], clock: world.clock });
  expect(await world.code(world.another({ kms }).seal(bytes("a"), acme))).toBe("bad-answer");
});

test("a pin that was withdrawn ends the key that was made under it at its next confirmation", async () => {
  const world = new World();
  const { keyVersion, spkiSha256 } = await world.kms.open(keyRsa).publicKey();
  let pin = { keyVersion, spkiSha256 };
  const box = world.another({ cmk: () => ({ ...keyRsa, pin }) });
  await world.settle(box.seal(bytes("a"), acme));
  pin = { keyVersion, spkiSha256: new Uint8Array(32) };
  await world.clock.advance(ttlMs);
  expect(await world.code(box.seal(bytes("b"), acme))).toBe("bad-answer");
});

test("who joins an unwrap later than the TTL after it was sent gets no data key from it", async () => {
  const world = new World({ cache: { ttlMs: 1000 } });
  const sealed = await world.box.seal(bytes("a"), acme);
  const reader = world.another();
  world.scripted.script = async () => world.clock.sleep(3000).then(() => undefined);
  const first = world.code(reader.open(sealed, { ...acme, timeoutMs: 60_000 }));
  await world.clock.advance(2000);
  expect(await world.code(reader.open(sealed, { ...acme, timeoutMs: 60_000 }))).toBe("timeout");
  expect(await first).toBe("timeout");
});

test("the profile is one of two words, and a TTL of 0 has no sealers", async () => {
  const world = new World();
  const profile = "constructor" as "compact";
  await expect(world.box.seal(new Uint8Array(0), { ...acme, profile })).rejects.toThrow(TypeError);
  expect(await world.code(world.another({ cache: { ttlMs: 0 } }).sealer(acme))).toBe("unsupported");
});

test("an observer that is async and fails does not end the process", async () => {
  const world = new World();
  const adapters = [world.scripted.adapter()];
  const onEvent = async (): Promise<void> => Promise.reject(new Error("the log is full"));
  // eslint-disable-next-line typescript/no-misused-promises -- what the test is about
  const kms = multiCloudKms({ adapters, clock: world.clock, onEvent });
  expect(await world.code(world.another({ kms }).seal(bytes("a"), acme))).toBe("ok");
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

test("a caller without limits waits five seconds, also for a request that a patient one sent", async () => {
  const world = new World();
  const sealed = await world.box.seal(bytes("a"), acme);
  const reader = world.another();
  world.scripted.hang();
  const patient = world.code(reader.open(sealed, { ...acme, timeoutMs: 20_000 }));
  const since = world.clock.monotonicMs();
  expect(await world.code(reader.open(sealed, acme))).toBe("timeout");
  expect(world.clock.monotonicMs() - since).toBeLessThan(5500);
  expect(await patient).toBe("timeout");
});

test("a purge reaches a key that is being loaded under an alias of its CMK", async () => {
  const world = new World();
  const adapter = world.scripted.adapter();
  const alias = { provider: "local", resource: "alias:a" } as const;
  const aliased: KmsAdapter = {
    ...adapter,
    open: (resource) =>
      resource === alias.resource ? { ...adapter.open(keyA.resource), resource, resolved: false } : adapter.open(resource),
  };
  const kms = multiCloudKms({ adapters: [aliased], clock: world.clock });
  const sealed = await world.box.seal(bytes("a"), acme);
  const reader = world.another({ kms, cmk: () => alias });
  world.scripted.script = async () => world.clock.sleep(100).then(() => undefined);
  const opening = reader.open(sealed, acme);
  await world.clock.advance(50);
  reader.purge(alias);
  expect(textOf(await world.settle(opening))).toBe("a");
  const unwraps = world.scripted.count("unwrap");
  await world.settle(reader.open(sealed, acme));
  expect(world.scripted.count("unwrap")).toBe(unwraps + 1);
});

test("altered messages that come at once cost no more than eight requests either", async () => {
  const world = new World();
  const sealed = await world.box.seal(bytes("a"), { ...acme, profile: "portable" });
  const reader = world.another();
  const codes = Array.from({ length: 40 }, async (_, i) => {
    const forged = sealed.slice();
    forged[forged.length - 1 - i] = (forged[forged.length - 1 - i] ?? 0) ^ 1;
    return world.code(reader.open(forged, acme));
  });
  expect(new Set(await Promise.all(codes))).toEqual(new Set(["decrypt-failed", "throttled"]));
  expect(world.scripted.count("unwrap")).toBe(8);
});

test("a disabled key that three thousand opens meet at once costs memory for each, not for each pair", async () => {
  const world = new World();
  const writer = world.another({ dataKeyMessages: 1 });
  const sealed: Uint8Array[] = [];
  for (let i = 0; i < 3000; i += 1) sealed.push(await writer.seal(bytes("a"), acme));
  world.scripted.script = async () => world.clock.sleep(10).then(() => "key-disabled");
  const reader = world.another();
  const before = process.memoryUsage().heapUsed;
  const codes = await world.settle(
    Promise.all(sealed.map(async (message) => reader.open(message, acme).then(() => "ok", codeOf))),
  );
  expect(new Set(codes)).toEqual(new Set(["key-disabled"]));
  expect(process.memoryUsage().heapUsed - before).toBeLessThan(300e6);
});

function codeOf(error: unknown): string {
  return isKmsError(error) ? error.code : String(error);
}
