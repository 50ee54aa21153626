import type { CmkRecord, RewrapRecord } from "./cmk-record.ts";
import { checkedProject, projectCmks } from "./project-cmks.ts";
import { shown } from "./registered-cmk.ts";
import type { RegistryParts } from "./registry-parts.ts";
import { RegistryError } from "./registry-error.ts";
import { countNone, refuseLeft, rewrapCommand } from "./retire-count.ts";
import { logRetire } from "./retire-entries.ts";
import { cannotSee } from "./retire-limits.ts";
import type { RetireOptions, RetireReport } from "./retire-report.ts";
import { liveCmk } from "./rules.ts";
import { namesakesOf } from "./same-key.ts";
import type { RegistryWrites } from "./store.ts";

/**
 * Proves that nothing in the store depends on the key of an `old` CMK, and writes the proof into the audit log, in one
 * transaction, alone with the project.
 *
 * @see Registry.retire
 */
export async function retire(
  parts: RegistryParts,
  project: string,
  id: string,
  options: RetireOptions = {},
): Promise<RetireReport> {
  const { store, tags, audit, kms } = parts;
  const { backupsUntil = null, signal } = options;
  if (backupsUntil !== null && Number.isNaN(backupsUntil.getTime()))
    throw new TypeError("expected backupsUntil to be a valid date");
  await refuseEarly(parts, checkedProject(project), id);
  const work = async (tx: RegistryWrites): Promise<RetireReport> => {
    await tx.lockProject(project);
    const cmk = retirable(await projectCmks(tx, tags.cmk, project), id);
    const versions = await countNone(parts, tx, cmk);
    if (backupsUntil !== null) refuseTooEarly(backupsUntil, await lastLeftAt(parts, tx, cmk));
    const { name, position } = await tx.whereabouts();
    const isPast = backupsUntil !== null && backupsUntil.getTime() <= kms.clock.wallMs();
    const report = {
      cmk: shown(cmk),
      resource: cmk.canonical,
      store: name,
      position,
      versions,
      cannotSee: cannotSee(cmk, backupsUntil, isPast),
      backupsUntil,
      safeToDestroy: isPast,
    };
    return { ...report, ...(await logRetire(audit, tx, report, options)) };
  };
  return store.write(work, { project, signal });
}

/** Where much is left, counting takes its time: then nobody waits for it. */
async function refuseEarly({ store: { reads }, tags }: RegistryParts, project: string, id: string): Promise<void> {
  const cmk = retirable(await projectCmks(reads, tags.cmk, project), id);
  const { provider, canonical: resource } = cmk;
  const left = await reads.countByVersion({ provider, resource });
  refuseLeft(
    cmk,
    left.map((each) => ({ ...each, resource })),
  );
}

/** When the last rewrap away from the key ended, whichever CMK names it; undefined when there was none. @throws {RegistryError} */
async function lastLeftAt({ tags }: RegistryParts, tx: RegistryWrites, cmk: CmkRecord): Promise<Date | undefined> {
  let last: Date | undefined;
  for (const each of [cmk, ...(await namesakesOf(tx, tags, cmk))]) {
    const rewraps = (await tx.rewraps(each.project)).map((row) => tags.rewrap.open(row));
    const at = leftAt(each, rewraps, each.project === cmk.project);
    if (at !== undefined && (last === undefined || at > last)) last = at;
  }
  return last;
}

/** @throws {RegistryError} `invalid-request`: whoever rewrapped was killed before it could write down that it ended. */
function leftAt({ id, status, updatedAt }: CmkRecord, rewraps: readonly RewrapRecord[], isOwn: boolean): Date | undefined {
  const rewrap = rewraps.find(({ source, target }) => source === id && target !== id);
  if (rewrap === undefined) return undefined;
  if (status === "deleted") return updatedAt; // nothing was rewrapped from it later
  if (rewrap.state === "done") return rewrap.updatedAt;
  const what = "It is not known when the last data key left: the rewrap was not seen to end.";
  throw new RegistryError(
    "invalid-request",
    `${what} Run it once more, from ${isOwn ? `CMK ${id}` : "the key's CMK in another project"}.`,
  );
}

/** A date that cannot be is a mistake, and the report would call the key safe to destroy. @throws {RegistryError} `invalid-request` */
function refuseTooEarly(backupsUntil: Date, leftAt: Date | undefined): void {
  if (leftAt === undefined || backupsUntil.getTime() >= leftAt.getTime()) return;
  const at = leftAt.toISOString();
  const what = `Data keys left the key until ${at}: what was backed up before then cannot be gone by ${backupsUntil.toISOString()}.`;
  throw new RegistryError("invalid-request", `${what} Give when the last such backup is deleted; if there is none, ${at}.`);
}

/** @throws {RegistryError} `not-found`; `in-use`: it is current; `invalid-request`: nobody knows yet which key it is. */
function retirable(cmks: readonly CmkRecord[], id: string): CmkRecord {
  const cmk = liveCmk(cmks, id);
  if (cmk.status !== "old") {
    const what = "The CMK cannot be retired because it is current: new data keys may be wrapped under it.";
    throw new RegistryError("in-use", `${what} Move its data keys to another one, which makes it old: ${rewrapCommand(cmk)}`);
  }
  if (cmk.resolved) return cmk;
  const what = "It is not known yet which key the CMK names, so nothing can be counted under it.";
  throw new RegistryError("invalid-request", `${what} \`cmkit cmks check\` finds out.`);
}
