import { isKmsError, KmsError, type DataKeyRecord } from "@cmkit/core";
import type { Rewrapper } from "@cmkit/core/store";

import { changeBalances, type BalanceChange } from "../balances.ts";
import { projectCmks } from "../project-cmks.ts";
import type { RegistryParts } from "../registry-parts.ts";
import { isRegistryError } from "../registry-error.ts";
import { operatorSource } from "../cmk-record.ts";
import { isCurrent, liveCmk } from "../rules.ts";
import { wrappingVersion } from "../same-key.ts";
import type { RegistryWrites, RewrapFailure, WrapReplacement } from "../store.ts";
import type { RewrapJob } from "./rewrap-job.ts";

/** What became of the data keys of a batch that were tried; those that nobody came to are as they were. */
export interface Rewrapped {
  readonly replacements: readonly WrapReplacement[];
  readonly failures: readonly RewrapFailure[];
}

export interface BatchLimits {
  /** Data keys at the same time. */
  readonly concurrency: number;
  /** Ends the batch: what is under way is given up, what is done stays done. */
  readonly signal: AbortSignal;
  /** For each data key, its requests' turns included. */
  readonly timeoutMs: number;
  /** No data key is begun after this, on the monotonic clock. */
  readonly endsMs: number;
  /** When a data key that failed in passing is tried again. */
  readonly retryAt: () => Date;
}

/** Wraps data keys anew and writes nothing. */
export async function rewrapBatch(
  { kms: { clock } }: RegistryParts,
  rewrap: Rewrapper,
  records: readonly DataKeyRecord[],
  { concurrency, signal, timeoutMs, endsMs, retryAt }: BatchLimits,
): Promise<Rewrapped> {
  const replacements: WrapReplacement[] = [];
  const failures: RewrapFailure[] = [];
  const queue = records.values();
  const lane = async (): Promise<void> => {
    for (const record of queue) {
      if (signal.aborted || clock.monotonicMs() > endsMs) return;
      try {
        const { recipients } = await rewrap(record, { signal, timeoutMs });
        replacements.push({ id: record.id, before: record.recipients[0], after: recipients[0] });
      } catch (error) {
        if (!isKmsError(error)) throw error;
        if (error.code === "aborted") return;
        failures.push({ id: record.id, code: error.code, nextTryAt: error.retryable ? retryAt() : null });
      }
    }
  };
  await Promise.all(Array.from({ length: Math.min(concurrency, records.length) }, lane));
  return { replacements, failures };
}

/**
 * Writes what became of a batch, if both keys may still be used so: the target is current and the source not deleted.
 *
 * @returns `rotated`: nothing was written, as a check has taken a newer version into use: the one before may be gone soon.
 * @throws {KmsError} `key-retired`: nothing may be wrapped under the target any more; `key-removed`: the source was deleted.
 */
export async function writeBatch(
  { tags }: RegistryParts,
  { project, source, target, from, to, exceptVersion }: RewrapJob,
  { replacements, failures }: Rewrapped,
  tx: RegistryWrites,
): Promise<"written" | "rotated"> {
  await tx.shareProject(project);
  const cmks = await projectCmks(tx, tags.cmk, project);
  if (!isCurrent(cmks, to)) throw new KmsError("key-retired", { provider: to.provider });
  if (source !== operatorSource) whileLive(() => liveCmk(cmks, source));
  const version = exceptVersion ?? to.pin?.keyVersion ?? null;
  if (version !== null && wrappingVersion(liveCmk(cmks, target)) !== version) return "rotated";
  const replaced = new Set((await tx.replaceWraps(project, replacements)).map(nameOf));
  const done = replacements.filter(({ id }) => replaced.has(nameOf(id)));
  await changeBalances(tx, tags.balance, project, done.flatMap(movesOf));
  if (failures.length > 0) await tx.putRewrapFailures(project, from, failures);
  return "written";
}

function movesOf({ before, after }: WrapReplacement): readonly BalanceChange[] {
  return [
    { cmk: before.cmk, keyVersion: before.keyVersion, rewrappedOut: 1 },
    { cmk: after.cmk, keyVersion: after.keyVersion, rewrappedIn: 1 },
  ];
}

function whileLive(find: () => unknown): void {
  try {
    find();
  } catch (error) {
    throw isRegistryError(error) ? new KmsError("key-removed", { detail: "the CMK was deleted meanwhile" }) : error;
  }
}

function nameOf(id: Uint8Array): string {
  return Buffer.from(id.buffer, id.byteOffset, id.byteLength).toString("latin1");
}
