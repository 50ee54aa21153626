import type { RewrapRecord } from "../cmk-record.ts";
import { projectCmks } from "../project-cmks.ts";
import type { RecordTags } from "../record-tags.ts";
import { auditEntry, type RegistryParts } from "../registry-parts.ts";
import type { Attribution } from "../registry.ts";
import { supersede } from "../rules.ts";
import type { RegistryWrites } from "../store.ts";
import { rewrapCount, type RewrapJob } from "./rewrap-job.ts";

/** In one transaction: the target takes the source's place, and what is to be done is remembered and logged. */
export async function beginRewrap(
  { store, tags, audit, kms }: RegistryParts,
  job: RewrapJob,
  by: Attribution,
): Promise<RewrapRecord> {
  const { project, source, target, from } = job;
  const work = async (tx: RegistryWrites): Promise<RewrapRecord> => {
    await tx.lockProject(project);
    const at = new Date(kms.clock.wallMs());
    const { rows, result } = supersede(await projectCmks(tx, tags.cmk, project), source, target, at);
    for (const row of rows) await tx.putCmk(tags.cmk.seal(row));
    await tx.forgetRewrapFailures(project, from);
    const dataKeys = await rewrapCount(tx, tags, job);
    const about = { project, source, target, dataKeys };
    const updatedAt = dataKeys === 0 ? ((await lastDone(tags, tx, job))?.updatedAt ?? at) : at;
    const record: RewrapRecord = { ...about, state: "unfinished", stopped: null, startedAt: at, updatedAt };
    await tx.putRewrap(tags.rewrap.seal(record));
    // Other processes must not go on sealing under the source, or its last version, until they next ask for the default.
    await tx.announcePurge({ project, cmk: from });
    await audit.append(tx, auditEntry("rewrap.start", result, by, { from: source, data_keys: dataKeys }));
    return record;
  };
  return store.write(work, { project });
}

/** A rewrap that finds nothing to move does not make it look as if data keys had left just now. */
async function lastDone(tags: RecordTags, tx: RegistryWrites, { project, source }: RewrapJob): Promise<RewrapRecord | undefined> {
  const rewraps = (await tx.rewraps(project)).map((row) => tags.rewrap.open(row));
  return rewraps.find((rewrap) => rewrap.source === source && rewrap.state === "done");
}
