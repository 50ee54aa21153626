import { fieldEncryption } from "@cmkit/core";
import { describe, expect, test } from "vitest";
import { apiTokens } from "../../src/token-store.ts";
import { engines } from "./stores.ts";
import { codeOf, collected, newWorld, opening, registerKey, seal } from "./world.ts";

const noId = "00000000-0000-4000-8000-000000000000";

describe.each(engines())("a registry on $name", (engine) => {
  test("registers, shows, changes and deletes CMKs", async () => {
    const registry = (await newWorld(engine)).process();
    const made = await registerKey(registry, "a");
    expect(made).toMatchObject({
      project: "acme",
      provider: "double",
      resource: "double:a",
      defaultCmk: false,
      status: "current",
    });
    expect(made.id).toMatch(/^[0-9a-f]{8}-[0-9a-f]{4}-4[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}$/);
    expect(await registry.get("acme", made.id)).toEqual(made);
    expect(await codeOf(async () => registerKey(registry, "a"))).toBe("already-exists");
    const changed = await registry.update("acme", made.id, { defaultCmk: true });
    expect(changed).toMatchObject({ id: made.id, defaultCmk: true });
    expect(await registry.list("acme")).toEqual([changed]);
    const deleted = await registry.delete("acme", made.id);
    expect(deleted).toMatchObject({ id: made.id, status: "deleted", defaultCmk: false });
    expect(await codeOf(async () => registry.get("acme", made.id))).toBe("not-found");
    expect(await registry.list("acme")).toEqual([]);
    expect(await registry.list("acme", { status: "deleted" })).toEqual([deleted]);
    expect(await codeOf(async () => registry.delete("acme", made.id))).toBe("not-found");
  });

  test("asks no cloud when a key is registered", async () => {
    const world = await newWorld(engine);
    world.cloud.refusals.set("a", "access-denied");
    await registerKey(world.process(), "a", true);
    expect(world.cloud.requests).toBe(0);
  });

  test("refuses what is no key, and local keys unless they were allowed", async () => {
    const world = await newWorld(engine);
    const register = async (provider: string, resource: string): Promise<unknown> =>
      world.process().register("acme", { provider, resource });
    expect(await codeOf(async () => register("double", "nonsense"))).toBe("invalid-resource");
    expect(await codeOf(async () => register("local", "local:main"))).toBe("adapter-missing");
    expect(await codeOf(async () => register("gcp", "projects/p/locations/l/keyRings/r/cryptoKeys/k"))).toBe("adapter-missing");
    await expect(world.process().register("a\u0000b", { provider: "double", resource: "double:a" })).rejects.toThrow(TypeError);
  });

  test("keeps projects apart", async () => {
    const registry = (await newWorld(engine)).process();
    const made = await registerKey(registry, "a");
    for (const act of [
      async () => registry.get("globex", made.id),
      async () => registry.update("globex", made.id, { defaultCmk: true }),
      async () => registry.delete("globex", made.id),
      async () => registry.check("globex", made.id),
      async () => registry.grants("globex", made.id),
      async () => registry.dataKeyCount("globex", made.id),
      async () => registry.serviceAssociations("globex", made.id),
      async () => registry.get("acme", noId),
    ])
      expect(await codeOf(act)).toBe("not-found");
    expect(await registry.list("globex")).toEqual([]);
  });

  test("lets a second project have the same key only where that is allowed, in the words of a missing permission", async () => {
    const world = await newWorld(engine);
    const registry = world.process();
    const made = await registerKey(registry, "a");
    expect(await codeOf(async () => registerKey(registry, "a", false, "globex"))).toBe("access-denied");
    await registerKey(world.process({ sharedResources: true }), "a", false, "globex");
    await registry.delete("acme", made.id);
    expect(await codeOf(async () => registerKey(registry, "a"))).toBe("access-denied");
  });

  test("has one default, however many ask at once, in however many processes", async () => {
    const world = await newWorld(engine);
    const first = world.process();
    const processes = [first, world.process(), world.process()];
    const cmks = await Promise.all(["a", "b", "c", "rsa"].map(async (name) => registerKey(first, name, true)));
    const updates = Array.from({ length: 100 }, async (_, i) => {
      const { id } = cmks[i % cmks.length] ?? { id: noId };
      return processes[i % 3]?.update("acme", id, { defaultCmk: true });
    });
    await Promise.all(updates);
    const listed = await first.list("acme");
    expect(listed.filter(({ defaultCmk }) => defaultCmk)).toHaveLength(1);
    expect(listed.every(({ status }) => status === "current")).toBe(true);
    expect((await first.audit.verify()).ok).toBe(true);
  });

  test("registers a key once, however many ask at once, in however many projects, under its name or a version's", async () => {
    const world = await newWorld(engine);
    const [one, another] = [world.process(), world.process()];
    const asks = Array.from({ length: 12 }, async (_, i) =>
      codeOf(async () => registerKey(i % 2 === 0 ? one : another, i % 3 === 0 ? "a" : "a/1", false, `project-${i % 3}`)),
    );
    const codes = await Promise.all(asks);
    expect(codes.filter((code) => code === "done")).toHaveLength(1);
    expect(codes.filter((code) => code === "already-exists" || code === "access-denied")).toHaveLength(11);
  });

  test("an update without fields changes nothing, and writes no audit entry", async () => {
    const registry = (await newWorld(engine)).process();
    const made = await registerKey(registry, "a", true);
    const head = await registry.audit.head();
    expect(await registry.update("acme", made.id, {})).toEqual(made);
    expect(await registry.audit.head()).toEqual(head);
    expect(await codeOf(async () => registry.update("acme", made.id, { status: "old" }))).toBe("in-use");
  });

  test("writes down who changed what, on whose request", async () => {
    const registry = (await newWorld(engine)).process();
    const { id } = await registry.register(
      "acme",
      { provider: "double", resource: "double:a" },
      { actor: "token:1", requestId: "request-1" },
    );
    await registry.delete("acme", id, { actor: "token:2" });
    const entries = await collected(registry.audit.entries({ project: "acme" }));
    expect(entries).toMatchObject([
      { seq: 1, action: "cmk.create", actor: "token:1", subject: id, requestId: "request-1", details: { resource: "double:a" } },
      { seq: 2, action: "cmk.delete", actor: "token:2", subject: id, requestId: null, details: { data_keys: 0, force: false } },
    ]);
    expect(await registry.audit.verify()).toMatchObject({ ok: true, entries: 2 });
  });

  test("writes nothing for a process with another record key: the audit log stays whole", async () => {
    const world = await newWorld(engine);
    const registry = world.process();
    await registerKey(registry, "a");
    const recordKey = new Uint8Array(32).fill(1);
    const stranger = world.process({ recordKey, operatorCmk: { provider: "double", resource: "double:c" } });
    expect(await codeOf(async () => registerKey(stranger, "b", false, "globex"))).toBe("bad-record");
    expect(await codeOf(async () => stranger.externalId("globex"))).toBe("bad-record");
    expect(await codeOf(async () => seal(stranger.envelope({ service: "crm" }), "globex"))).toBe("bad-answer");
    const tokens = apiTokens({ store: world.store, recordKey });
    expect(await codeOf(async () => tokens.create("acme", "operator"))).toBe("bad-record");
    expect(await registry.audit.verify()).toMatchObject({ ok: true, entries: 1 });
    expect(await collected(registry.projects())).toEqual(["acme"]);
  });

  test("does not start with accessors that no grant can name", async () => {
    const world = await newWorld(engine);
    const mistyped = { aws: { principal: "role/crm" } };
    expect(await codeOf(async () => world.process({ accessors: mistyped }))).toBe("invalid-request");
  });

  test("gives each project an external id of its own, and keeps it", async () => {
    const world = await newWorld(engine);
    const ids = await Promise.all(["acme", "acme", "globex"].map(async (name) => world.process().externalId(name)));
    expect(ids[0]).toBe(ids[1]);
    expect(ids[2]).not.toBe(ids[0]);
    expect(await collected(world.process().projects())).toEqual(["acme", "globex"]);
  });
});

describe.each(engines())("an envelope of a registry on $name", (engine) => {
  test("seals under the default, and opens in another process", async () => {
    const world = await newWorld(engine);
    const registry = world.process();
    const box = registry.envelope({ service: "crm" });
    expect(await codeOf(async () => seal(box))).toBe("no-default-key");
    const a = await registerKey(registry, "a", true);
    const sealed = await seal(box);
    expect(await opening(world.process().envelope({ service: "billing" }), sealed)).toBe("opened");
    expect(await registry.dataKeyCount("acme", a.id)).toBe(1);
    expect(await registry.serviceAssociations("acme", a.id)).toEqual([{ service: "crm", status: "active" }]);
  });

  test("a new default takes new data keys; what the old CMK has sealed stays readable", async () => {
    const world = await newWorld(engine);
    const registry = world.process();
    const a = await registerKey(registry, "a", true);
    const first = await seal(registry.envelope({ service: "crm" }));
    const b = await registerKey(registry, "b", true);
    await registry.update("acme", a.id, { status: "old" });
    const box = registry.envelope({ service: "crm" });
    const second = await seal(box);
    expect(await registry.dataKeyCount("acme", b.id)).toBe(1);
    expect([await opening(box, first), await opening(box, second)]).toEqual(["opened", "opened"]);
  });

  test("a process that still believes in a retired CMK is refused by the store, and asks for the one that is current", async () => {
    const world = await newWorld(engine);
    const registry = world.process();
    const a = await registerKey(registry, "a", true);
    const stale = world.process();
    const [found] = await stale.list("acme");
    expect(found?.id).toBe(a.id);
    const racing = stale.envelope({ service: "crm" });
    await registry.check("acme", a.id);
    let b = a;
    // Between the question for the CMK and the storing of the data key, another process makes it old.
    world.cloud.onWrap = async () => {
      world.cloud.onWrap = undefined;
      b = await registerKey(registry, "b", true);
      await registry.update("acme", a.id, { status: "old" });
    };
    expect(await opening(racing, await seal(racing))).toBe("opened");
    expect(await registry.dataKeyCount("acme", a.id)).toBe(0);
    expect(await registry.dataKeyCount("acme", b.id)).toBe(1);
  });

  test("a deleted CMK opens nothing, and the same key registered again opens it all, under a new id", async () => {
    const world = await newWorld(engine);
    const registry = world.process();
    const a = await registerKey(registry, "a", true);
    const box = registry.envelope({ service: "crm" });
    const sealed = await seal(box);
    await expect(registry.delete("acme", a.id)).rejects.toThrow("1 data key depends");
    await registry.delete("acme", a.id, { force: true });
    expect(await opening(box, sealed)).toBe("key-removed");
    expect(await opening(world.process().envelope({ service: "crm" }), sealed)).toBe("key-removed");
    expect(await codeOf(async () => seal(box))).toBe("no-default-key");
    const again = await registerKey(registry, "a", true);
    expect(again.id).not.toBe(a.id);
    expect(await opening(box, sealed)).toBe("opened");
    expect(await registry.dataKeyCount("acme", again.id)).toBe(1);
  });

  test("the operator's CMK serves projects that bring none, and makes no data key for those that ever did", async () => {
    const world = await newWorld(engine);
    const operatorCmk = { provider: "double", resource: "double:c" };
    const registry = world.process({ operatorCmk });
    const box = registry.envelope({ service: "crm" });
    const before = await seal(box);
    const a = await registerKey(registry, "a");
    const fresh = world.process({ operatorCmk }).envelope({ service: "crm" });
    expect(await codeOf(async () => seal(fresh))).toBe("no-default-key");
    expect(await opening(fresh, before)).toBe("opened");
    expect(await codeOf(async () => seal(box))).toBe("no-default-key"); // the process that registered it, at once
    await registry.delete("acme", a.id);
    expect(await codeOf(async () => seal(fresh))).toBe("no-default-key");
    expect(await codeOf(async () => seal(fresh, "globex"))).toBe("done");
  });

  test("index keys are stored once, and found by every process", async () => {
    const world = await newWorld(engine);
    await registerKey(world.process(), "rsa", true);
    const index = async (): Promise<string> => {
      const envelope = world.process().envelope({ service: "crm" });
      const pii = fieldEncryption({ envelope, table: "customers", rowId: "id", fields: { email: { index: "emailIndex" } } });
      return pii.for("acme").index("email", "ada@example.com");
    };
    const indexes = await Promise.all(Array.from({ length: 6 }, index));
    expect(new Set(indexes).size).toBe(1);
  });

  test("a store that is gone is unavailable, not a refusal", async () => {
    const registry = (await newWorld(engine)).process();
    const box = registry.envelope({ service: "crm" });
    await registry.close();
    expect(await codeOf(async () => seal(box))).toBe("unavailable");
    expect(await codeOf(async () => registry.list("acme"))).toBe("store-unavailable");
    expect(await codeOf(async () => registry.ready())).toBe("store-unavailable");
  });
});
