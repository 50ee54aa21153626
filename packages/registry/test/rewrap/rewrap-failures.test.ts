import { expect, it } from "vitest";
import type { RewrapProgress } from "../../src/rewrap-progress.ts";
import { sqlite } from "../registry/sqlite-engine.ts";
import { codeOf, collected, newWorld, registerKey, World } from "../registry/world.ts";
import { attackedStore } from "../audit-database.ts";
import { sqliteStore } from "../../src/sqlite.ts";
import { counts, moving, openAll, project, sealUnder, waited } from "./rewrap-world.ts";

const engine = sqlite();

it("that cannot unwrap a data key says so on its row, moves the others, and is partial", async () => {
  const world = await newWorld(engine);
  const { registry, a, b } = await moving(world, 2);
  await world.store.write(async (tx) => {
    const [first] = await tx.dataKeys(project, { limit: 1 });
    if (first === undefined) throw new RangeError("expected a data key");
    const [before] = first.recipients;
    await tx.replaceWraps(project, [{ id: first.id, before, after: { ...before, bytes: new Uint8Array(61) } }]);
  });
  const ended = await waited(world.clock, registry.rewrap(project, { from: a, to: b }));
  expect(ended).toMatchObject({ state: "partial", remaining: 1, failed: [{ code: "decrypt-failed", count: 1 }] });
  expect(ended.failedIds).toHaveLength(1);
  expect(await counts(registry, a, b)).toEqual([1, 1]);
  expect(await world.process().rewrapProgress(project, a)).toMatchObject({ state: "partial", remaining: 1 });
});

it("passes over a row that nobody of us wrote, and moves the others", async () => {
  const attacked = attackedStore();
  const world = new World(() => sqliteStore(attacked.file));
  const { registry, a, b } = await moving(world, 3);
  const [, second] = await world.store.reads.dataKeys(project, { limit: 3 });
  if (second === undefined) throw new RangeError("expected a data key");
  attacked.sql("update cmkit_data_keys set kind = 'other' where id = ?", second.id);
  const ended = await registry.rewrap(project, { from: a, to: b });
  expect(ended).toMatchObject({ state: "partial", remaining: 1, failed: [{ code: "malformed", count: 1 }] });
  expect(ended.failedIds).toEqual([Buffer.from(second.id).toString("base64url")]);
});

it("moves the others, however many data keys somebody planted between them", async () => {
  const attacked = attackedStore();
  const world = new World(() => sqliteStore(attacked.file));
  const { registry, a, b, sealed } = await moving(world, 2);
  const columns = "purpose, service, context, context_key";
  const wrap = "provider, resource, key_version, kind, wrapped, created_at";
  attacked.sql(`with recursive many (n) as (select 1 union all select n + 1 from many where n < 1000)
    insert into cmkit_data_keys (project, id, ${columns}, origin, ${wrap})
    select project, randomblob(32), ${columns}, randomblob(32), ${wrap} from many, (select * from cmkit_data_keys limit 1)`);
  const ended = await registry.rewrap(project, { from: a, to: b });
  expect(ended).toMatchObject({ state: "partial", remaining: 1000, failed: [{ code: "decrypt-failed", count: 1000 }] });
  expect(ended).not.toHaveProperty("stopped");
  world.cloud.refusals.set("a", "key-destroyed");
  expect(await openAll(world, sealed)).toEqual(["opened"]);
});

it("goes on for whoever still wants it when others have given up, and ends with the last of them", async () => {
  const world = await newWorld(engine);
  const { registry, a, b, sealed } = await moving(world);
  await registry.update(project, b, { defaultCmk: true });
  await registry.update(project, a, { status: "old" });
  await registry.check(project, b); // so that from here on only the rewrap asks
  const [asked, gate] = [Promise.withResolvers<void>(), Promise.withResolvers<void>()];
  world.cloud.onUnwrap = async () => (asked.resolve(), gate.promise);
  const rewrap = async (by: AbortController): Promise<string> =>
    codeOf(async () => (await registry.rewrap(project, { from: a, to: b, signal: by.signal })).state);
  const [first, second, third] = [new AbortController(), new AbortController(), new AbortController()];
  const [begun, joined] = [rewrap(first), rewrap(second)];
  await asked.promise;
  first.abort();
  expect(await begun).toBe("aborted");
  second.abort();
  expect(await joined).toBe("aborted");
  expect(await registry.rewrapProgress(project, a)).toMatchObject({ state: "unfinished", remaining: 3 });
  const [again, last] = [rewrap(third), rewrap(new AbortController())];
  expect(await registry.startRewrap(project, { from: a, to: b })).toMatchObject({ state: "running" });
  third.abort();
  expect(await again).toBe("aborted");
  gate.resolve();
  expect(await last).toBe("done");
  expect(await openAll(world, sealed)).toEqual(["opened"]);
});

it("finds its end although the next try of a data key was put off for years", async () => {
  const world = await newWorld(engine);
  const { registry, a, b } = await moving(world, 30); // more than are claimed at first
  await registry.check(project, b);
  const nextTryAt = new Date(Date.UTC(2100, 0, 1));
  const putOff = async (): Promise<void> => {
    const all = await world.store.reads.dataKeys(project, { limit: 30 });
    const failures = all.map(({ id }) => ({ id, code: "timeout" as const, nextTryAt }));
    const cmk = { provider: "double", resource: "double:a" };
    await world.store.write(async (tx) => tx.putRewrapFailures(project, cmk, failures));
  };
  let once: Promise<void> | undefined;
  world.cloud.onUnwrap = async () => (once ??= putOff());
  expect(await registry.rewrap(project, { from: a, to: b })).toMatchObject({ state: "done", remaining: 0 });
});

it("finds the data keys of a key that was registered again, under an alias", async () => {
  const world = await newWorld(engine);
  const { registry, a, b, sealed } = await moving(world, 3);
  await registry.update(project, b, { defaultCmk: true });
  await registry.delete(project, a, { force: true });
  const alias = await registry.register(project, { provider: "double", resource: "alias:a" });
  expect(await registry.rewrap(project, { from: alias.id, to: b })).toMatchObject({ state: "done", dataKeys: 3 });
  world.cloud.refusals.set("a", "key-destroyed");
  expect(await openAll(world, sealed)).toEqual(["opened"]);
});

it("that was partial tries everything again when it is started again", async () => {
  const world = await newWorld(engine);
  const { registry, a, b, sealed } = await moving(world);
  world.cloud.refusals.set("a", "key-disabled");
  const first = await waited(world.clock, registry.rewrap(project, { from: a, to: b }));
  expect(first).toMatchObject({ state: "partial", remaining: 3, failed: [{ code: "key-disabled", count: 3 }] });
  world.cloud.refusals.clear();
  const second = await registry.rewrap(project, { from: a, to: b });
  expect(second).toMatchObject({ state: "done", dataKeys: 3, remaining: 0, failed: [] });
  expect(await openAll(world, sealed)).toEqual(["opened"]);
});

it.each(["was checked before", "never was"])("changes nothing where the target cannot take data keys: it %s", async (when) => {
  const world = await newWorld(engine);
  const { registry, a, b } = await moving(world);
  if (when !== "never was") await registry.check(project, b);
  world.cloud.refusals.set("b", "access-denied");
  expect(await codeOf(async () => registry.rewrap(project, { from: a, to: b }))).toBe("access-denied");
  expect(await registry.get(project, a)).toMatchObject({ status: "current", defaultCmk: true });
  expect(await codeOf(async () => registry.rewrapProgress(project, a))).toBe("not-found");
});

it("tries again by itself what failed in passing", async () => {
  const world = await newWorld(engine);
  const { registry, a, b } = await moving(world);
  world.cloud.refusals.set("a", "unavailable");
  const running = registry.rewrap(project, { from: a, to: b });
  world.clock.after(20_000, () => void world.cloud.refusals.delete("a"));
  expect(await waited(world.clock, running)).toMatchObject({ state: "done", failed: [] });
});

it("gives up after a hundred refusals in a row, and says with what", async () => {
  const world = await newWorld(engine);
  const { registry, a, b } = await moving(world, 130);
  world.cloud.refusals.set("a", "key-disabled");
  const ended = await waited(world.clock, registry.rewrap(project, { from: a, to: b }));
  expect(ended).toMatchObject({ state: "partial", stopped: "key-disabled", dataKeys: 130, remaining: 130 });
  const failed = ended.failed.reduce((sum, { count }) => sum + count, 0);
  // Some were tried by both batches of the process.
  expect(failed).toBeGreaterThanOrEqual(50);
  expect(ended.failedIds).toHaveLength(Math.min(failed, 100));
});

it("can be stopped: what was moved stays, and the rest is moved the next time", async () => {
  const world = await newWorld(engine);
  const { registry, a, b, sealed } = await moving(world, 40);
  await registry.check(project, b);
  const stop = new AbortController();
  let wraps = 0;
  world.cloud.onWrap = async () => {
    wraps += 1;
    if (wraps === 5) stop.abort();
  };
  expect(await codeOf(async () => registry.rewrap(project, { from: a, to: b, signal: stop.signal, concurrency: 2 }))).toBe(
    "aborted",
  );
  const progress = await registry.rewrapProgress(project, a);
  expect(progress.state).toBe("unfinished");
  expect(progress.remaining).toBeGreaterThan(30);
  expect(progress.remaining).toBeLessThan(40);
  expect(await openAll(world, sealed)).toEqual(["opened"]);
  expect(await world.process().rewrap(project, { from: a, to: b })).toMatchObject({
    state: "done",
    dataKeys: progress.remaining,
  });
});

it("stops when its target is current no longer", async () => {
  const world = await newWorld(engine);
  const { registry, a, b } = await moving(world, 40);
  const c = await registerKey(registry, "c");
  let wraps = 0;
  await registry.check(project, b);
  world.cloud.onWrap = async () => {
    wraps += 1;
    if (wraps === 5) await registry.update(project, c.id, { defaultCmk: true });
    if (wraps === 6) await registry.update(project, b, { status: "old" });
  };
  const ended = await waited(world.clock, registry.rewrap(project, { from: a, to: b, concurrency: 2 }));
  expect(ended).toMatchObject({ state: "partial", stopped: "key-retired" });
  expect(await world.process().rewrapProgress(project, a)).toMatchObject({ state: "partial", stopped: "key-retired" });
});

it("goes on in a process that only began it, and ends with the registry", async () => {
  const world = await newWorld(engine);
  const { registry, a, b } = await moving(world);
  const seen: RewrapProgress[] = [];
  seen.push(await registry.startRewrap(project, { from: a, to: b }));
  expect(seen[0]).toMatchObject({ dataKeys: 3, from: a, to: b });
  await registry.rewrap(project, { from: a, to: b });
  expect(await registry.rewrapProgress(project, a)).toMatchObject({ state: "done" });
  await registry.startRewrap(project, { from: a, to: b });
  await registry.close();
});

it("asked for twice in a process runs once", async () => {
  const world = await newWorld(engine);
  const { registry, a, b } = await moving(world, 5);
  await registry.check(project, b);
  world.cloud.requests = 0;
  const both = [registry.rewrap(project, { from: a, to: b }), registry.rewrap(project, { from: a, to: b })];
  expect((await Promise.all(both)).map(({ state }) => state)).toEqual(["done", "done"]);
  const started = (await collected(registry.audit.entries({ project }))).filter(({ action }) => action === "rewrap.start");
  expect(started).toHaveLength(1);
});

it("is refused while sixteen others of the project run in the process", async () => {
  const world = await newWorld(engine);
  const { registry, b } = await moving(world, 1);
  const cloud = Promise.withResolvers<void>();
  await registry.check(project, b);
  const sources: string[] = [];
  for (let i = 0; i < 17; i += 1) {
    const { id } = await registry.register(project, { provider: "double", resource: `alias:x${"abcdefghijklmnopq"[i]}` });
    sources.push(id);
  }
  for (const [i] of sources.entries()) world.cloud.aliases.set(`x${"abcdefghijklmnopq"[i]}`, "c");
  world.cloud.onWrap = async () => cloud.promise;
  const all = sources.map(async (from) => codeOf(async () => registry.rewrap(project, { from, to: b })));
  expect(await all.at(-1)).toBe("in-use");
  cloud.resolve();
  await waited(world.clock, Promise.all(all));
});

it("is only counted with dryRun", async () => {
  const world = await newWorld(engine);
  const { registry, a, b } = await moving(world);
  expect(await registry.rewrap(project, { from: a, to: b, dryRun: true })).toMatchObject({ dataKeys: 3, remaining: 3 });
  expect(await registry.startRewrap(project, { from: a, to: b, dryRun: true })).toMatchObject({ dataKeys: 3, remaining: 3 });
  expect(await codeOf(async () => registry.rewrapProgress(project, a))).toBe("not-found");
  expect((await registry.get(project, a)).status).toBe("current");
});

it("tells how far it has come", async () => {
  const world = await newWorld(engine);
  const { registry, a, b } = await moving(world);
  const seen: RewrapProgress[] = [];
  const onProgress = (progress: RewrapProgress): void => {
    seen.push(progress);
    throw new Error("a listener's own fault");
  };
  await registry.rewrap(project, { from: a, to: b, onProgress });
  expect(seen.at(-1)).toMatchObject({ state: "done", remaining: 0, dataKeys: 3 });
});

it("takes data keys away from the operator's key once a project has brought its own", async () => {
  const world = await newWorld(engine);
  const operatorCmk = { provider: "double", resource: "double:c" };
  const registry = world.process({ operatorCmk });
  const sealed = await sealUnder(registry.envelope({ service: "crm" }), 3);
  const b = await registerKey(registry, "b", true);
  expect(await registry.rewrap(project, { from: "operator", to: b.id })).toMatchObject({ state: "done", dataKeys: 3 });
  world.cloud.refusals.set("c", "key-destroyed");
  expect(await openAll(world, sealed)).toEqual(["opened"]);
  const none = world.process();
  expect(await codeOf(async () => none.rewrap(project, { from: "operator", to: b.id }))).toBe("not-found");
});

it("wants two CMKs of the project, and a target that may wrap", async () => {
  const world = await newWorld(engine);
  const { registry, a, b } = await moving(world, 1);
  const other = await registerKey(registry, "c", true, "globex");
  const asked = async (from: string, to: string): Promise<string> => codeOf(async () => registry.rewrap(project, { from, to }));
  expect(await asked(a, a)).toBe("invalid-request");
  expect(await asked(a, other.id)).toBe("not-found");
  expect(await asked(other.id, b)).toBe("not-found");
  await registry.update(project, b, { status: "old" });
  expect(await asked(a, b)).toBe("invalid-request");
});

it("goes on for whoever joined while it was being begun, when the first caller gives up", async () => {
  const world = await newWorld(engine);
  const { registry, a, b } = await moving(world);
  const [checked, goOn] = [Promise.withResolvers<void>(), Promise.withResolvers<void>()];
  world.cloud.onWrap = async () => {
    checked.resolve();
    await goOn.promise;
  };
  const first = new AbortController();
  const given = codeOf(async () => registry.rewrap(project, { from: a, to: b, signal: first.signal }));
  const joined = registry.rewrap(project, { from: a, to: b });
  await checked.promise;
  first.abort();
  goOn.resolve();
  expect(await given).toBe("aborted");
  expect(await joined).toMatchObject({ state: "done", remaining: 0 });
});

it("counts rows with dryRun, whatever was written down of them", async () => {
  const attacked = attackedStore();
  const world = new World(() => sqliteStore(attacked.file));
  const { registry, a, b } = await moving(world, 3);
  attacked.sql("delete from cmkit_balances");
  expect(await registry.rewrap(project, { from: a, to: b, dryRun: true })).toMatchObject({ remaining: 3 });
});
