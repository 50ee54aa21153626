import { KmsError, type Cmk, type EnvelopeCmk } from "@cmkit/core";

import { presentOf } from "../balances.ts";
import { operatorSource, type CmkRecord } from "../cmk-record.ts";
import { checkedProject, projectCmks } from "../project-cmks.ts";
import type { RecordTags } from "../record-tags.ts";
import type { RegistryParts } from "../registry-parts.ts";
import { RegistryError } from "../registry-error.ts";
import { liveCmk, supersede } from "../rules.ts";
import { wrappingVersion } from "../same-key.ts";
import type { RegistryReads } from "../store.ts";

/** Which data keys are to be rewrapped. */
export interface RewrapSource {
  readonly project: string;
  readonly from: Cmk;
  /** The version that data keys move to where the key stays: those under it are done. */
  readonly exceptVersion: string | undefined;
}

/** What one run of a rewrap is about: both keys as they stood in tagged rows when it began. */
export interface RewrapJob extends RewrapSource {
  /** A CMK's id, or `operator`. */
  readonly source: string;
  /** A CMK's id; `source` itself when data keys move to its current version. */
  readonly target: string;
  readonly to: EnvelopeCmk;
}

/** Asks the KMS whether a CMK can take data keys. */
export interface RewrapChecks {
  /** Gives the CMK with its alias resolved and its public key pinned, checked now if it never was. @throws {KmsError} */
  readonly settle: (cmk: CmkRecord) => Promise<CmkRecord>;
  /** Gives it as a check of this moment found it: with its current version. @throws {KmsError} */
  readonly checkNow: (cmk: CmkRecord) => Promise<CmkRecord>;
}

/**
 * What is to be rewrapped, without changing anything: the target can take data keys, and the source is a key of the project's.
 *
 * @throws {RegistryError} `not-found`, `invalid-request`. @throws {KmsError} what the KMS refuses of the target.
 */
export async function rewrapJob(
  parts: RegistryParts,
  { settle, checkNow }: RewrapChecks,
  project: string,
  source: string,
  target: string,
): Promise<RewrapJob> {
  const cmks = await projectCmks(parts.store.reads, parts.tags.cmk, checkedProject(project));
  const { rows, result } = supersede(cmks, source, target, new Date(0));
  if (source !== target) {
    // A key that cannot be used must not take another one's place: nothing could be sealed any more.
    const to = keyOf(await (rows.length === 0 ? settle(result) : checkNow(result)));
    const from = await leftKey(parts, settle, cmks, source);
    if (from.provider === to.provider && from.resource === to.resource) {
      // Each data key that was moved would be found again, for ever.
      throw new RegistryError("invalid-request", "Both CMKs are the same key: there is nothing to move.");
    }
    return { project, source, target, from, to, exceptVersion: undefined };
  }
  const taking = await checkNow(result);
  const exceptVersion = wrappingVersion(taking);
  if (exceptVersion === null) {
    throw new KmsError("unsupported", { provider: taking.provider, detail: "this key has no versions that its cloud names" });
  }
  return { project, source, target, from: keyOf(taking), to: keyOf(taking), exceptVersion };
}

/** An alias that was registered for a key which had data keys before is asked what it names: they are to be found under that. */
async function leftKey(
  parts: RegistryParts,
  settle: RewrapChecks["settle"],
  cmks: readonly CmkRecord[],
  source: string,
): Promise<Cmk> {
  if (source === operatorSource) return operatorsKey(parts);
  const cmk = liveCmk(cmks, source);
  return keyOf(cmk.resolved ? cmk : await settle(cmk));
}

/** How many data keys there are to rewrap, by what was written down of them. @throws {RegistryError} `bad-record` */
export async function rewrapCount(
  reads: RegistryReads,
  tags: RecordTags,
  { project, from, exceptVersion }: RewrapSource,
): Promise<number> {
  const balances = (await reads.balances(project, from)).map((row) => tags.balance.open(row));
  const meant = balances.filter(({ keyVersion }) => exceptVersion === undefined || keyVersion !== exceptVersion);
  return meant.reduce((sum, balance) => sum + Math.max(0, presentOf(balance)), 0);
}

/** @throws {RegistryError} `not-found`: there is none. */
export function operatorsKey({ kms, options: { operatorCmk } }: RegistryParts): Cmk {
  if (operatorCmk === undefined) throw new RegistryError("not-found", "There is no operator's CMK here.");
  return kms.open(operatorCmk).cmk;
}

function keyOf({ provider, canonical, pin }: CmkRecord): EnvelopeCmk {
  return { provider, resource: canonical, ...(pin === null ? {} : { pin }) };
}
