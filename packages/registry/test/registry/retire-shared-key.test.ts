import { beforeEach, describe, expect, test } from "vitest";

import type { RegisteredCmk } from "../../src/registered-cmk.ts";
import type { Registry } from "../../src/registry.ts";
import { makeOld, refusal, rewrapped } from "./retire-world.ts";
import { sqlite } from "./sqlite-engine.ts";
import { codeOf, newWorld, registerKey, seal, type World } from "./world.ts";

const engine = sqlite();
let world: World;
let registry: Registry;

beforeEach(async () => {
  world = await newWorld(engine);
  registry = world.process();
});

describe("where projects share a key", () => {
  let shared: Registry;
  let acmes: RegisteredCmk;
  let theirs: RegisteredCmk;

  beforeEach(async () => {
    shared = world.process({ sharedResources: true });
    acmes = await registerKey(shared, "a");
    theirs = await registerKey(shared, "a", true, "globex");
    await makeOld(shared, acmes);
  });

  test("takes no date before another project's last data key left it, nor before the CMK that was deleted went", async () => {
    const next = await registerKey(shared, "c", false, "globex");
    await seal(shared.envelope({ service: "crm" }), "globex");
    await world.clock.advance(5000);
    await shared.rewrap("globex", { from: theirs.id, to: next.id });
    const leftAt = world.clock.wallMs();
    const retire = async (backupsUntilMs: number): Promise<string> =>
      codeOf(async () => `${(await shared.retire("acme", acmes.id, { backupsUntil: new Date(backupsUntilMs) })).safeToDestroy}`);
    expect([await retire(leftAt - 1), await retire(leftAt)]).toEqual(["invalid-request", "true"]);
    await world.clock.advance(5000);
    await shared.delete("globex", theirs.id);
    expect([await retire(world.clock.wallMs() - 1), await retire(world.clock.wallMs())]).toEqual(["invalid-request", "true"]);
  });

  test("takes no date while the end of a rewrap was not seen", async () => {
    const next = await registerKey(shared, "c", false, "globex");
    await seal(shared.envelope({ service: "crm" }), "globex");
    await shared.rewrap("globex", { from: theirs.id, to: next.id });
    const [ended] = (await world.store.reads.rewraps("globex")).map((row) => world.tags.rewrap.open(row));
    if (ended === undefined) throw new RangeError("expected a rewrap");
    await world.store.write(async (tx) => tx.putRewrap(world.tags.rewrap.seal({ ...ended, state: "unfinished" })));
    const refused = shared.retire("acme", acmes.id, { backupsUntil: new Date(world.clock.wallMs()) });
    const message = expect.stringContaining("Run it once more, from the key's CMK in another project.") as string;
    await expect(refused).rejects.toMatchObject({ code: "invalid-request", message });
    await shared.rewrap("globex", { from: theirs.id, to: next.id });
    const report = await shared.retire("acme", acmes.id, { backupsUntil: new Date(world.clock.wallMs()) });
    expect(report.safeToDestroy).toBe(true);
  });

  async function refusedWith(message: string): Promise<void> {
    expect(await refusal(shared, acmes)).toMatchObject({ code: "in-use", message: `The CMK cannot be retired. ${message}` });
  }

  test("is refused while another one can wrap under it", async () => {
    await refusedWith("It is current in 1 other project: whoever holds it there moves to another key first.");
  });

  test("is refused while another one has data keys under it, also after that deleted its CMK", async () => {
    await seal(shared.envelope({ service: "crm" }), "globex");
    await refusedWith("Data keys of 1 other project depend on it: rewrap them, too.");
    await shared.delete("globex", theirs.id, { force: true });
    await refusedWith("Data keys of 1 other project depend on it: rewrap them, too.");
  });

  test("is possible once both have left it", async () => {
    await makeOld(shared, theirs);
    expect(await codeOf(async () => shared.retire("acme", acmes.id))).toBe("done");
    expect(await codeOf(async () => shared.retire("globex", theirs.id))).toBe("done");
  });

  test("is refused when another one's data keys are gone that should be there", async () => {
    await seal(shared.envelope({ service: "crm" }), "globex");
    await makeOld(shared, theirs);
    const [gone] = await world.store.reads.dataKeys("globex", { limit: 1 });
    if (gone === undefined) throw new RangeError("expected a data key");
    const [before] = gone.recipients;
    const after = { ...before, cmk: { provider: "double", resource: "double:c" } };
    await world.store.write(async (tx) => tx.replaceWraps("globex", [{ id: gone.id, before, after }]));
    expect(await refusal(shared, acmes)).toMatchObject({ code: "bad-record" });
  });

  test("is refused for the operator's own key", async () => {
    const b = await registerKey(shared, "b");
    await makeOld(shared, b);
    const operators = world.process({ sharedResources: true, operatorCmk: { provider: "double", resource: "double:b" } });
    expect(await refusal(operators, b)).toMatchObject({
      code: "in-use",
      message:
        "The CMK cannot be retired. It is the operator's own, too, which serves projects that have none: give the registry another one first.",
    });
  });
});

describe("where a key has several names", () => {
  const version = { versionOne: "rsa/1", versionTwo: "rsa/2", whole: "rsa" };

  test("a version is retired while the next one is current, and the report says that it is a version", async () => {
    const one = await rewrapped(registry, version.versionOne, version.versionTwo);
    const report = await registry.retire("acme", one.id, { backupsUntil: new Date(world.clock.wallMs()) });
    expect(report).toMatchObject({ resource: "double:rsa/1", safeToDestroy: true });
    expect(report.cannotSee.at(-1)).toContain("destroy this version alone");
  });

  test("the whole key is not retired while a version of it is current, or holds data keys", async () => {
    const whole = await registerKey(registry, version.whole);
    const two = await registerKey(registry, version.versionTwo, true);
    await seal(registry.envelope({ service: "crm" }));
    await makeOld(registry, whole);
    expect(await refusal(registry, whole)).toMatchObject({
      code: "in-use",
      message: `The CMK cannot be retired. CMK ${two.id}, which is current, names the same key.`,
    });
    await makeOld(registry, two);
    const message = expect.stringContaining("1 data key depends on it under another CMK of the project") as string;
    expect(await refusal(registry, whole)).toMatchObject({ code: "in-use", message });
  });

  test("a version is not retired while data keys under the whole key have that version", async () => {
    const whole = await registerKey(registry, version.whole, true);
    const one = await registerKey(registry, version.versionOne);
    await registry.check("acme", one.id);
    await seal(registry.envelope({ service: "crm" })); // under version 1
    await makeOld(registry, one);
    expect(await refusal(registry, one)).toMatchObject({ code: "in-use", message: expect.stringContaining(whole.id) as string });
    await makeOld(registry, whole);
    expect(await refusal(registry, one)).toMatchObject({
      code: "in-use",
      message: expect.stringContaining("1 data key") as string,
    });
  });

  test("a version is not retired while another project has data keys under the whole key, whose CMK it deleted", async () => {
    const shared = world.process({ sharedResources: true });
    const theirs = await registerKey(shared, version.whole, true, "globex");
    await seal(shared.envelope({ service: "crm" }), "globex");
    await shared.delete("globex", theirs.id, { force: true });
    const one = await registerKey(registry, version.versionOne);
    await makeOld(registry, one);
    await registry.check("acme", one.id);
    const message = "The CMK cannot be retired. Data keys of 1 other project depend on it: rewrap them, too.";
    expect(await refusal(registry, one)).toMatchObject({ code: "in-use", message });
  });

  test("the whole key is not retired while another project has data keys under a version, whose CMK it deleted", async () => {
    const shared = world.process({ sharedResources: true });
    const theirs = await registerKey(shared, version.versionOne, true, "globex");
    await seal(shared.envelope({ service: "crm" }), "globex");
    await shared.delete("globex", theirs.id, { force: true });
    const whole = await registerKey(registry, version.whole);
    await makeOld(registry, whole);
    const message = "The CMK cannot be retired. Data keys of 1 other project depend on it: rewrap them, too.";
    expect(await refusal(registry, whole)).toMatchObject({ code: "in-use", message });
  });

  test("a version is retired while the whole key wraps under the next one", async () => {
    world.cloud.rsaVersion = 2;
    await registerKey(registry, version.whole, true);
    const one = await registerKey(registry, version.versionOne);
    await makeOld(registry, one);
    // As long as nobody knows which version either is, they count as one.
    expect(await refusal(registry, one)).toMatchObject({ code: "in-use" });
    await registry.check("acme", one.id);
    await seal(registry.envelope({ service: "crm" })); // under version 2
    expect(await codeOf(async () => registry.retire("acme", one.id))).toBe("done");
  });
});
