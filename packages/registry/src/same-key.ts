import type { CmkRecord } from "./cmk-record.ts";
import { projectCmks } from "./project-cmks.ts";
import type { RecordTags } from "./record-tags.ts";
import type { RegistryWrites } from "./store.ts";

/**
 * Whether what is wrapped under a name of the key, and this version of it, is lost with what a CMK names.
 * @param keyVersion Null: it is not known.
 */
export type Overlap = (resource: string, keyVersion: string | null) => boolean;

/**
 * The names of a key overlap: one without a version stands for all of them, one with a version for that alone. What is not
 * known counts as the same.
 *
 * @param seen Versions that data keys under the CMK were seen to have.
 */
export function overlapWith(cmk: CmkRecord, seen: readonly (string | null)[]): Overlap {
  const { canonical, keyResource } = cmk;
  if (canonical === keyResource) return () => true;
  const versions = new Set([...seen, wrappingVersion(cmk)].filter((version) => version !== null));
  return (resource, keyVersion) => {
    if (resource === canonical) return true;
    if (resource !== keyResource) return false; // another version
    return keyVersion === null || versions.size === 0 || versions.has(keyVersion);
  };
}

/** The version that a CMK wraps under; null when that is not known. */
export function wrappingVersion({ pin, validation }: CmkRecord): string | null {
  return pin === null ? (validation?.key?.keyVersion ?? null) : pin.keyVersion;
}

/**
 * The other CMKs that name the same key, in whichever version and project, deleted ones included: their data keys are still
 * under it. Keeps other projects from registering it until the transaction ends.
 *
 * @throws {RegistryError} `bad-record`
 */
export async function namesakesOf(tx: RegistryWrites, { cmk: tags }: RecordTags, cmk: CmkRecord): Promise<readonly CmkRecord[]> {
  const { id, project, provider, keyResource } = cmk;
  const key = { provider, resource: keyResource };
  await tx.lockResource(key);
  const found: CmkRecord[] = [];
  for (const name of new Set([project, ...(await tx.projectsUsing(key, { deleted: true }))]))
    found.push(...(await projectCmks(tx, tags, name)));
  return found.filter((each) => each.id !== id && each.provider === provider && each.keyResource === keyResource);
}
