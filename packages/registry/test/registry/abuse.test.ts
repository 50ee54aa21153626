import { randomBytes } from "node:crypto";
import { DatabaseSync } from "node:sqlite";
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { multiCloudKms, type KmsAdapter, type KmsDriver } from "@cmkit/core";
import { describe, expect, onTestFinished, test } from "vitest";
import { cmkRegistry } from "../../src/cmk-registry.ts";
import { resignRecords } from "../../src/resign-records.ts";
import { sqliteStore } from "../../src/sqlite.ts";
import { sqlite } from "./sqlite-engine.ts";
import { codeOf, collected, newWorld, opening, registerKey, seal, World } from "./world.ts";

const engine = sqlite();
const operatorCmk = { provider: "double", resource: "double:c" };

describe("the permission to unwrap", () => {
  test.each(["a", "rsa"])("of key %s, once taken back, stops writing for good", async (name) => {
    const world = await newWorld(engine);
    const registry = world.process();
    await registerKey(registry, name, true);
    const box = registry.envelope({ service: "crm", cache: { ttlMs: 10_000 } });
    await seal(box);
    world.cloud.refuseUnwrap = true;
    for (let i = 0; i < 3; i += 1) {
      await world.clock.advance(10_000);
      expect(await codeOf(async () => seal(box))).toBe("access-denied");
      expect(await codeOf(async () => seal(box))).toBe("access-denied");
    }
    world.cloud.refuseUnwrap = false;
    await world.clock.advance(10_000);
    expect(await codeOf(async () => seal(box))).toBe("done");
  });

  test("that was never there lets nothing be written, also not at the second try", async () => {
    const world = await newWorld(engine);
    const registry = world.process();
    const { id } = await registerKey(registry, "a", true);
    world.cloud.refuseUnwrap = true;
    const box = registry.envelope({ service: "crm" });
    for (let i = 0; i < 3; i += 1) expect(await codeOf(async () => seal(box))).toBe("access-denied");
    expect(await registry.dataKeyCount("acme", id)).toBe(0);
  });
});

test("a key that opens under any context is never used, however often it is asked", async () => {
  const world = await newWorld(engine);
  const { adapter } = world.cloud;
  const contexts = new Map<string, Parameters<KmsDriver["wrap"]>[0]["context"]>();
  const careless: KmsAdapter = {
    ...adapter,
    open: (resource) => {
      const driver = adapter.open(resource);
      const wrap: KmsDriver["wrap"] = async (request, call) => {
        const answer = await driver.wrap(request, call);
        contexts.set(Buffer.from(answer.bytes).toString("hex"), request.context);
        return answer;
      };
      const unwrap: KmsDriver["unwrap"] = async (request, call) => {
        const context = contexts.get(Buffer.from(request.bytes).toString("hex")) ?? request.context;
        return driver.unwrap({ ...request, context }, call);
      };
      return { ...driver, wrap, unwrap };
    },
  };
  const kms = multiCloudKms({ adapters: [careless], clock: world.clock });
  const registry = cmkRegistry({ kms, store: world.store, recordKey: world.recordKey });
  const { id } = await registerKey(registry, "a", true);
  const box = registry.envelope({ service: "crm" });
  for (let i = 0; i < 3; i += 1) {
    expect(await codeOf(async () => seal(box))).toBe("bad-answer");
    await world.clock.advance(6000);
  }
  expect((await registry.get("acme", id)).validation).toMatchObject({ phase: "context", code: "bad-answer" });
  expect(await registry.dataKeyCount("acme", id)).toBe(0);
});

describe("the operator's CMK", () => {
  test("is not registered by a project that learned its name, nor is an alias of it", async () => {
    const world = await newWorld(engine);
    const registry = world.process({ operatorCmk });
    expect(await codeOf(async () => registerKey(registry, "c", true, "mallory"))).toBe("access-denied");
    world.cloud.aliases.set("hidden", "c");
    const { id } = await registry.register("mallory", { provider: "double", resource: "alias:hidden" });
    const { cmk } = await registry.check("mallory", id);
    expect(cmk.validation).toMatchObject({ phase: "describe", code: "access-denied" });
    await registerKey(world.process({ operatorCmk, sharedResources: true }), "c", false, "globex");
  });

  test("leaves no data behind when the record key is replaced", async () => {
    const world = await newWorld(engine);
    const sealed = await seal(world.process({ operatorCmk }).envelope({ service: "crm" }), "globex");
    const current = new Uint8Array(randomBytes(32));
    await resignRecords({ store: world.store, recordKey: { current, previous: world.recordKey } });
    const after = world.process({ operatorCmk, recordKey: current });
    expect(await opening(after.envelope({ service: "crm" }), sealed, "globex")).toBe("opened");
    expect(await collected(after.projects())).toEqual(["globex"]);
  });
});

describe("one key under two names", () => {
  const names: readonly (readonly [string, string])[] = [
    ["a", "a/1"],
    ["a/1", "a"],
    ["rsa/1", "rsa/2"],
  ];

  test.each(names)("%s and %s: it is not registered by two projects", async (first, second) => {
    const world = await newWorld(engine);
    const registry = world.process();
    const { id } = await registerKey(registry, first, true);
    expect(await codeOf(async () => registerKey(registry, second, true, "mallory"))).toBe("access-denied");
    expect(await registry.list("mallory")).toEqual([]);
    await registry.update("acme", id, { defaultCmk: false, status: "old" });
    expect(await codeOf(async () => registerKey(registry, second, true, "mallory"))).toBe("access-denied");
    await registerKey(world.process({ sharedResources: true }), second, true, "globex");
    await registry.delete("acme", id);
    await registry.delete("globex", (await registry.list("globex"))[0]?.id ?? "");
    await registerKey(registry, second, true, "globex");
    expect(world.cloud.requests).toBe(0);
  });

  test.each(names)("%s and %s: it is the operator's under both", async (own, other) => {
    const world = await newWorld(engine);
    const registry = world.process({ operatorCmk: { provider: "double", resource: `double:${own}` } });
    expect(await codeOf(async () => registerKey(registry, other, true, "mallory"))).toBe("access-denied");
    world.cloud.aliases.set("hidden", other);
    const { id } = await registry.register("mallory", { provider: "double", resource: "alias:hidden", defaultCmk: true });
    expect((await registry.check("mallory", id)).cmk.validation).toMatchObject({ phase: "describe", code: "access-denied" });
    expect(await codeOf(async () => seal(registry.envelope({ service: "crm" }), "mallory"))).toBe("access-denied");
  });

  test.each(names)("%s and %s: it is found behind an alias, and kept once it was", async (first, second) => {
    const world = await newWorld(engine);
    const registry = world.process();
    world.cloud.aliases.set("ours", first);
    const ours = await registry.register("acme", { provider: "double", resource: "alias:ours" });
    world.cloud.aliases.set("theirs", second);
    const theirs = await registry.register("mallory", { provider: "double", resource: "alias:theirs", defaultCmk: true });
    expect((await registry.check("acme", ours.id)).passed).toBe(true);
    expect(await codeOf(async () => registerKey(registry, second, true, "mallory"))).toBe("access-denied");
    expect((await registry.check("mallory", theirs.id)).cmk.validation).toMatchObject({ code: "access-denied" });
    expect(await codeOf(async () => seal(registry.envelope({ service: "crm" }), "mallory"))).toBe("access-denied");
  });

  test("may be two CMKs of one project, whose data keys go by the name that they have", async () => {
    const world = await newWorld(engine);
    const registry = world.process();
    const one = await registerKey(registry, "rsa/1", true);
    expect(await codeOf(async () => registerKey(registry, "rsa/1"))).toBe("already-exists");
    const sealed = await seal(registry.envelope({ service: "crm" }));
    const two = await registerKey(registry, "rsa/2", true);
    const later = await seal(world.process().envelope({ service: "crm" }));
    expect([await registry.dataKeyCount("acme", one.id), await registry.dataKeyCount("acme", two.id)]).toEqual([1, 1]);
    await registry.delete("acme", one.id, { force: true });
    const box = world.process().envelope({ service: "crm" });
    expect([await opening(box, sealed), await opening(box, later)]).toEqual(["key-removed", "opened"]);
  });
});

test("an alias that opens data is fixed by that, so that its data keys count", async () => {
  const world = await newWorld(engine);
  const registry = world.process();
  const { id } = await registerKey(registry, "a", true);
  const sealed = await seal(registry.envelope({ service: "crm" }));
  await registry.delete("acme", id, { force: true });
  world.cloud.aliases.set("main", "a");
  const alias = await registry.register("acme", { provider: "double", resource: "alias:main" });
  expect(await opening(registry.envelope({ service: "crm" }), sealed)).toBe("opened");
  await expect.poll(async () => registry.dataKeyCount("acme", alias.id)).toBe(1);
  expect(await codeOf(async () => registry.delete("acme", alias.id))).toBe("in-use");
});

describe("a check of all keys", () => {
  test("goes on past a CMK that is deleted meanwhile", async () => {
    const world = await newWorld(engine);
    const registry = world.process();
    await registerKey(registry, "a");
    const { id } = await registerKey(registry, "b");
    await registerKey(registry, "c", false, "globex");
    const seen: string[] = [];
    for await (const { cmk } of registry.checkAll()) {
      seen.push(cmk.resource);
      if (seen.length === 1) await registry.delete("acme", id);
    }
    expect(seen).toEqual(["double:a", "double:c"]);
  });

  test("goes on past a project with a forged row, and says so at the end", async () => {
    const world = await newWorld(engine);
    const registry = world.process();
    await registerKey(registry, "a");
    await registerKey(registry, "b", false, "globex");
    const [row] = await world.store.reads.cmks("acme");
    if (row === undefined) throw new RangeError("expected a row");
    await world.store.write(async (tx) => tx.putCmk({ ...row, record: { ...row.record, canonical: "double:c" } }));
    const seen: string[] = [];
    const run = async (): Promise<void> => {
      for await (const { cmk } of registry.checkAll()) seen.push(cmk.resource);
    };
    expect(await codeOf(run)).toBe("bad-record");
    expect(seen).toEqual(["double:b"]);
  });

  test("says of a cloud without an adapter that there is none", async () => {
    const world = await newWorld(engine);
    const { id } = await registerKey(world.process(), "a");
    const kms = multiCloudKms({ adapters: [], clock: world.clock });
    const bare = cmkRegistry({ kms, store: world.store, recordKey: world.recordKey });
    expect((await bare.check("acme", id)).cmk.validation).toMatchObject({ phase: "describe", code: "adapter-missing" });
  });
});

test("no project is called *, which is how tokens say all of them", async () => {
  const world = await newWorld(engine);
  await expect(registerKey(world.process(), "a", true, "*")).rejects.toThrow(TypeError);
});

test("the store is closed even when it no longer takes what was counted", async () => {
  const world = await newWorld(engine);
  let closed = false;
  const kms = multiCloudKms({ adapters: [world.cloud.adapter], clock: world.clock });
  const { engine: name, reads } = world.store;
  const registry = cmkRegistry({
    kms,
    recordKey: world.recordKey,
    store: {
      engine: name,
      reads,
      write: async () => Promise.reject(new Error("down")),
      claimDataKeys: async () => Promise.reject(new Error("down")),
      onPurge: () => () => {},
      isDevelopment: async () => false,
      ready: async () => {},
      close: async () => void (closed = true),
    },
  });
  world.cloud.refusals.set("a", "access-denied");
  await expect(kms.open({ provider: "double", resource: "double:a" }).describe()).rejects.toThrow("not permitted");
  await expect(registry.close()).rejects.toThrow("down");
  expect(closed).toBe(true);
});

test("a service's name that nobody would be given is not shown, a terminal's commands least of all", async () => {
  const directory = await mkdtemp(join(tmpdir(), "cmkit-abuse-"));
  onTestFinished(async () => rm(directory, { recursive: true, force: true }));
  const file = join(directory, "store.db");
  const world = new World(() => sqliteStore(file));
  const registry = world.process();
  const { id } = await registerKey(registry, "a", true);
  await seal(registry.envelope({ service: "crm" }));
  const database = new DatabaseSync(file);
  database.exec("update cmkit_data_keys set service = char(27) || '[2J'");
  database.close();
  expect(await codeOf(async () => registry.serviceAssociations("acme", id))).toBe("bad-record");
});
