import { describe, expect, test } from "vitest";
import { envelopeGroup, type EnvelopeGroup } from "../src/envelope-group.ts";
import { engineOf, type Envelope, type Sealer } from "../src/envelope.ts";
import type { KmsErrorCode } from "../src/kms-error.ts";
import { bytes, keyA, keyB, recordKey, World } from "./envelope-world.ts";

const acme = { tenant: "acme" };
const eu = { tenant: "acme", context: { region: "eu" } };
const globex = { tenant: "globex" };

/** One service of the process: its envelope, warm for reading, writing and searching. */
interface Service {
  readonly box: Envelope;
  readonly sealer: Sealer;
  /** How opening, sealing, searching and sealing with the sealer go. */
  readonly works: () => Promise<readonly string[]>;
}

const all = ["ok", "ok", "ok", "ok"];
const none = (code: KmsErrorCode): readonly string[] => [code, code, code, "data-key-expired"];

async function service(world: World, group: EnvelopeGroup, name: string, how = acme): Promise<Service> {
  const { kms, store } = world;
  const box = group.envelope({
    kms,
    cmk: (tenant) => (tenant === "acme" ? keyA : keyB),
    accepted: () => [keyA, keyB],
    dataKeys: store,
    recordKey,
    service: name,
  });
  const { indexing } = engineOf(box);
  const sealed = await box.seal(bytes("a"), how);
  const sealer = await box.sealer(how);
  const works = async (): Promise<readonly string[]> => {
    const bound = engineOf(box).bind(how.tenant);
    return [
      await world.code(box.open(sealed, how)),
      await world.code(box.seal(bytes("a"), how)),
      await world.code((async () => indexing.cached(bound) ?? indexing.load(bound, {}))()),
      await world.code((async () => sealer.seal(bytes("a")))()),
    ];
  };
  expect(await works()).toEqual(all);
  return { box, sealer, works };
}

/** A context that none of them has used hears it. */
async function refusedFirst(world: World, { box }: Service, how = eu): Promise<string> {
  return world.code(box.seal(bytes("a"), how));
}

describe("of the envelopes of a group", () => {
  test("one hears that the key refuses: all stop reading, writing and searching, of that tenant alone", async () => {
    const world = new World();
    const group = envelopeGroup();
    const [crm, billing, others] = [
      await service(world, group, "crm"),
      await service(world, group, "billing"),
      await service(world, group, "billing", globex),
    ];
    const apart = await service(world, envelopeGroup(), "crm");
    world.scripted.refuse("key-disabled");
    world.events.length = 0;
    expect(await refusedFirst(world, crm)).toBe("key-disabled");
    expect(world.evictions()).toEqual(Array.from({ length: 6 }, () => "acme refused")); // three keys of each
    expect([await crm.works(), await billing.works()]).toEqual([none("key-disabled"), none("key-disabled")]);
    expect([await others.works(), await apart.works()]).toEqual([all, all]);
  });

  test("each asks for itself once, and remembers what it was told while the others are refused, too", async () => {
    const world = new World();
    const group = envelopeGroup();
    const crm = await service(world, group, "crm");
    const services = [crm, await service(world, group, "billing")];
    world.scripted.refuse("key-disabled");
    await refusedFirst(world, crm);
    const before = world.scripted.calls.length;
    for (const each of [...services, ...services]) await each.works();
    const asked = world.scripted.calls.length - before;
    for (let i = 0; i < 10; i += 1) for (const each of services) expect(await each.works()).toEqual(none("key-disabled"));
    expect([asked, world.scripted.calls.length - before]).toEqual([6, 6]); // opening, sealing and searching, each of the two
  });

  test("one is denied a context that none has used: all go on", async () => {
    const world = new World();
    const group = envelopeGroup();
    const [crm, billing] = [await service(world, group, "crm"), await service(world, group, "billing")];
    world.scripted.refuse("access-denied");
    expect(await refusedFirst(world, crm)).toBe("access-denied");
    expect([await crm.works(), await billing.works()]).toEqual([all, all]);
  });

  test("one is denied a context that works for another: it is not about the context, and all stop", async () => {
    const world = new World();
    const group = envelopeGroup();
    const [crm, billing] = [await service(world, group, "crm"), await service(world, group, "billing")];
    await billing.box.seal(bytes("a"), eu);
    world.scripted.refuse("access-denied");
    expect(await refusedFirst(world, crm)).toBe("access-denied");
    expect([await crm.works(), await billing.works()]).toEqual([none("access-denied"), none("access-denied")]);
  });

  test("what is being opened while another hears the refusal is given to its caller, and not kept", async () => {
    const world = new World();
    const group = envelopeGroup();
    const crm = await service(world, group, "crm");
    const billing = await service(world, group, "billing");
    const sealed = await crm.box.seal(bytes("a"), acme);
    const reached = Promise.withResolvers<void>();
    const release = Promise.withResolvers<undefined>();
    world.scripted.script = async ({ operation }) => {
      if (operation !== "unwrap") return "key-disabled";
      reached.resolve();
      return release.promise;
    };
    const opening = billing.box.open(sealed, acme);
    await reached.promise;
    expect(await refusedFirst(world, crm)).toBe("key-disabled");
    release.resolve(undefined);
    expect(await world.code(opening)).toBe("ok");
    world.scripted.refuse("unavailable");
    expect(await world.code(billing.box.open(sealed, acme))).toBe("unavailable");
  });

  test("all are told what was heard elsewhere, and take it for theirs where it is about the key", async () => {
    const world = new World();
    const group = envelopeGroup();
    const [crm, others] = [await service(world, group, "crm"), await service(world, group, "crm", globex)];
    world.scripted.refuse("key-disabled");
    for (const code of ["access-denied", "decrypt-failed", "timeout", "bad-answer"] as const) group.answered(code, "acme", keyA);
    group.answered("key-disabled", "acme", keyB);
    group.answered("key-disabled", "globex", keyA);
    expect([await crm.works(), await others.works()]).toEqual([all, all]);
    group.answered("key-disabled", "acme", keyA);
    expect([await crm.works(), await others.works()]).toEqual([none("key-disabled"), all]);
  });

  test("a purge is of them all", async () => {
    const world = new World();
    const group = envelopeGroup();
    const services = [await service(world, group, "crm"), await service(world, group, "billing")];
    const others = await service(world, group, "billing", globex);
    world.scripted.refuse("key-disabled");
    group.purge(keyA, "acme");
    for (const each of services) expect(await each.works()).toEqual(none("key-disabled"));
    expect(await others.works()).toEqual(all);
    group.purge();
    expect(await others.works()).toEqual(none("key-disabled"));
  });
});
