import { fieldEncryption } from "@cmkit/core";
import { describe, expect, it } from "vitest";
import type { Registry } from "../../src/registry.ts";
import { engines } from "../registry/stores.ts";
import { codeOf, collected, newWorld, registerKey } from "../registry/world.ts";
import { heldStore } from "./held-store.ts";
import { counts, moving, openAll, project, sealUnder, waited } from "./rewrap-world.ts";

const both = engines();
const [, postgres] = both;

describe.each(both)("a rewrap on $name", (engine) => {
  it("moves every data key to another key, and what was sealed opens as before", async () => {
    const world = await newWorld(engine);
    const { registry, a, b, sealed } = await moving(world);
    const ended = await waited(world.clock, registry.rewrap(project, { from: a, to: b }));
    expect(ended).toMatchObject({ from: a, to: b, state: "done", dataKeys: 3, remaining: 0, failed: [], failedIds: [] });
    expect(await counts(registry, a, b)).toEqual([0, 3]);
    expect((await registry.list(project)).map(({ status, defaultCmk }) => `${status} ${defaultCmk}`)).toEqual([
      "old false",
      "current true",
    ]);
    world.cloud.refusals.set("a", "key-destroyed");
    expect(await openAll(world, sealed)).toEqual(["opened"]);
  });

  it("is remembered: how it ended can be asked in another process, and stands in the audit log", async () => {
    const world = await newWorld(engine);
    const { registry, a, b } = await moving(world);
    await waited(world.clock, registry.rewrap(project, { from: a, to: b, actor: "cli:ada" }));
    expect(await world.process().rewrapProgress(project, a)).toMatchObject({ state: "done", dataKeys: 3, remaining: 0 });
    expect(await codeOf(async () => registry.rewrapProgress(project, b))).toBe("not-found");
    const told = (await collected(registry.audit.entries({ project }))).filter(({ action }) => action.startsWith("rewrap."));
    expect(told.map(({ action, subject, actor, details }) => [action, subject, actor, details["from"]])).toEqual([
      ["rewrap.start", b, "cli:ada", a],
      ["rewrap.done", b, "cli:ada", a],
    ]);
  });

  it("shares its work among processes: nothing is lost, and balances agree", async () => {
    const world = await newWorld(engine);
    const { registry, a, b, sealed } = await moving(world, 12);
    const processes = [registry, world.process(), world.process()];
    const rewraps = Promise.all(processes.map(async (each) => each.rewrap(project, { from: a, to: b })));
    const all = await waited(world.clock, rewraps);
    expect(all.map(({ state, remaining }) => `${state} ${remaining}`)).toEqual(["done 0", "done 0", "done 0"]);
    expect(await counts(registry, a, b)).toEqual([0, 12]);
    expect(await openAll(world, sealed)).toEqual(["opened"]);
    const balances = await world.store.reads.balances(project);
    const told = balances.map(({ record: { resource, made, rewrappedIn, rewrappedOut } }) => [
      resource,
      made,
      rewrappedIn,
      rewrappedOut,
    ]);
    expect(told.sort(([a], [b]) => `${a}`.localeCompare(`${b}`))).toEqual([
      ["double:a", 12, 0, 12],
      ["double:b", 0, 12, 0],
    ]);
  });

  it("moves an index key without breaking search", async () => {
    const world = await newWorld(engine);
    const { registry, a, b } = await moving(world);
    const indexed = async (at: Registry): Promise<string> => {
      const fields = { email: { index: "emailIndex" } } as const;
      const pii = fieldEncryption({ envelope: at.envelope({ service: "crm" }), table: "customers", rowId: "id", fields });
      return pii.for(project).index("email", "ada@example.com");
    };
    const before = await indexed(registry);
    const ended = await waited(world.clock, registry.rewrap(project, { from: a, to: b }));
    expect(ended).toMatchObject({ state: "done", dataKeys: 4 });
    world.cloud.refusals.set("a", "key-destroyed");
    expect(await indexed(world.process())).toEqual(before);
  });

  it("lets a process that still seals under the old key make its next data key under the new one", async () => {
    const world = await newWorld(engine);
    const { registry, a, b } = await moving(world);
    const stale = world.process().envelope({ service: "crm" });
    await sealUnder(stale, 1);
    await waited(world.clock, registry.rewrap(project, { from: a, to: b }));
    await sealUnder(stale, 6);
    const [under] = await counts(registry, a);
    expect(under).toBe(0);
  });
});

// With SQLite there is one transaction at a time. Here the locks must see to it that a proof of nothing being left is one.
describe("a retire on PostgreSQL", () => {
  async function retired(registry: Registry, id: string, inItsPlace: string): Promise<string> {
    return codeOf(async () => {
      await registry.update(project, inItsPlace, { defaultCmk: true });
      await registry.update(project, id, { status: "old" });
      await registry.retire(project, id);
    });
  }

  it("waits for a data key that is being stored under the key", async () => {
    const world = await newWorld(postgres);
    const { registry, a, b } = await moving(world, 0);
    for (const id of [a, b]) await registry.check(project, id);
    const held = heldStore(world.open());
    const sealing = sealUnder(world.process({ store: held.store }).envelope({ service: "crm" }), 1);
    await held.written;
    const retiring = retired(registry, a, b);
    await postgres.lockAwaited(retiring);
    held.commit();
    await sealing;
    expect(await retiring).toBe("in-use");
    expect(await counts(registry, a)).toEqual([1]);
  });

  it("waits for data keys that are being moved to the key", async () => {
    const world = await newWorld(postgres);
    const { registry, a, b } = await moving(world, 1);
    const c = await registerKey(registry, "c");
    const held = heldStore(world.open());
    const rewrapping = world.process({ store: held.store }).rewrap(project, { from: a, to: b, concurrency: 1 });
    await held.written;
    const retiring = retired(registry, b, c.id);
    await postgres.lockAwaited(retiring);
    held.commit();
    await rewrapping;
    expect(await retiring).toBe("in-use");
    expect(await counts(registry, a, b)).toEqual([0, 1]);
  });
});
