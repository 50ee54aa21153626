import type { RegisteredCmk } from "../../src/registered-cmk.ts";
import type { Registry } from "../../src/registry.ts";
import { registerKey, seal } from "./world.ts";

/** Two keys, the first of which had a data key that was moved to the second. */
export async function rewrapped(registry: Registry, from = "a", to = "b"): Promise<RegisteredCmk> {
  const old = await registerKey(registry, from, true);
  const next = await registerKey(registry, to);
  await seal(registry.envelope({ service: "crm" }));
  await registry.rewrap("acme", { from: old.id, to: next.id });
  return old;
}

export async function makeOld(registry: Registry, { project, id }: RegisteredCmk): Promise<void> {
  await registry.update(project, id, { defaultCmk: false });
  await registry.update(project, id, { status: "old" });
}

/** What a retire is refused with. */
export async function refusal(registry: Registry, { project, id }: RegisteredCmk): Promise<unknown> {
  return registry.retire(project, id).then(
    () => "retired",
    (error: unknown) => error,
  );
}
