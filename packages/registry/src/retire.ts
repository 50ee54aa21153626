import { operatorSource, type CmkRecord, type RewrapRecord } from "./cmk-record.ts";
import { checkedProject, projectCmks } from "./project-cmks.ts";
import { shown } from "./registered-cmk.ts";
import type { RegistryParts } from "./registry-parts.ts";
import { RegistryError } from "./registry-error.ts";
import { countNone, refuseLeft, rewrapCommand, type UnusedKey } from "./retire-count.ts";
import { logRetire } from "./retire-entries.ts";
import { cannotSee } from "./retire-limits.ts";
import type { RetireOptions, RetireReport } from "./retire-report.ts";
import { liveCmk } from "./rules.ts";
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
  if (backupsUntil !== null && !(backupsUntil instanceof Date && !Number.isNaN(backupsUntil.getTime())))
    throw new TypeError("expected backupsUntil to be a valid Date");
  await refuseEarly(parts, checkedProject(project), id);
  const work = async (tx: RegistryWrites): Promise<RetireReport> => {
    await tx.lockProject(project);
    const cmk = retirable(await projectCmks(tx, tags.cmk, project), id);
    const unused = await countNone(parts, tx, cmk);
    if (backupsUntil !== null) refuseTooEarly(backupsUntil, await lastLeftAt(parts, tx, cmk, unused));
    const { name, position } = await tx.whereabouts();
    const isPast = backupsUntil !== null && backupsUntil.getTime() <= kms.clock.wallMs();
    const report = {
      cmk: shown(cmk),
      resource: cmk.canonical,
      store: name,
      position,
      versions: versionsOf(cmk, unused),
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

function versionsOf({ project, canonical }: CmkRecord, { balances }: UnusedKey): RetireReport["versions"] {
  return balances
    .filter((each) => each.project === project && each.resource === canonical)
    .map(({ keyVersion, made, rewrappedIn, rewrappedOut, shredded }) => {
      return { keyVersion, made, rewrappedIn, rewrappedOut, shredded, present: 0 };
    });
}

/** When the last data key left the key, under whichever of its names; undefined when none ever did. @throws {RegistryError} */
async function lastLeftAt(
  { tags }: RegistryParts,
  tx: RegistryWrites,
  cmk: CmkRecord,
  { namesakes, balances }: UnusedKey,
): Promise<Date | undefined> {
  const cmks = [cmk, ...namesakes];
  const left = new Set(balances.filter(({ rewrappedOut }) => rewrappedOut > 0).map(({ project }) => project));
  let last: Date | undefined;
  for (const project of new Set([...cmks.map((each) => each.project), ...left])) {
    const rewraps = (await tx.rewraps(project)).map((row) => tags.rewrap.open(row));
    const away = cmks.filter((each) => each.project === project);
    const ends = rewraps.flatMap((rewrap) => endOf(rewrap, away, left.has(project), cmk) ?? []);
    if (left.has(project) && ends.length === 0) throw unknownEnd(project === cmk.project ? `CMK ${cmk.id}` : elsewhere);
    for (const at of ends) if (last === undefined || at > last) last = at;
  }
  return last;
}

const elsewhere = "the key's CMK in another project";

/**
 * @param away The project's CMKs that name the key.
 * @returns Undefined for a rewrap that moved nothing away from it.
 * @throws {RegistryError} `invalid-request`: whoever rewrapped was killed before it could write down that it ended.
 */
function endOf(
  { project, source, state, updatedAt }: RewrapRecord,
  away: readonly CmkRecord[],
  hasLeft: boolean,
  cmk: CmkRecord,
): Date | undefined {
  const its = away.find(({ id }) => id === source);
  // Which key the operator's was then is not known: it may have been this one.
  if (its === undefined && !(source === operatorSource && hasLeft)) return undefined;
  if (its?.status === "deleted") return its.updatedAt; // nothing was rewrapped from it later
  if (state === "done") return updatedAt;
  if (project !== cmk.project) throw unknownEnd(elsewhere);
  throw unknownEnd(its === undefined ? "`operator`" : `CMK ${source}`);
}

function unknownEnd(from: string): RegistryError {
  const what = "It is not known when the last data key left: the rewrap was not seen to end.";
  return new RegistryError("invalid-request", `${what} Run it once more, from ${from}.`);
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
