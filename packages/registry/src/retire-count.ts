import { isKmsError } from "@cmkit/core";

import { presentOf } from "./balances.ts";
import type { BalanceRecord, CmkRecord } from "./cmk-record.ts";
import { shellQuoted } from "./grants/shell-quoted.ts";
import { keyOf } from "./own-keys.ts";
import type { RegistryParts } from "./registry-parts.ts";
import { RegistryError } from "./registry-error.ts";
import { namesakesOf, overlapWith, wrappingVersion, type Overlap } from "./same-key.ts";
import type { RegistryWrites, VersionCount } from "./store.ts";

/** A key that nothing depends on any more. */
export interface UnusedKey {
  /** The other CMKs that name it. */
  readonly namesakes: readonly CmkRecord[];
  /** What became of all data keys that were ever under it, of all projects and under all of its names. */
  readonly balances: readonly BalanceRecord[];
}

/**
 * Proves that nothing in the store depends on the key of an `old` CMK: no data key of any project is wrapped under it,
 * whichever of its names the row has, none is missing that was written down, and nobody can wrap another one.
 * Under the lock of the CMK's project.
 *
 * @throws {RegistryError} `in-use`; `bad-record`: the rows are not what was written down of them.
 */
export async function countNone(parts: RegistryParts, tx: RegistryWrites, cmk: CmkRecord): Promise<UnusedKey> {
  const { project, provider, canonical } = cmk;
  const own = (await balancesUnder(parts, tx, cmk, canonical)).filter((each) => each.project === project);
  const overlaps = overlapWith(
    cmk,
    own.map(({ keyVersion }) => keyVersion),
  );
  // Who may wrap comes before what was wrapped: what was made by one that may no longer is there by then.
  const namesakes = await namesakesOf(tx, parts.tags, cmk);
  refuseUsers(parts, cmk, namesakes, overlaps);
  const names = await namesOf(parts, tx, cmk, namesakes);
  const left: NamedCount[] = [];
  for (const resource of names) {
    const counts = await tx.countByVersion({ provider, resource });
    left.push(...counts.filter((each) => overlaps(resource, each.keyVersion)).map((each) => ({ ...each, resource })));
  }
  refuseLeft(cmk, left);
  // After the rows: others may be moving theirs away.
  const balances: BalanceRecord[] = [];
  for (const resource of names) balances.push(...(await balancesUnder(parts, tx, cmk, resource)));
  const meant = balances.filter(({ resource, keyVersion }) => overlaps(resource, keyVersion));
  refuseMissing(meant);
  return { namesakes, balances: meant };
}

/** Also those of an operator's key that the registry was given before, and of CMKs whose rows are gone: no CMK names them. */
async function namesOf(
  { kms }: RegistryParts,
  tx: RegistryWrites,
  { provider, canonical, keyResource }: CmkRecord,
  namesakes: readonly CmkRecord[],
): Promise<ReadonlySet<string>> {
  const isName = (resource: string): boolean => {
    try {
      return keyOf(kms, { provider, resource }).resource === keyResource;
    } catch (error) {
      if (isKmsError(error) && error.code === "invalid-resource") return false;
      throw error;
    }
  };
  const wrapped = (await tx.wrappedNames(provider)).filter(isName);
  return new Set([canonical, keyResource, ...namesakes.map((each) => each.canonical), ...wrapped]);
}

/** Data keys, and the name of the key that their rows have. */
export interface NamedCount extends VersionCount {
  readonly resource: string;
}

/** @throws {RegistryError} `in-use`: says how many there are, and what to do. */
export function refuseLeft(cmk: CmkRecord, left: readonly NamedCount[]): void {
  const count = (meant: (each: NamedCount) => boolean): number =>
    left.filter((each) => meant(each)).reduce((sum, each) => sum + each.count, 0);
  const own = count((each) => each.project === cmk.project && each.resource === cmk.canonical);
  const renamed = count((each) => each.project === cmk.project && each.resource !== cmk.canonical);
  const others = new Set(left.map(({ project }) => project).filter((project) => project !== cmk.project)).size;
  const told = [
    ...(own > 0 ? [`${dataKeys(own)} on it. Move them: ${rewrapCommand(cmk)}`] : []),
    ...(renamed > 0
      ? [`${dataKeys(renamed)} on it under another CMK of the project, which names the same key: move those, too.`]
      : []),
    ...(others > 0 ? [`Data keys of ${otherProjects(others)} depend on it: rewrap them, too.`] : []),
  ];
  if (told.length > 0) throw new RegistryError("in-use", `The CMK cannot be retired. ${told.join(" ")}`);
}

/** What moves the data keys away from a CMK, and makes it `old`. */
export function rewrapCommand({ project, id }: CmkRecord): string {
  return `\`cmkit rewrap --project ${shellQuoted(project)} --from ${id} --to CMK\`.`;
}

/** @throws {RegistryError} `in-use`: somebody can wrap under the key at any moment. */
function refuseUsers(parts: RegistryParts, cmk: CmkRecord, namesakes: readonly CmkRecord[], overlaps: Overlap): void {
  const users = namesakes.filter((each) => each.status === "current" && overlaps(each.canonical, wrappingVersion(each)));
  const own = users.filter(({ project }) => project === cmk.project).map(({ id }) => id);
  const others = new Set(users.map(({ project }) => project).filter((project) => project !== cmk.project)).size;
  const told = [
    ...own.map((id) => `CMK ${id}, which is current, names the same key.`),
    ...(others > 0 ? [`It is current in ${otherProjects(others)}: whoever holds it there moves to another key first.`] : []),
    ...(isOperators(parts, cmk)
      ? ["It is the operator's own, too, which serves projects that have none: give the registry another one first."]
      : []),
  ];
  if (told.length > 0) throw new RegistryError("in-use", `The CMK cannot be retired. ${told.join(" ")}`);
}

function isOperators({ kms, options: { operatorCmk } }: RegistryParts, { provider, keyResource }: CmkRecord): boolean {
  return operatorCmk?.provider === provider && keyOf(kms, operatorCmk).resource === keyResource;
}

/** Nothing is there: so much must have been written down, too. @throws {RegistryError} `bad-record` */
function refuseMissing(balances: readonly BalanceRecord[]): void {
  const wrong = balances.find((balance) => presentOf(balance) !== 0);
  if (wrong === undefined) return;
  const where = wrong.keyVersion === null ? "" : ` under version ${wrong.keyVersion}`;
  throw new RegistryError(
    "bad-record",
    `The store has no data key left under the CMK, but by what was written down there should be ${presentOf(wrong)}${where}: ` +
      "somebody removed rows, or gave them the name or version of another key. Do not destroy the key.",
  );
}

async function balancesUnder(
  { tags }: RegistryParts,
  tx: RegistryWrites,
  { provider }: CmkRecord,
  resource: string,
): Promise<readonly BalanceRecord[]> {
  const balances = (await tx.balancesUnder({ provider, resource })).map((row) => tags.balance.open(row));
  if (balances.some((each) => each.provider !== provider || each.resource !== resource)) throw new RegistryError("bad-record");
  return balances;
}

function otherProjects(count: number): string {
  return count === 1 ? "1 other project" : `${count} other projects`;
}

function dataKeys(count: number): string {
  return count === 1 ? "1 data key depends" : `${count} data keys depend`;
}
