import { beforeEach, expect, test } from "vitest";

import type { RewrapRecord } from "../../src/cmk-record.ts";
import type { RegisteredCmk } from "../../src/registered-cmk.ts";
import type { Registry } from "../../src/registry.ts";
import { rewrapped } from "./retire-world.ts";
import { sqlite } from "./sqlite-engine.ts";
import { codeOf, newWorld, registerKey, seal, type World } from "./world.ts";

const engine = sqlite();
let world: World;
let registry: Registry;

beforeEach(async () => {
  world = await newWorld(engine);
  registry = world.process();
});

/** With a date until which there are backups: `true` and `false` say whether it is safe to destroy the key. */
async function retire({ project, id }: RegisteredCmk, until: number): Promise<string> {
  return codeOf(async () => String((await registry.retire(project, id, { backupsUntil: new Date(until) })).safeToDestroy));
}

test("takes no date from before the rewrap ended: data keys left until then", async () => {
  const old = await registerKey(registry, "a", true);
  const next = await registerKey(registry, "b");
  await seal(registry.envelope({ service: "crm" }));
  await registry.update("acme", next.id, { defaultCmk: true });
  await registry.update("acme", old.id, { status: "old" });
  await registry.check("acme", next.id); // from here on only the rewrap asks
  const begunMs = world.clock.wallMs();
  world.cloud.onWrap = async () => world.clock.jumpWall(60_000);
  await registry.rewrap("acme", { from: old.id, to: next.id, concurrency: 1 });
  const endedMs = world.clock.wallMs();
  expect(endedMs).toBe(begunMs + 60_000);
  expect((await registry.rewrapProgress("acme", old.id)).startedAt).toEqual(new Date(begunMs));
  expect(await retire(old, begunMs)).toBe("invalid-request");
  expect(await retire(old, endedMs - 1)).toBe("invalid-request");
  expect(await retire(old, endedMs)).toBe("true");
});

test.each<[string, Partial<RewrapRecord>]>([
  ["ended earlier", { updatedAt: new Date(0) }],
  ["went elsewhere", { target: "00000000-0000-4000-8000-000000000000" }],
  ["left some behind", { state: "partial" }],
])("takes no date where somebody wrote into the database that the rewrap %s", async (_, change) => {
  await world.clock.advance(60_000);
  const old = await rewrapped(registry);
  const [row] = await world.store.reads.rewraps("acme");
  if (row === undefined) throw new RangeError("expected a rewrap");
  expect(await retire(old, world.clock.wallMs())).toBe("true");
  await world.store.write(async (tx) => tx.putRewrap({ record: { ...row.record, ...change }, tag: row.tag }));
  for (const until of [1, world.clock.wallMs()]) expect(await retire(old, until)).toBe("bad-record");
});
