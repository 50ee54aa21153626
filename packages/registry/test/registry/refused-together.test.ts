import { fieldEncryption, type Envelope, type KmsErrorCode } from "@cmkit/core";
import { describe, expect, test } from "vitest";

import type { Registry } from "../../src/registry.ts";
import { sqlite } from "./sqlite-engine.ts";
import { codeOf, newWorld, opening, registerKey, seal, type World } from "./world.ts";

const engine = sqlite();

/** An envelope of a process, warm for one project: how opening, sealing, searching and sealing with its sealer go. */
async function service(registry: Registry, name: string, project = "acme"): Promise<() => Promise<readonly string[]>> {
  const box = registry.envelope({ service: name });
  const sealed = await seal(box, project);
  const sealer = await box.sealer({ tenant: project });
  const works = async (): Promise<readonly string[]> => [
    await opening(box, sealed, project),
    await codeOf(async () => void (await seal(box, project))),
    await codeOf(async () => void (await index(box, project))),
    await codeOf(async () => void sealer.seal(sealed)),
  ];
  expect(await works()).toEqual(all);
  return works;
}

const all = ["opened", "done", "done", "done"];
const none = (code: KmsErrorCode): readonly string[] => [code, code, code, "data-key-expired"];

async function index(box: Envelope, project = "acme"): Promise<string> {
  const pii = fieldEncryption({ envelope: box, table: "customers", rowId: "id", fields: { email: { index: "emailIndex" } } });
  return pii.for(project).index("email", "ada@example.com");
}

/** Two services of one process, one of another process, and two projects of one key. */
async function running(world: World) {
  const [registry, elsewhere] = [world.process({ sharedResources: true }), world.process({ sharedResources: true })];
  const { id } = await registerKey(registry, "a", true);
  await registerKey(registry, "a", true, "globex");
  const crm = registry.envelope({ service: "crm" });
  return {
    registry,
    id,
    crm,
    billing: await service(registry, "billing"),
    theirs: await service(registry, "billing", "globex"),
    apart: await service(elsewhere, "billing"),
  };
}

describe("what one service of a process hears refused", () => {
  test.each(["key-disabled", "key-pending-deletion", "key-destroyed", "key-not-found"] as const)(
    "(%s) is refused to its other services, for reading, writing and searching: of that project, in that process",
    async (code) => {
      const world = await newWorld(engine);
      const { crm, billing, theirs, apart } = await running(world);
      world.cloud.refusals.set("a", code);
      expect([await billing(), await theirs(), await apart()]).toEqual([all, all, all]);
      expect(await codeOf(async () => crm.seal(new Uint8Array(1), { tenant: "acme", context: { region: "eu" } }))).toBe(code);
      expect([await billing(), await theirs(), await apart()]).toEqual([none(code), all, all]);
      const { requests } = world.cloud;
      for (let i = 0; i < 20; i += 1) await billing();
      expect(world.cloud.requests).toBe(requests);
    },
  );

  test("(access-denied) is refused to them where it was denied for a context that worked for one of them", async () => {
    const world = await newWorld(engine);
    const { crm, billing } = await running(world);
    world.cloud.refusals.set("a", "access-denied");
    expect(await codeOf(async () => crm.seal(new Uint8Array(1), { tenant: "acme", context: { region: "eu" } }))).toBe(
      "access-denied",
    );
    expect(await billing()).toEqual(all);
    expect(await codeOf(async () => seal(crm))).toBe("access-denied"); // under the context that billing uses
    expect(await billing()).toEqual(none("access-denied"));
  });

  test("is heard by an access check as well", async () => {
    const world = await newWorld(engine);
    const { registry, id, billing, theirs, apart } = await running(world);
    expect(await registry.check("acme", id)).toMatchObject({ passed: true });
    expect(await billing()).toEqual(all);
    world.cloud.states.set("a", "disabled");
    world.cloud.refusals.set("a", "key-disabled");
    expect(await registry.check("acme", id)).toMatchObject({ passed: false });
    expect([await billing(), await theirs(), await apart()]).toEqual([none("key-disabled"), all, all]);
  });

  test("is none of theirs while a check meets an outage", async () => {
    const world = await newWorld(engine);
    const { registry, id, billing } = await running(world);
    world.cloud.refusals.set("a", "bad-answer");
    expect(await registry.check("acme", id)).toMatchObject({ passed: false });
    expect(await billing()).toEqual(all);
  });
});

describe("an index key", () => {
  test("that is purged, or whose CMK is deleted, is asked of the KMS again or refused", async () => {
    const world = await newWorld(engine);
    const registry = world.process();
    const { id } = await registerKey(registry, "a", true);
    const box = registry.envelope({ service: "crm" });
    const search = async (): Promise<readonly unknown[]> => {
      const before = world.cloud.requests;
      return [await codeOf(async () => void (await index(box))), world.cloud.requests - before];
    };
    await search();
    expect(await search()).toEqual(["done", 0]);
    await registry.purge("acme", id);
    expect(await search()).toEqual(["done", 1]);
    await registry.delete("acme", id, { force: true });
    expect(await search()).toEqual(["key-removed", 0]);
  });

  test("that came second was never kept, and is not counted as made", async () => {
    const world = await newWorld(engine);
    const [first, second] = [world.process(), world.process()];
    await registerKey(first, "a", true);
    const indexes: string[] = [];
    world.cloud.onWrap = async () => {
      world.cloud.onWrap = undefined;
      indexes.push(await index(first.envelope({ service: "crm" }))); // while the other one wraps its own
    };
    indexes.push(await index(second.envelope({ service: "crm" })));
    expect(new Set(indexes).size).toBe(1);
    expect(indexes).toHaveLength(2);
    const balances = await world.store.reads.balances("acme");
    expect(balances.map(({ record: { resource, made } }) => [resource, made])).toEqual([["double:a", 1]]);
  });
});
