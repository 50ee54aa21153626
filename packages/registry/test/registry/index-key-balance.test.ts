import { fieldEncryption } from "@cmkit/core";
import { expect, test } from "vitest";

import type { Registry } from "../../src/registry.ts";
import { sqlite } from "./sqlite-engine.ts";
import { newWorld, registerKey } from "./world.ts";

const engine = sqlite();

async function indexed(registry: Registry): Promise<string> {
  const fields = { email: { index: "emailIndex" } } as const;
  const envelope = registry.envelope({ service: "crm" });
  const pii = fieldEncryption({ envelope, table: "customers", rowId: "id", fields });
  return pii.for("acme").index("email", "ada@example.com");
}

test("an index key that two processes make at once is one, and is written down as one: its CMK can be retired later", async () => {
  const world = await newWorld(engine);
  const registry = world.process();
  const old = await registerKey(registry, "a", true);
  const next = await registerKey(registry, "b");
  for (const { id } of [old, next]) await registry.check("acme", id);
  const both = Promise.withResolvers<void>();
  let wraps = 0;
  world.cloud.onWrap = async () => {
    wraps += 1;
    if (wraps === 2) both.resolve();
    await both.promise;
  };
  const [one, other] = await Promise.all([indexed(world.process()), indexed(world.process())]);
  expect(one).toEqual(other);
  expect(wraps).toBe(2);
  expect((await world.store.reads.balances("acme")).map(({ record }) => record.made)).toEqual([1]);
  await registry.rewrap("acme", { from: old.id, to: next.id });
  expect(await registry.retire("acme", old.id)).toMatchObject({ versions: [{ made: 1, rewrappedOut: 1, present: 0 }] });
});
