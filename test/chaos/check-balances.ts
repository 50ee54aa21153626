import type { Cmk } from "@cmkit/core";
import { isRegistryError, type BalanceRecord } from "@cmkit/registry";

import { recordTags } from "../../packages/registry/src/record-tags.ts";
import { project, type OpenedChaos } from "./open-chaos.ts";

/** A key and one of its versions. */
export function versionName({ provider, resource }: Cmk, keyVersion: string | null): string {
  return `${provider} ${resource} version ${keyVersion ?? "none"}`;
}

/**
 * Holds what was written down of data keys, and what the store counts, against the rows that somebody saw.
 * @param present How many there are, by {@link versionName}.
 */
export async function checkBalances(
  { store, recordKey }: OpenedChaos,
  present: ReadonlyMap<string, number>,
): Promise<readonly string[]> {
  const tags = recordTags(recordKey).balance;
  const problems: string[] = [];
  const written = new Map<string, number>();
  const cmks = new Map<string, Cmk>();
  for (const row of await store.reads.balances(project)) {
    const { provider, resource, keyVersion } = row.record;
    const name = versionName({ provider, resource }, keyVersion);
    try {
      written.set(name, leftOf(tags.open(row)));
    } catch (error) {
      if (!isRegistryError(error)) throw error;
      problems.push(`the balance of ${name}: ${error.code}`);
    }
    cmks.set(`${provider} ${resource}`, { provider, resource });
  }
  problems.push(...differences("the balances say", written, present));
  problems.push(...differences("the store counts", await counted(store, [...cmks.values()]), present));
  return problems;
}

function leftOf({ made, rewrappedIn, rewrappedOut, shredded }: BalanceRecord): number {
  return made + rewrappedIn - rewrappedOut - shredded;
}

async function counted({ reads }: OpenedChaos["store"], cmks: readonly Cmk[]): Promise<ReadonlyMap<string, number>> {
  const counts = new Map<string, number>();
  for (const cmk of cmks) {
    const versions = (await reads.countByVersion(cmk)).filter((count) => count.project === project);
    for (const { keyVersion, count } of versions) counts.set(versionName(cmk, keyVersion), count);
  }
  return counts;
}

function differences(who: string, said: ReadonlyMap<string, number>, seen: ReadonlyMap<string, number>): readonly string[] {
  const names = new Set([...said.keys(), ...seen.keys()]);
  return [...names].flatMap((name) => {
    const [a, b] = [said.get(name) ?? 0, seen.get(name) ?? 0];
    return a === b ? [] : [`${who} ${a} data keys under ${name}, and there are ${b}`];
  });
}
