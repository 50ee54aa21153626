import type { KmsErrorCode } from "@cmkit/core";

import type { RewrapRecord } from "../cmk-record.ts";
import { projectCmks } from "../project-cmks.ts";
import { auditEntry, type RegistryParts } from "../registry-parts.ts";
import type { Attribution } from "../registry.ts";
import type { RewrapProgress } from "../rewrap-progress.ts";
import type { RegistryWrites } from "../store.ts";
import type { RewrapJob } from "./rewrap-job.ts";
import { rewrapView } from "./rewrap-view.ts";

/** Counts what is left, and writes down that the rewrap is over, unless another one has begun from the same CMK since. */
export async function finishRewrap(
  parts: RegistryParts,
  job: RewrapJob,
  record: RewrapRecord,
  stopped: KmsErrorCode | undefined,
  by: Attribution,
): Promise<RewrapProgress> {
  const { store, tags, audit, kms } = parts;
  const { project, source, target, from, exceptVersion } = job;
  const remaining = await store.reads.countDataKeys(project, from, exceptVersion);
  const state = remaining === 0 ? "done" : "partial";
  const ended = { ...(await rewrapView(parts, record, state)), remaining, ...(stopped && { stopped }) };
  const work = async (tx: RegistryWrites): Promise<void> => {
    await tx.lockProject(project);
    const remembered = (await tx.rewraps(project)).map((row) => tags.rewrap.open(row));
    const own = remembered.find((rewrap) => rewrap.source === source);
    if (own?.target !== target || own.state === state || own.state === "done") return; // another process was first
    const updatedAt = own.dataKeys === 0 ? own.updatedAt : new Date(kms.clock.wallMs()); // then nothing was moved
    await tx.putRewrap(tags.rewrap.seal({ ...own, state, stopped: stopped ?? null, updatedAt }));
    const cmk = (await projectCmks(tx, tags.cmk, project)).find(({ id }) => id === target);
    if (cmk === undefined) return;
    const failed = ended.failed.reduce((sum, { count }) => sum + count, 0);
    const counts = { from: source, data_keys: own.dataKeys, remaining, failed };
    await audit.append(tx, auditEntry(`rewrap.${state}`, cmk, by, { ...counts, ...(stopped && { stopped }) }));
  };
  await store.write(work, { project });
  return ended;
}
