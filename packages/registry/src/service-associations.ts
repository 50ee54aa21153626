import type { Cmk } from "@cmkit/core";

import { operatorSource, type CmkRecord, type RewrapRecord } from "./cmk-record.ts";
import { checkedProject, projectCmks } from "./project-cmks.ts";
import type { RegistryParts } from "./registry-parts.ts";
import { RegistryError } from "./registry-error.ts";
import type { ServiceAssociation } from "./registry.ts";
import { liveCmk } from "./rules.ts";

/**
 * The services that hold data keys under a CMK, and those whose data keys are on their way to it, sorted. What is on its way
 * in both directions is called by the one that ends later: it is leaving.
 *
 * @throws {RegistryError} `not-found`; `bad-record`
 */
export async function serviceAssociations(
  parts: RegistryParts,
  project: string,
  id: string,
): Promise<readonly ServiceAssociation[]> {
  const { store, tags } = parts;
  const cmks = await projectCmks(store.reads, tags.cmk, checkedProject(project));
  const cmk = liveCmk(cmks, id);
  const moves = await movesOf(parts, project, cmks);
  const isLeaving = moves.some(({ source }) => source === id);
  const found = new Map<string, ServiceAssociation["status"]>();
  for (const { source, target } of moves) {
    const from = target === id ? keyOf(parts, cmks, source) : undefined;
    if (from === undefined) continue;
    for (const service of await store.reads.services(project, from)) found.set(service, "activating");
  }
  for (const service of await store.reads.services(project, { provider: cmk.provider, resource: cmk.canonical })) {
    if (isLeaving) found.set(service, "deactivating");
    else if (!found.has(service)) found.set(service, "active");
  }
  return [...found].map(([service, status]) => ({ service, status })).sort((a, b) => (a.service < b.service ? -1 : 1));
}

/** The rewraps from one key to another that have not reached their end, and still can. */
async function movesOf(
  { store, tags }: RegistryParts,
  project: string,
  cmks: readonly CmkRecord[],
): Promise<readonly RewrapRecord[]> {
  const rewraps = (await store.reads.rewraps(project)).map((row) => tags.rewrap.open(row));
  if (rewraps.some((rewrap) => rewrap.project !== project)) throw new RegistryError("bad-record");
  const current = new Set(cmks.filter(({ status }) => status === "current").map(({ id }) => id));
  return rewraps.filter(({ source, target, state }) => state !== "done" && source !== target && current.has(target));
}

/** Undefined for a CMK that was deleted, and where there is no operator's any more: nothing can be moved away from it. */
function keyOf({ kms, options }: RegistryParts, cmks: readonly CmkRecord[], source: string): Cmk | undefined {
  if (source === operatorSource) return options.operatorCmk && kms.open(options.operatorCmk).cmk;
  const cmk = cmks.find(({ id, status }) => id === source && status !== "deleted");
  return cmk && { provider: cmk.provider, resource: cmk.canonical };
}
