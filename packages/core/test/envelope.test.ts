import { describe, expect, test } from "vitest";
import { bytes, keyA, minute, recordKey, textOf, ttlMs, World } from "./envelope-world.ts";

const acme = { tenant: "acme", path: ["customers", "email", "42"] };

describe("KMS calls", () => {
  test("a cold seal makes one data key and stores it once; warm ones ask nobody", async () => {
    const { box, scripted, store } = new World();
    await box.seal(bytes("a"), acme);
    expect([scripted.count(), scripted.count("generateDataKey"), store.adds, store.gets]).toEqual([1, 1, 1, 0]);
    const { length } = scripted.calls;
    for (let i = 0; i < 100; i += 1) await box.seal(bytes(`${i}`), { ...acme, profile: i % 2 === 0 ? "compact" : "portable" });
    expect([scripted.calls.length, store.adds, store.gets]).toEqual([length, 1, 0]);
  });

  test("a cold open unwraps once; warm ones ask nobody", async () => {
    const world = new World();
    const sealed = await world.box.seal(bytes("a"), acme);
    const reader = world.another();
    expect(textOf(await reader.open(sealed, acme))).toBe("a");
    expect([world.scripted.count("unwrap"), world.store.gets]).toEqual([1, 1]);
    const { length } = world.scripted.calls;
    for (let i = 0; i < 100; i += 1) await reader.open(sealed, acme);
    expect([world.scripted.calls.length, world.store.gets]).toEqual([length, 1]);
  });

  test("10,000 concurrent cold opens are one KMS call and one look into the store", async () => {
    const world = new World();
    const sealed = await world.box.seal(bytes("a"), acme);
    const reader = world.another();
    const opened = await Promise.all(Array.from({ length: 10_000 }, async () => reader.open(sealed, acme)));
    expect(new Set(opened.map(textOf))).toEqual(new Set(["a"]));
    expect([world.scripted.count("unwrap"), world.store.gets]).toEqual([1, 1]);
  });

  test("10,000 concurrent cold seals are one data key", async () => {
    const { box, scripted, store } = new World();
    await Promise.all(Array.from({ length: 10_000 }, async () => box.seal(bytes("a"), acme)));
    expect([scripted.count(), store.adds]).toEqual([1, 1]);
  });

  test("tenants and contexts have data keys of their own", async () => {
    const { box, store } = new World();
    await box.seal(bytes("a"), acme);
    await box.seal(bytes("a"), { ...acme, context: { region: "eu" } });
    await box.seal(bytes("a"), { ...acme, tenant: "globex" });
    expect(new Set(store.records.map(({ id }) => Buffer.from(id).toString("hex"))).size).toBe(3);
  });

  test("one caller's abort ends only its own wait", async () => {
    const world = new World();
    const sealed = await world.box.seal(bytes("a"), acme);
    const reader = world.another();
    const controller = new AbortController();
    const first = reader.open(sealed, { ...acme, signal: controller.signal });
    const second = reader.open(sealed, acme);
    controller.abort();
    expect(await world.code(first)).toBe("aborted");
    expect(await world.code(second)).toBe("ok");
    expect(world.scripted.count("unwrap")).toBe(1);
    expect(await world.code(reader.open(sealed, { ...acme, signal: controller.signal }))).toBe("aborted");
  });

  test("a KMS that hangs ends in timeout, and leaves no timer behind", async () => {
    const world = new World();
    const sealed = await world.box.seal(bytes("a"), acme);
    const { waiting } = world.clock;
    world.scripted.hang();
    const reader = world.another();
    expect(await world.code(reader.open(sealed, { ...acme, timeoutMs: 200 }))).toBe("timeout");
    expect(await world.code(world.another().seal(bytes("a"), acme))).toBe("timeout");
    expect(world.clock.waiting).toBe(waiting);
  });
});

describe("options", () => {
  const given = { kms: new World().kms, cmk: () => keyA, service: "test" };
  const world = new World();
  test.each([
    ["a service that is no label", { service: "Not A Label" }, TypeError],
    ["a record key of 31 bytes", { recordKey: new Uint8Array(31) }, TypeError],
    ["a TTL above 30 minutes", { cache: { ttlMs: ttlMs + 1 } }, RangeError],
    ["a negative TTL", { cache: { ttlMs: -1 } }, RangeError],
    ["a TTL that is no number", { cache: { ttlMs: Number.NaN } }, RangeError],
    ["no entries", { cache: { maxEntries: 0 } }, RangeError],
    ["a lifetime above 24 hours", { dataKeyLifetimeMs: 24 * 60 * minute + 1 }, RangeError],
    ["no messages", { dataKeyMessages: 0 }, RangeError],
    ["more messages than one AES-GCM key may seal", { dataKeyMessages: 2 ** 32 + 1 }, RangeError],
    ["half a message", { dataKeyMessages: 1.5 }, RangeError],
  ])("%s is refused when the envelope is made", (_name, options, error) => {
    expect(() => world.another({ ...given, ...options })).toThrow(error);
  });

  test.each([
    ["a plaintext that is text", "text" as unknown as Uint8Array, acme, TypeError],
    ["a plaintext above 64 MiB", new Uint8Array(64 * 1024 * 1024 + 1), acme, RangeError],
    ["no tenant", bytes("a"), {} as { tenant: string }, TypeError],
    ["a tenant that stands twice", bytes("a"), { tenant: "acme", context: { tenant: "globex" } }, TypeError],
    ["a path that is text", bytes("a"), { tenant: "acme", path: "a" as unknown as string[] }, TypeError],
    ["a path of 17 items", bytes("a"), { tenant: "acme", path: Array.from({ length: 17 }, () => "") }, RangeError],
    ["a path of 2,049 bytes", bytes("a"), { tenant: "acme", path: ["p".repeat(2046)] }, RangeError],
    ["a path with half a surrogate pair", bytes("a"), { tenant: "acme", path: ["\ud800"] }, TypeError],
    ["a path with a number", bytes("a"), { tenant: "acme", path: [42 as unknown as string] }, TypeError],
  ])("%s is refused before any call", async (_name, plaintext, how, error) => {
    const fresh = new World();
    await expect(fresh.box.seal(plaintext, how)).rejects.toThrow(error);
    expect(fresh.scripted.calls).toEqual([]);
  });

  test("64 MiB can be sealed and opened", async () => {
    const { box } = new World();
    const plaintext = new Uint8Array(64 * 1024 * 1024);
    const sealed = await box.seal(plaintext, acme);
    expect(sealed.length).toBe(plaintext.length + 77);
    expect(Buffer.compare(await box.open(sealed, acme), plaintext)).toBe(0);
  });

  test("compact messages need a store; without one messages are portable", async () => {
    const box = new World().another({ dataKeys: undefined as never, recordKey });
    const sealed = await box.seal(bytes("a"), acme);
    expect(sealed[0]).toBe(0x84);
    await expect(box.seal(bytes("a"), { ...acme, profile: "compact" })).rejects.toMatchObject({ code: "unsupported" });
    expect(textOf(await box.open(sealed, acme))).toBe("a");
  });

  test("a CMK that no adapter serves, or outside its grammar, is refused as it is", async () => {
    const elsewhere = new World({ cmk: () => ({ provider: "aws", resource: "x" }) });
    expect(await elsewhere.code(elsewhere.box.seal(bytes("a"), acme))).toBe("adapter-missing");
    const wrong = new World({ cmk: () => ({ provider: "local", resource: "nowhere" }) });
    expect(await wrong.code(wrong.box.seal(bytes("a"), acme))).toBe("invalid-resource");
    await expect(new World({ cmk: () => [] }).box.seal(bytes("a"), acme)).rejects.toThrow(TypeError);
  });
});
