import type { DataKeyRecord, WrappedKey } from "@cmkit/core";
import type { RegistryStore, RegistryWrites, WrapReplacement } from "@cmkit/registry";
import { first, second } from "./rewrap-world.ts";

/** As many as a rewrap takes at a time, in as many transactions at once. */
const batch = 250;
const lanes = 2;

/**
 * What a rewrap would be without cryptography, with the same statements: claims all of a project's data keys and puts other
 * bytes of the same length in the place of their wraps.
 */
export async function replaceInBatches(store: RegistryStore, project: string): Promise<void> {
  await claimAll(store, project, async (tx, replacements) => void (await tx.replaceWraps(project, replacements)));
}

/** The same with a statement a row. */
export async function replaceOneByOne(store: RegistryStore, project: string): Promise<void> {
  await claimAll(store, project, async (tx, replacements) => {
    for (const replacement of replacements) await tx.replaceWraps(project, [replacement]);
  });
}

async function claimAll(
  store: RegistryStore,
  project: string,
  replace: (tx: RegistryWrites, replacements: readonly WrapReplacement[]) => Promise<void>,
): Promise<void> {
  const claim = { project, cmk: first, limit: batch, now: new Date() };
  const one = async (): Promise<number> =>
    store.claimDataKeys(claim, async (records) => {
      const replacements = records.map(replaced);
      return async (tx) => {
        await replace(tx, replacements);
        return records.length;
      };
    });
  const lane = async (): Promise<void> => {
    while ((await one()) > 0);
  };
  await Promise.all(Array.from({ length: lanes }, lane));
}

function replaced({ id, recipients: [before] }: DataKeyRecord): WrapReplacement {
  const after: WrappedKey = { ...before, cmk: second, bytes: before.bytes.map((byte) => byte ^ 1) };
  return { id, before, after };
}
