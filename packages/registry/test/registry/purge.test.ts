import { randomUUID } from "node:crypto";
import type { Envelope } from "@cmkit/core";
import { afterAll, beforeAll, beforeEach, describe, expect, test, vi } from "vitest";

import type { RegisteredCmk } from "../../src/registered-cmk.ts";
import type { Registry, RegistryOptions } from "../../src/registry.ts";
import type { Purge } from "../../src/store.ts";
import { waited } from "../rewrap/rewrap-world.ts";
import { startPostgres, type OwnPostgres } from "../store/postgres-server.ts";
import type { StorePlace } from "../store/store-place.ts";
import { sqlite } from "./sqlite-engine.ts";
import { codeOf, newWorld, opening, registerKey, seal, World } from "./world.ts";

/** A process that has the data keys of two projects in its cache. */
interface Reader {
  readonly registry: Registry;
  readonly box: Envelope;
  /** What it was told, oldest first. */
  readonly heard: (Purge | undefined)[];
}

const ofA = { project: "acme", cmk: { provider: "double", resource: "double:a" } };

describe("on PostgreSQL", () => {
  let server: OwnPostgres;
  let place: StorePlace;
  let world: World;
  let registry: Registry;
  let cmk: RegisteredCmk;
  let sealed: Uint8Array;
  let globex: Uint8Array;

  beforeAll(async () => {
    server = await startPostgres();
  }, 60_000);
  afterAll(async () => server.close());

  beforeEach(async () => {
    place = await server.makePlace({ fresh: true });
    world = new World(() => place.open());
    registry = world.process();
    cmk = await registerKey(registry, "a", true);
    await registerKey(registry, "b", true, "globex");
    const box = registry.envelope({ service: "crm" });
    [sealed, globex] = [await seal(box), await seal(box, "globex")];
  });

  async function reader(options: Partial<RegistryOptions> = {}): Promise<Reader> {
    const store = place.open();
    const heard: (Purge | undefined)[] = [];
    store.onPurge((purge) => void heard.push(purge));
    const other = world.process({ store, ...options });
    const box = other.envelope({ service: "crm" });
    await vi.waitFor(() => expect(heard).toEqual([undefined]), { timeout: 20_000, interval: 5 }); // it listens
    expect([await opening(box, sealed), await opening(box, globex, "globex")]).toEqual(["opened", "opened"]);
    expect(await asksFor(box, sealed)).toEqual(["opened", 0]);
    return { registry: other, box, heard };
  }

  async function hears({ heard }: Reader, ...purges: readonly (Purge | undefined)[]): Promise<void> {
    await vi.waitFor(() => expect(heard.slice(1)).toEqual(purges), { timeout: 20_000, interval: 5 });
  }

  /** How it goes, and how many requests that takes. */
  async function asksFor(box: Envelope, message: Uint8Array, project = "acme"): Promise<readonly unknown[]> {
    const before = world.cloud.requests;
    return [await opening(box, message, project), world.cloud.requests - before];
  }

  test("a purge reaches other processes, which ask the KMS again for that project's data keys alone", async () => {
    const other = await reader();
    await registry.purge("acme", cmk.id);
    await hears(other, ofA);
    expect(await asksFor(other.box, globex, "globex")).toEqual(["opened", 0]);
    expect(await asksFor(other.box, sealed)).toEqual(["opened", 1]);
    await registry.purge("acme");
    await hears(other, ofA, ofA);
    world.cloud.refusals.set("a", "key-disabled");
    expect(await opening(other.box, sealed)).toBe("key-disabled");
  });

  test("a deletion reaches other processes: what they had opened is closed", async () => {
    const other = await reader();
    await registry.delete("acme", cmk.id, { force: true });
    await hears(other, ofA);
    expect(await asksFor(other.box, sealed)).toEqual(["key-removed", 0]);
    expect(await asksFor(other.box, globex, "globex")).toEqual(["opened", 0]);
  });

  test("a key that is made old, or that is rewrapped, reaches other processes: they seal under the next one", async () => {
    const other = await reader();
    await seal(other.box);
    const next = await registerKey(registry, "c", true);
    await registry.update("acme", cmk.id, { status: "old" });
    await hears(other, ofA);
    await seal(other.box);
    expect([await registry.dataKeyCount("acme", cmk.id), await registry.dataKeyCount("acme", next.id)]).toEqual([2, 1]);
    await waited(world.clock, registry.rewrap("acme", { from: cmk.id, to: next.id }));
    await vi.waitFor(() => expect(other.heard.length).toBeGreaterThan(2), { timeout: 20_000, interval: 5 });
    world.cloud.refusals.set("a", "key-destroyed");
    expect(await opening(other.box, sealed)).toBe("opened");
  });

  test("a project's first key reaches processes that seal for it under the operator's", async () => {
    const operatorCmk = { provider: "double", resource: "double:c" };
    const operators = world.process({ operatorCmk });
    const other = await reader({ operatorCmk });
    await seal(other.box, "umbrella");
    const own = await registerKey(operators, "rsa", true, "umbrella");
    await hears(other, { project: "umbrella", cmk: operatorCmk });
    await seal(other.box, "umbrella");
    expect(await operators.dataKeyCount("umbrella", own.id)).toBe(1);
  });

  test("who forges an announcement makes things be forgotten, and nothing else", async () => {
    const other = await reader();
    const notify = async (payload: string): Promise<void> => place.byHand("select pg_notify('cmkit_purge', ?)", payload);
    const from = randomUUID();
    const whole = { from, project: "acme", provider: "double", resource: "double:a" };
    const junk = [
      { ...whole, from: 7 },
      { ...whole, project: "*\n" },
      { ...whole, resource: "" },
      { ...whole, extra: true },
      [whole],
      null,
    ];
    for (const payload of ["", "x", "{", "9".repeat(7900), ...junk.map((each) => JSON.stringify(each))]) await notify(payload);
    await notify(JSON.stringify({ ...whole, project: "initech" }));
    await notify(JSON.stringify({ ...whole, provider: "gcp", resource: "projects/mine" }));
    await hears(other, { ...ofA, project: "initech" }, { project: "acme", cmk: { provider: "gcp", resource: "projects/mine" } });
    expect(await asksFor(other.box, sealed)).toEqual(["opened", 0]);
    await notify(JSON.stringify(whole));
    await vi.waitFor(() => expect(other.heard.at(-1)).toEqual(ofA), { timeout: 20_000, interval: 5 });
    expect(await asksFor(other.box, sealed)).toEqual(["opened", 1]);
    expect(await other.registry.list("acme")).toEqual(await registry.list("acme"));
  });

  test("who cuts the connection makes everything be forgotten: what was said meanwhile may have been missed", async () => {
    const other = await reader();
    await place.byHand(
      "select pg_terminate_backend(pid) from pg_stat_activity where query ilike '%listen cmkit_purge%' and pid <> pg_backend_pid()",
    );
    await hears(other, undefined);
    expect(await asksFor(other.box, sealed)).toEqual(["opened", 1]);
    await registry.purge("acme", cmk.id);
    await hears(other, undefined, ofA);
    expect(await asksFor(other.box, sealed)).toEqual(["opened", 1]);
  });
});

describe("on SQLite", () => {
  const engine = sqlite();

  test("a purge is of this process alone", async () => {
    const world = await newWorld(engine);
    const registry = world.process();
    const { id } = await registerKey(registry, "a", true);
    const box = registry.envelope({ service: "crm" });
    const sealed = await seal(box);
    const other = world.process().envelope({ service: "crm" });
    for (const each of [box, other]) expect(await opening(each, sealed)).toBe("opened");
    await registry.purge("acme", id);
    world.cloud.refusals.set("a", "key-disabled");
    expect([await opening(box, sealed), await opening(other, sealed)]).toEqual(["key-disabled", "opened"]);
  });

  test("a purge of a project drops what it has under the operator's key, too", async () => {
    const world = await newWorld(engine);
    const registry = world.process({ operatorCmk: { provider: "double", resource: "double:a" } });
    const box = registry.envelope({ service: "crm" });
    const sealing = async (project: string): Promise<string> => codeOf(async () => void (await seal(box, project)));
    expect([await sealing("acme"), await sealing("globex")]).toEqual(["done", "done"]);
    await registry.purge("acme");
    world.cloud.refusals.set("a", "key-disabled");
    expect([await sealing("acme"), await sealing("globex")]).toEqual(["key-disabled", "done"]);
  });

  test("a purge is refused for a CMK that the project does not have", async () => {
    const world = await newWorld(engine);
    const registry = world.process();
    const { id } = await registerKey(registry, "a", true);
    await expect(registry.purge("globex", id)).rejects.toMatchObject({ code: "not-found" });
  });
});
