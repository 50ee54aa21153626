import { operatorSource, type RewrapRecord } from "../cmk-record.ts";
import { projectCmks } from "../project-cmks.ts";
import type { RegistryParts } from "../registry-parts.ts";
import { RegistryError } from "../registry-error.ts";
import type { RewrapProgress } from "../rewrap-progress.ts";
import { wrappingVersion } from "../same-key.ts";
import { operatorsKey, rewrapCount, type RewrapSource } from "./rewrap-job.ts";

/** How far a rewrap has come, by what was written down of data keys. @throws {RegistryError} `bad-record` */
export async function rewrapView(
  parts: RegistryParts,
  record: RewrapRecord,
  state: RewrapProgress["state"],
): Promise<RewrapProgress> {
  const { project, source, target, dataKeys, stopped, startedAt } = record;
  const about = await sourceOf(parts, record);
  const remaining = await rewrapCount(parts.store.reads, parts.tags, about);
  const { counts, ids } = await parts.store.reads.rewrapFailures(project, about.from, about.exceptVersion);
  return {
    project,
    from: source,
    to: target,
    state,
    dataKeys,
    remaining,
    failed: counts,
    failedIds: ids.map((id) => Buffer.from(id).toString("base64url")),
    ...(stopped === null ? {} : { stopped }),
    startedAt,
  };
}

/** Also of a CMK that has been deleted since. */
async function sourceOf(parts: RegistryParts, { project, source, target }: RewrapRecord): Promise<RewrapSource> {
  if (source === operatorSource) return { project, from: operatorsKey(parts), exceptVersion: undefined };
  const cmk = (await projectCmks(parts.store.reads, parts.tags.cmk, project)).find(({ id }) => id === source);
  if (cmk === undefined) throw new RegistryError("bad-record");
  const exceptVersion = source === target ? (wrappingVersion(cmk) ?? undefined) : undefined;
  return { project, from: { provider: cmk.provider, resource: cmk.canonical }, exceptVersion };
}
