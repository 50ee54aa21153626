import type { Cmk } from "@cmkit/core";

import type { BalanceRecord } from "./cmk-record.ts";
import type { RowTags } from "./record-tags.ts";
import type { RegistryWrites } from "./store.ts";

/** The numbers of a balance. */
export type BalanceCounts = Pick<BalanceRecord, "made" | "rewrappedIn" | "rewrappedOut" | "shredded">;

/** What became of data keys under one version of a key. */
export interface BalanceChange extends Partial<BalanceCounts> {
  readonly cmk: Cmk;
  readonly keyVersion: string | null;
}

const nothing: BalanceCounts = { made: 0, rewrappedIn: 0, rewrappedOut: 0, shredded: 0 };

/** How many data keys there are, if nobody added or removed one who does not have the record key. */
export function presentOf({ made, rewrappedIn, rewrappedOut, shredded }: BalanceCounts): number {
  return made + rewrappedIn - rewrappedOut - shredded;
}

/**
 * Writes down what this transaction does to data keys. Under the project's lock, shared or not.
 *
 * A balance that is not there begins at nothing: whoever deletes one hides nothing, as the count is then above it.
 * @throws {RegistryError} `bad-record`
 */
export async function changeBalances(
  tx: RegistryWrites,
  tags: RowTags<BalanceRecord>,
  project: string,
  changes: readonly BalanceChange[],
): Promise<void> {
  for (const { cmk, keyVersion, ...change } of inLockOrder(changes)) {
    const { provider, resource } = cmk;
    const row = await tx.lockBalance({ project, provider, resource, keyVersion });
    const sum = added(row === undefined ? nothing : tags.open(row), change);
    await tx.putBalance(tags.seal({ project, provider, resource, keyVersion, ...sum }));
  }
}

/** One change a balance, in the one order in which all transactions lock them. */
function inLockOrder(changes: readonly BalanceChange[]): readonly BalanceChange[] {
  const byBalance = new Map<string, BalanceChange>();
  for (const change of changes) {
    const { cmk, keyVersion } = change;
    const name = [cmk.provider, cmk.resource, keyVersion ?? ""].join("\0");
    const before = byBalance.get(name);
    byBalance.set(name, { ...change, ...added(before ?? nothing, change) });
  }
  return [...byBalance].sort(([a], [b]) => (a < b ? -1 : 1)).map(([, change]) => change);
}

function added(counts: Partial<BalanceCounts>, change: Partial<BalanceCounts>): BalanceCounts {
  const sum = (name: keyof BalanceCounts): number => (counts[name] ?? 0) + (change[name] ?? 0);
  return {
    made: sum("made"),
    rewrappedIn: sum("rewrappedIn"),
    rewrappedOut: sum("rewrappedOut"),
    shredded: sum("shredded"),
  };
}
