import { isKmsError } from "@cmkit/core";
import { isRegistryError } from "@cmkit/registry";

import type { Soak } from "../soak/soak.ts";
import { checkDataKeys, type Expected } from "./check-data-keys.ts";
import { project, type OpenedChaos } from "./open-chaos.ts";
import type { RunParts } from "./chaos-run.ts";

/** The ids of a run's CMKs; `source` may be `operator`. */
export interface RunIds {
  readonly source: string;
  readonly target: string;
  readonly rival: string | undefined;
}

const endsWithinMs = 120_000;

/**
 * Everything is well again: each data key must open where it is now, a rewrap must come to its end, each must open where it
 * should be then, and nothing may depend on the keys that were left.
 *
 * @returns How many data keys were opened, all told.
 */
export async function finish(
  { soak, plan: { route, weather }, journal }: RunParts,
  opened: OpenedChaos,
  { source, target, rival }: RunIds,
  expected: Expected,
): Promise<number> {
  const before = await checkDataKeys(opened, expected);
  for (const problem of before.problems) soak.problem(`stopped half-way: ${problem}`);
  journal.add(`opened ${before.opened} data keys`);
  await makeCurrent(opened, target);
  await rewrapAll(soak, opened, source, route === "versions" ? undefined : target);
  if (rival !== undefined) await rewrapAll(soak, opened, rival, target);
  journal.add("rewrapped what was left");
  const version = route === "versions" ? { keyVersion: String(weather.versions["source"]) } : {};
  const under = { id: route === "versions" ? source : target, ...version };
  const after = await checkDataKeys(opened, { ...expected, under });
  for (const problem of after.problems) soak.problem(`at the end: ${problem}`);
  journal.add(`opened ${after.opened} data keys`);
  if (route === "key") await retire(soak, opened, source);
  if (rival !== undefined) await retire(soak, opened, rival);
  return before.opened + after.opened;
}

async function makeCurrent({ registry }: OpenedChaos, id: string): Promise<void> {
  if ((await registry.get(project, id)).status !== "current") await registry.update(project, id, { status: "current" });
}

async function rewrapAll(soak: Soak, { registry }: OpenedChaos, from: string, to: string | undefined): Promise<void> {
  const signal = AbortSignal.timeout(endsWithinMs);
  const rewrapped = registry.rewrap(project, { from, ...(to && { to }), signal, concurrency: 64 });
  const last = await rewrapped.catch((error: unknown) => told(error));
  if (typeof last === "string") soak.problem(`the last rewrap was refused: ${last}`);
  else if (last.state !== "done") soak.problem(`the last rewrap ended ${JSON.stringify(last)}`);
}

/** The report is refused while a data key is left, and where balances and counts do not agree. */
async function retire(soak: Soak, { registry }: OpenedChaos, id: string): Promise<void> {
  const retired = await registry.retire(project, id).catch((error: unknown) => told(error));
  if (typeof retired === "string") soak.problem(`a key that is left cannot be retired: ${retired}`);
  else if (retired.versions.some(({ present }) => present > 0)) soak.problem("a retired key still has data keys");
}

function told(error: unknown): string {
  if (isKmsError(error) || isRegistryError(error)) return `${error.code}: ${error.message}`;
  throw error;
}
