import { describe, expect, test } from "vitest";
import type { Cmk, WrappedKey } from "../src/cmk.ts";
import { bindContext } from "../src/context.ts";
import { deriveDataKey } from "../src/data-key.ts";
import type { DataKeyRecord } from "../src/data-key-store.ts";
import type { DriverDescription, KmsDriver } from "../src/driver.ts";
import { rewrapper, type RewrapperOptions } from "../src/rewrap.ts";
import { keyA, keyB, keyC, keyRsa, recordKey } from "./envelope-world.ts";
import { stubKms } from "./kms-stub.ts";
import { context, RewrapWorld } from "./rewrap-world.ts";
import { dataKeyRecord } from "./store-suite.ts";

const works = { field: "Ada", index: "same index" } as const;
const purposes = ["field", "index"] as const;

/** The code with which the rewrap of `record` is refused; time passes. */
async function refusal(world: RewrapWorld, record: DataKeyRecord, options: Partial<RewrapperOptions> = {}): Promise<string> {
  return world.code(rewrapper({ kms: world.kms, recordKey, from: keyA, to: keyB, ...options })(record));
}

async function wrapOf(world: RewrapWorld, cmk: Cmk, root: Uint8Array = new Uint8Array(32)): Promise<WrappedKey> {
  const wrapped = await world.kms.open(cmk).wrapKey(root, context);
  world.scripted.calls.length = 0;
  return wrapped;
}

describe.each(purposes)("a data key of purpose %s", (purpose) => {
  test.each([
    ["one AES key to another", keyA, keyB],
    ["an AES key to an RSA key", keyA, keyRsa],
    ["an RSA key to an AES key", keyRsa, keyB],
    ["a key to itself", keyA, keyA],
  ])("moves from %s, and nothing but its wrap is another", async (_what, from, to) => {
    const world = new RewrapWorld();
    const record = await world.made(purpose, [from]);
    const before = structuredClone(record);
    const rewrapped = await rewrapper({ kms: world.kms, recordKey, from, to })(record);
    expect(record).toEqual(before);
    expect(rewrapped).toEqual({ ...before, recipients: [{ ...rewrapped.recipients[0], cmk: to, keyVersion: "1" }] });
    expect(rewrapped.recipients[0].bytes).not.toEqual(before.recipients[0].bytes);
    expect(await world.used(rewrapped, to)).toBe(works[purpose]);
    expect(await world.used(rewrapped, from)).toBe(from === to ? works[purpose] : "key-removed");
  });

  test("is unwrapped, wrapped and unwrapped again, and a key is described once a minute", async () => {
    const world = new RewrapWorld();
    const record = await world.made(purpose, [keyA]);
    const rewrap = rewrapper({ kms: world.kms.withoutMemory(), recordKey, from: keyA, to: keyB });
    const once = ["unwrap local:a", "wrap local:b", "unwrap local:b"];
    await rewrap(record);
    expect(world.requests).toEqual(["unwrap local:a", "describe local:b", ...once.slice(1)]);
    for (let i = 0; i < 3; i += 1) await rewrap(record);
    expect(world.requests.slice(4)).toEqual([...once, ...once, ...once]);
  });

  test.each<[string, (record: DataKeyRecord) => unknown]>([
    ["has no origin tag", (record) => ({ ...record, origin: null })],
    ["has another origin tag", ({ origin, ...record }) => ({ ...record, origin: origin?.map((byte) => byte ^ 1) })],
    ["has another id", ({ id, ...record }) => ({ ...record, id: id.map((byte) => byte ^ 1) })],
    ["has another purpose", (record) => ({ ...record, purpose: record.purpose === "field" ? "index" : "field" })],
    ["was moved to another tenant", (record) => ({ ...record, context: { ...context, tenant: "globex" } })],
    ["has another context", (record) => ({ ...record, context: { ...context, region: "us" } })],
    ["has an id of another length", (record) => ({ ...record, id: record.id.subarray(1) })],
    ["has an unknown purpose", (record) => ({ ...record, purpose: "stream" })],
    ["has no recipient", (record) => ({ ...record, recipients: [] })],
    ["has nine recipients", (record) => ({ ...record, recipients: Array.from({ length: 9 }, () => record.recipients[0]) })],
    ["has a context that is none", (record) => ({ ...record, context: { ...context, awsKey: "a" } })],
  ])("that %s is refused before any request", async (_what, change) => {
    const world = new RewrapWorld();
    const record = change(await world.made(purpose, [keyA])) as DataKeyRecord;
    expect(await refusal(world, record)).toBe("decrypt-failed");
    expect(world.requests).toEqual([]);
  });

  test("whose wrap holds another root is not wrapped again", async () => {
    const world = new RewrapWorld();
    const record = await world.made(purpose, [keyRsa]);
    const planted = { ...record, recipients: [await wrapOf(world, keyRsa)] as const };
    expect(await refusal(world, planted, { from: keyRsa })).toBe("decrypt-failed");
    expect(world.requests).toEqual(["unwrap local:rsa"]);
  });
});

describe("a rewrap is refused", () => {
  test("for a data key that has no wrap under the source, before any request", async () => {
    const world = new RewrapWorld();
    const record = await world.made("field", [keyA, keyC]);
    expect(await refusal(world, record, { from: keyB, to: keyA })).toBe("key-removed");
    expect(world.requests).toEqual([]);
  });

  test.each([
    ["the source refuses", "access-denied", keyA],
    ["the target refuses", "key-disabled", keyB],
  ] as const)("with the KMS's word where %s", async (_what, code, cmk) => {
    const world = new RewrapWorld();
    const record = await world.made("field", [keyA]);
    world.scripted.refuse(code, cmk.resource);
    expect(await refusal(world, record)).toBe(code);
  });

  test("where the target does not give back what it wrapped", async () => {
    const world = new RewrapWorld();
    const record = await world.made("field", [keyA]);
    world.scripted.answer = (plain, { resource }) => (resource === keyB.resource ? plain.map((byte) => byte ^ 1) : plain);
    expect(await refusal(world, record)).toBe("bad-answer");
  });

  test("where the target may wrap but not unwrap", async () => {
    const world = new RewrapWorld();
    const record = await world.made("field", [keyA]);
    world.scripted.script = ({ operation, resource }) =>
      operation === "unwrap" && resource === keyB.resource ? "access-denied" : undefined;
    expect(await refusal(world, record)).toBe("access-denied");
  });

  test("for a target with another public key than the pinned one", async () => {
    const world = new RewrapWorld();
    const record = await world.made("field", [keyA]);
    const pin = { keyVersion: "1", spkiSha256: new Uint8Array(32) };
    expect(await refusal(world, record, { to: { ...keyRsa, pin } })).toBe("bad-answer");
  });

  test("at the deadline, which all its requests share, and when its caller aborts", async () => {
    const world = new RewrapWorld();
    const record = await world.made("field", [keyA]);
    world.scripted.script = async ({ resource, signal }) => {
      await world.clock.sleep(resource === keyA.resource ? 400 : 60_000, signal);
      return undefined;
    };
    const rewrap = rewrapper({ kms: world.kms, recordKey, from: keyA, to: keyB });
    const started = world.clock.monotonicMs();
    expect(await world.code(rewrap(record, { timeoutMs: 700 }))).toBe("timeout");
    expect(world.clock.monotonicMs() - started).toBe(700);
    expect(await world.code(rewrap(record, { signal: AbortSignal.abort() }))).toBe("aborted");
  });

  test("for a record key of another length", () => {
    const { kms } = new RewrapWorld();
    expect(() => rewrapper({ kms, recordKey: new Uint8Array(31), from: keyA, to: keyB })).toThrow(TypeError);
  });
});

describe("without a record key", () => {
  const unsigned: object = { origin: "none", recordKey: undefined };
  const made = async (world: RewrapWorld, cmk: Cmk): Promise<DataKeyRecord> => world.made("field", [cmk], unsigned);
  const without = (world: RewrapWorld, from: Cmk, to: Cmk, origin?: "none"): RewrapperOptions => ({
    kms: world.kms,
    from,
    to,
    ...(origin && { origin }),
  });

  test("AES keys are rewrapped", async () => {
    const world = new RewrapWorld();
    const record = await made(world, keyA);
    const rewrapped = await rewrapper(without(world, keyA, keyB))(record);
    expect(await world.used(rewrapped, keyB, unsigned)).toBe("Ada");
  });

  test.each([
    ["from", keyRsa, keyB, []],
    ["to", keyA, keyRsa, ["unwrap local:a"]],
  ] as const)("nothing moves %s RSA keys unless origin tags were given up", async (_what, from, to, requests) => {
    const world = new RewrapWorld();
    const record = await made(world, from);
    expect(await world.code(rewrapper(without(world, from, to))(record))).toBe("unsupported");
    expect(world.requests.slice(0, 1)).toEqual(requests);
    const rewrapped = await rewrapper(without(world, from, to, "none"))(record);
    expect(await world.used(rewrapped, to, unsigned)).toBe("Ada");
  });
});

describe("of a data key with several CMKs", () => {
  test("the others keep their wraps and places", async () => {
    const world = new RewrapWorld();
    const record = await world.made("field", [keyC, keyA, keyRsa]);
    const { recipients } = await rewrapper({ kms: world.kms, recordKey, from: keyA, to: keyB })(record);
    expect(recipients.map(({ cmk }) => cmk)).toEqual([keyC, keyB, keyRsa]);
    expect([recipients[0], recipients[2]]).toEqual([record.recipients[0], record.recipients[2]]);
  });

  test("the one that is under the target already stays as it is, once it was seen to open", async () => {
    const world = new RewrapWorld();
    const record = await world.made("field", [keyA, keyB]);
    const rewrapped = await rewrapper({ kms: world.kms, recordKey, from: keyA, to: keyB })(record);
    expect(world.requests).toEqual(["unwrap local:a", "unwrap local:b"]);
    expect(rewrapped.recipients).toEqual([record.recipients[1]]);
    expect(await world.used(rewrapped, keyB)).toBe("Ada");
  });

  test("the wrap under the source stays where the one under the target holds another root", async () => {
    const world = new RewrapWorld();
    const record = await world.made("field", [keyA]);
    const planted = { ...record, recipients: [...record.recipients, await wrapOf(world, keyB)] as const };
    expect(await refusal(world, planted)).toBe("decrypt-failed");
  });

  test("nothing is left under the source, however many wraps somebody wrote there", async () => {
    const world = new RewrapWorld();
    const record = await world.made("field", [keyA]);
    const planted = { ...record, recipients: [...record.recipients, await wrapOf(world, keyA)] as const };
    const rewrapped = await rewrapper({ kms: world.kms, recordKey, from: keyA, to: keyB })(planted);
    expect(rewrapped.recipients.map(({ cmk }) => cmk)).toEqual([keyB]);
  });
});

describe("the root", () => {
  test.each<[string, readonly Cmk[], (world: RewrapWorld) => void]>([
    ["a rewrap", [keyA], () => {}],
    ["one that found a wrap under the target", [keyA, keyB], () => {}],
    ["one that was refused by the target", [keyA], (world) => world.scripted.refuse("key-disabled", keyB.resource)],
    [
      "one that was not given back",
      [keyA],
      (world) => {
        world.scripted.answer = (plain, { resource }) => (resource === keyB.resource ? new Uint8Array(32) : plain);
      },
    ],
    [
      "one of another data key",
      [keyA],
      (world) => {
        world.scripted.answer = (plain) => plain.map((byte) => byte ^ 1);
      },
    ],
  ])("is wiped after %s", async (_what, cmks, prepare) => {
    const world = new RewrapWorld();
    const record = await world.made("field", cmks);
    const { kms, roots } = world.watched();
    prepare(world);
    await world.settle(rewrapper({ kms, recordKey, from: keyA, to: keyB })(record)).catch(() => {});
    expect(roots.length).toBeGreaterThan(0);
    for (const root of roots) expect(root.every((byte) => byte === 0)).toBe(true);
  });

  test("and the record are what they were when they were given, whatever their owner does meanwhile", async () => {
    const world = new RewrapWorld();
    const record = await world.made("field", [keyA, keyC]);
    const given = structuredClone(record);
    const rewrapping = rewrapper({ kms: world.kms, recordKey, from: keyA, to: keyB })(given);
    for (const bytes of [given.id, given.origin, ...given.recipients.map((wrap) => wrap.bytes)]) bytes?.fill(0);
    const rewrapped = await rewrapping;
    expect({ ...rewrapped, recipients: rewrapped.recipients[1] }).toEqual({ ...record, recipients: record.recipients[1] });
    expect(await world.used(rewrapped, keyB)).toBe("Ada");
  });
});

describe("a key's other names and versions", () => {
  const aes = { provider: "local", resource: "local:aes" };
  const rsa = { provider: "local", resource: "local:rsa" };
  const alias = ({ provider, resource }: Cmk): Cmk => ({ provider, resource: resource.replace(":", ":alias-of-") });

  test("an alias stands for its key, as source and as target", async () => {
    const { kms } = stubKms((driver) => ({
      describe: async (version, call) => ({ ...(await driver.describe(version, call)), resource: driver.resource }),
    }));
    const { recipients, record } = await wrapped(kms.open(aes));
    expect(recipients).toMatchObject([{ cmk: aes }]);
    const moved = await rewrapper({ kms, origin: "none", from: alias(aes), to: alias(rsa) })(record);
    expect(moved.recipients).toMatchObject([{ cmk: rsa }]);
    const both = { ...record, recipients: [...record.recipients, ...moved.recipients] as const };
    const afresh = { kms: kms.withoutMemory(), origin: "none" } as const;
    const dropped = await rewrapper({ ...afresh, from: alias(aes), to: alias(rsa) })(both);
    expect(dropped.recipients).toEqual(moved.recipients);
  });

  test("a wrap that must name its version is made under one that was described within the last minute", async () => {
    let latest = 1;
    const { kms, clock, asked } = stubKms(
      (driver): Partial<KmsDriver> => ({
        namesVersion: true,
        describe: async (version, call): Promise<DriverDescription> => ({
          ...(await driver.describe(null, call)),
          keyVersion: version ?? `${latest}`,
        }),
        wrap: async (request, call) => ({ ...(await driver.wrap(request, call)), keyVersion: null }),
        unwrap: async (request, call) => ({ ...(await driver.unwrap(request, call)), keyVersion: request.keyVersion }),
      }),
      { keyVersionGrammar: /^\d$/ },
    );
    const { record } = await wrapped(kms.open(aes));
    const rewrap = rewrapper({ kms, from: aes, to: aes });
    const version = async (): Promise<string | null> => (await rewrap(record)).recipients[0].keyVersion;
    latest = 2;
    asked.length = 0;
    await clock.advance(59_999);
    expect(await version()).toBe("1");
    await clock.advance(1);
    expect(await version()).toBe("2");
    expect(asked.filter((operation) => operation === "describe")).toHaveLength(1);
  });

  /** A record whose root the key has wrapped. */
  async function wrapped(key: ReturnType<ReturnType<typeof stubKms>["kms"]["open"]>): Promise<{
    readonly recipients: readonly WrappedKey[];
    readonly record: DataKeyRecord;
  }> {
    const root = new Uint8Array(32).fill(5);
    const recipients = [await key.wrapKey(root, context)] as const;
    const { id } = deriveDataKey(root, "field", bindContext(context));
    return { recipients, record: dataKeyRecord({ id, context, origin: null, recipients }) };
  }
});
