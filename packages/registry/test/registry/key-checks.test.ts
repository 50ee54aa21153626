import { describe, expect, test } from "vitest";
import { sqlite } from "./sqlite-engine.ts";
import { codeOf, collected, newWorld, opening, registerKey, seal, type World } from "./world.ts";

const engine = sqlite();

async function registerAlias(world: World, name: string, project = "acme"): Promise<string> {
  const { id } = await world.process().register(project, { provider: "double", resource: `alias:${name}` });
  return id;
}

describe("an access check", () => {
  test.each(["a", "rsa"])("of key %s that works is kept with the CMK, and is no change of it", async (name) => {
    const world = await newWorld(engine);
    const registry = world.process();
    const { id } = await registerKey(registry, name);
    await world.clock.advance(1000);
    const report = await registry.check("acme", id);
    const at = new Date(world.clock.wallMs());
    expect(report).toMatchObject({ passed: true, missing: undefined });
    expect(report.cmk.validation).toMatchObject({ phase: "done", code: "ok", since: at, checkedAt: at });
    expect((await world.process().get("acme", id)).validation).toEqual(report.cmk.validation);
    await world.clock.advance(1000);
    const again = await registry.check("acme", id);
    expect(again.cmk.updatedAt).toEqual(report.cmk.updatedAt);
    expect(again.cmk.validation).toMatchObject({ since: at, checkedAt: new Date(world.clock.wallMs()) });
  });

  test("says since when it fails, and with what", async () => {
    const world = await newWorld(engine);
    const registry = world.process();
    const { id } = await registerKey(registry, "a");
    world.cloud.refusals.set("a", "access-denied");
    const first = await registry.check("acme", id);
    expect(first.passed).toBe(false);
    expect(first.cmk.validation).toMatchObject({ phase: "describe", code: "access-denied", key: null });
    const since = new Date(world.clock.wallMs());
    await world.clock.advance(60_000);
    expect((await registry.check("acme", id)).cmk.validation).toMatchObject({ code: "access-denied", since });
    world.cloud.refusals.clear();
    expect((await registry.check("acme", id)).cmk.validation).toMatchObject({
      code: "ok",
      since: new Date(world.clock.wallMs()),
    });
  });

  test("writes what is new into the audit log, and nothing else", async () => {
    const world = await newWorld(engine);
    const registry = world.process();
    const { id } = await registerKey(registry, "a");
    for (let i = 0; i < 3; i += 1) await registry.check("acme", id, { actor: "token:9" });
    const entries = await collected(registry.audit.entries({ project: "acme" }));
    expect(entries.map(({ action, actor }) => `${action} ${actor}`)).toEqual(["cmk.create application", "cmk.check token:9"]);
    expect(entries[1]?.details).toMatchObject({ phase: "done", code: "ok", state: "enabled" });
  });

  test("notices another state of the key, and tells it as an event", async () => {
    const world = await newWorld(engine);
    const registry = world.process();
    const { id } = await registerKey(registry, "a");
    await registry.check("acme", id);
    expect(world.events.filter(({ type }) => type === "key-changed")).toEqual([]);
    world.cloud.states.set("a", "disabled");
    expect((await registry.check("acme", id)).cmk.validation).toMatchObject({ code: "key-disabled", key: { state: "disabled" } });
    const changed = { type: "key-changed", tenant: "acme", provider: "double", resource: "double:a" };
    expect(world.events.filter(({ type }) => type === "key-changed")).toEqual([
      { ...changed, state: "disabled", keyVersion: "1" },
    ]);
  });

  test("moves the pin to a new version of an RSA key, once the KMS has opened a wrap under it", async () => {
    const world = await newWorld(engine);
    const registry = world.process();
    const { id } = await registerKey(registry, "rsa", true);
    const box = registry.envelope({ service: "crm" });
    const sealed = await seal(box);
    world.cloud.rsaVersion = 2;
    const report = await registry.check("acme", id);
    expect(report.cmk.validation).toMatchObject({ code: "ok", key: { keyVersion: "2" } });
    const fresh = world.process().envelope({ service: "crm" });
    const later = await seal(fresh);
    const versions = (await world.store.reads.dataKeys("acme", { limit: 10 })).map(
      ({ recipients: [{ keyVersion }] }) => keyVersion,
    );
    expect(new Set(versions)).toEqual(new Set(["1", "2"]));
    expect([await opening(fresh, sealed), await opening(fresh, later)]).toEqual(["opened", "opened"]);
  });

  test("of all keys goes through every project, and leaves deleted CMKs out", async () => {
    const world = await newWorld(engine);
    const registry = world.process();
    await registerKey(registry, "a");
    await registerKey(registry, "b", false, "globex");
    const { id } = await registerKey(registry, "c");
    await registry.delete("acme", id);
    const reports = await collected(registry.checkAll());
    expect(reports.map(({ cmk }) => `${cmk.project} ${cmk.resource}`)).toEqual(["acme double:a", "globex double:b"]);
    expect(await collected(registry.checkAll({ project: "globex" }))).toHaveLength(1);
  });

  test("runs once at a time, however many ask, and the next one asks the KMS anew", async () => {
    const world = await newWorld(engine);
    const registry = world.process();
    const { id } = await registerKey(registry, "a");
    await registry.check("acme", id);
    const once = world.cloud.requests;
    const allWait = Promise.withResolvers<void>();
    world.cloud.onWrap = async () => allWait.promise;
    const asking = Array.from({ length: 20 }, async () => registry.check("acme", id));
    for (let turn = 0; turn < 100; turn += 1) await world.clock.advance(0); // until each has read the store
    allWait.resolve();
    const reports = await Promise.all(asking);
    expect(world.cloud.requests).toBe(2 * once);
    expect(new Set(reports.map(({ cmk }) => cmk.validation.checkedAt.getTime())).size).toBe(1);
    await registry.check("acme", id);
    expect(world.cloud.requests).toBe(3 * once);
  });

  test("is waited for no longer than its caller wants, and goes on for the others", async () => {
    const world = await newWorld(engine);
    const registry = world.process();
    const { id } = await registerKey(registry, "a");
    const leaving = new AbortController();
    world.cloud.onWrap = async () => leaving.abort();
    const [left, stayed] = await Promise.all([
      codeOf(async () => registry.check("acme", id, { signal: leaving.signal })),
      registry.check("acme", id),
    ]);
    expect([left, stayed.passed]).toEqual(["aborted", true]);
    expect(await codeOf(async () => registry.check("acme", id, { signal: leaving.signal }))).toBe("aborted");
  });

  test("finds neither unknown nor deleted CMKs", async () => {
    const world = await newWorld(engine);
    const registry = world.process();
    const { id } = await registerKey(registry, "a");
    await registry.delete("acme", id);
    expect(await codeOf(async () => registry.check("acme", id))).toBe("not-found");
  });
});

describe("an alias", () => {
  test("is fixed by the first check, and a later repoint is said and changes nothing", async () => {
    const world = await newWorld(engine);
    world.cloud.aliases.set("main", "a");
    const id = await registerAlias(world, "main");
    const registry = world.process();
    await registry.check("acme", id);
    world.cloud.aliases.set("main", "b");
    const report = await world.process().check("acme", id);
    expect(report.passed).toBe(true);
    expect(report.lints.map(({ code }) => code)).toContain("alias-moved");
    await registry.update("acme", id, { defaultCmk: true });
    await seal(world.process().envelope({ service: "crm" }));
    const [record] = await world.store.reads.dataKeys("acme", { limit: 1 });
    expect(record?.recipients[0].cmk).toEqual({ provider: "double", resource: "double:a" });
    expect(await registry.get("acme", id)).toMatchObject({ resource: "alias:main" });
  });

  test("is fixed by the first use, too", async () => {
    const world = await newWorld(engine);
    world.cloud.aliases.set("main", "a");
    const registry = world.process();
    await registry.update("acme", await registerAlias(world, "main"), { defaultCmk: true });
    await seal(registry.envelope({ service: "crm" }));
    const [row] = await world.store.reads.cmks("acme");
    expect(row?.record).toMatchObject({ canonical: "double:a", resolved: true, resource: "alias:main" });
  });

  test("of a key that the project has already is no second CMK: the check says which it is", async () => {
    const world = await newWorld(engine);
    const registry = world.process();
    const { id: first } = await registerKey(registry, "a");
    world.cloud.aliases.set("main", "a");
    const id = await registerAlias(world, "main");
    const { passed, cmk } = await registry.check("acme", id);
    expect(passed).toBe(false);
    expect(cmk.validation).toMatchObject({ phase: "describe", code: "invalid-resource" });
    expect(cmk.validation.message).toContain(first);
    await registry.update("acme", id, { defaultCmk: true });
    expect(await codeOf(async () => seal(registry.envelope({ service: "crm" })))).toBe("invalid-resource");
    expect(await registry.dataKeyCount("acme", first)).toBe(0);
  });

  test("of a key of another project is refused in the words of a missing permission", async () => {
    const world = await newWorld(engine);
    const registry = world.process();
    await registerKey(registry, "a");
    world.cloud.aliases.set("theirs", "a");
    const id = await registerAlias(world, "theirs", "globex");
    const { cmk } = await registry.check("globex", id);
    expect(cmk.validation).toMatchObject({ phase: "describe", code: "access-denied" });
    expect(cmk.validation.message).not.toContain("acme");
    await registry.update("globex", id, { defaultCmk: true });
    expect(await codeOf(async () => seal(registry.envelope({ service: "crm" }), "globex"))).toBe("access-denied");
  });
});

describe("the first use of a key", () => {
  test("is one check, however many wait for it", async () => {
    const world = await newWorld(engine);
    const registry = world.process();
    await registerKey(registry, "rsa", true);
    const box = registry.envelope({ service: "crm" });
    const sealing = Array.from({ length: 20 }, async (_, i) =>
      box.seal(Buffer.from("x"), { tenant: "acme", context: { region: String(i) } }),
    );
    await Promise.all(sealing);
    const entries = await collected(registry.audit.entries());
    expect(entries.filter(({ action }) => action === "cmk.check")).toHaveLength(1);
  });

  test("is refused in the words of the check, and tried again after a while", async () => {
    const world = await newWorld(engine);
    const registry = world.process();
    const { id } = await registerKey(registry, "a", true);
    world.cloud.refusals.set("a", "access-denied");
    const box = registry.envelope({ service: "crm" });
    expect(await codeOf(async () => seal(box))).toBe("access-denied");
    const asked = world.cloud.requests;
    expect(await codeOf(async () => seal(box))).toBe("access-denied");
    expect(world.cloud.requests).toBe(asked);
    expect((await registry.get("acme", id)).validation).toMatchObject({ code: "access-denied" });
    world.cloud.refusals.clear();
    await world.clock.advance(6000);
    expect(await codeOf(async () => seal(box))).toBe("done");
  });

  test("takes back the permission to unwrap, and writing stops within the TTL", async () => {
    const world = await newWorld(engine);
    const registry = world.process();
    await registerKey(registry, "rsa", true);
    const box = registry.envelope({ service: "crm", cache: { ttlMs: 10_000 } });
    await seal(box);
    world.cloud.refuseUnwrap = true;
    await world.clock.advance(10_000);
    expect(await codeOf(async () => seal(box))).toBe("access-denied");
  });
});
