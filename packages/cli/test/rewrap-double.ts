import { inAcme, id, registryDouble, type Answer, type RegistryDouble } from "./registry-double.ts";

export const target = "0d1c2b3a-4f5e-4d6c-8b7a-9f8e7d6c5b4a";

/** The options of a rewrap between two keys. */
export const rewrapped: readonly string[] = ["rewrap", ...inAcme, "--from", id, "--to", target];

/** A rewrap as it is on the wire. */
export const running = {
  project: "acme",
  from: id,
  to: target,
  state: "running",
  data_keys: 1200,
  rewrapped: 0,
  remaining: 1200,
  failed: [] as readonly { readonly code: string; readonly count: number }[],
  failed_ids: [] as readonly string[],
  started_at: "2026-05-05T10:55:52.719Z",
};

/** The same with so many left. */
export function left(remaining: number, changed: Readonly<Record<string, unknown>> = {}): Answer {
  return { json: { rewrap: { ...running, remaining, rewrapped: 1200 - remaining, ...changed } } };
}

/** A registry whose answers about a rewrap are these, one after the other; the last one goes on. */
export async function rewrapDouble(
  ...answers: readonly Answer[]
): Promise<RegistryDouble & { readonly methods: () => readonly string[] }> {
  const waiting = [...answers];
  const last = answers.at(-1) ?? left(0, { state: "done" });
  const double = await registryDouble(() => waiting.shift() ?? last);
  return { ...double, methods: () => double.asked.map(({ method }) => method) };
}
