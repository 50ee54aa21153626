import { bindContext } from "@cmkit/core/store";

import type { CmkRecord } from "./cmk-record.ts";
import type { RowTags } from "./record-tags.ts";
import { RegistryError } from "./registry-error.ts";
import type { RegistryReads } from "./store.ts";

/** A project's CMKs of any status, each with its tag checked, and together as the rules leave them. @throws {RegistryError} `bad-record` */
export async function projectCmks(
  reads: RegistryReads,
  tags: RowTags<CmkRecord>,
  project: string,
): Promise<readonly CmkRecord[]> {
  const cmks = (await reads.cmks(project)).map((row) => tags.open(row));
  const isForeign = cmks.some((cmk) => cmk.project !== project);
  const defaults = cmks.filter(({ isDefault }) => isDefault);
  // Rows that were valid at different times do not go together: one of them was put back.
  const isMixed = defaults.length > 1 || defaults.some(({ status }) => status !== "current") || hasTwins(cmks);
  if (isForeign || isMixed) throw new RegistryError("bad-record");
  return cmks;
}

function hasTwins(cmks: readonly CmkRecord[]): boolean {
  const names = cmks.filter(({ status }) => status !== "deleted").map(({ provider, canonical }) => `${provider}\0${canonical}`);
  return new Set(names).size < names.length;
}

/**
 * A project's name is a tenant's: 1 to 256 well-formed characters without control characters. `*` is none: a token for it
 * reaches all projects.
 *
 * @throws {TypeError}
 */
export function checkedProject(project: string): string {
  if (project === "*") throw new TypeError("expected a project's name, got *: that is how tokens say all projects");
  bindContext({ tenant: project });
  return project;
}
