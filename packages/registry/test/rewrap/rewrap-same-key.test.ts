import { expect, it } from "vitest";

import { sqlite } from "../registry/sqlite-engine.ts";
import { codeOf, newWorld, registerKey } from "../registry/world.ts";
import { counts, openAll, project, sealUnder } from "./rewrap-world.ts";

const engine = sqlite();

it("refuses to move data keys from a key to itself, under whichever of its two names", async () => {
  const world = await newWorld(engine);
  const operatorCmk = { provider: "double", resource: "double:a" };
  const registry = world.process({ operatorCmk, sharedResources: true });
  const sealed = await sealUnder(registry.envelope({ service: "crm" }), 3);
  const own = await registerKey(registry, "a", true);
  const asked = codeOf(async () =>
    registry.rewrap(project, { from: "operator", to: own.id, signal: AbortSignal.timeout(60_000) }),
  );
  expect(await asked).toBe("invalid-request");
  expect(await counts(registry, own.id)).toEqual([3]);
  expect(await openAll(world, sealed)).toEqual(["opened"]);
});
