import type { Clock, KmsErrorCode } from "@cmkit/core";

import type { Rewrapped } from "./rewrap-batch.ts";

/** These are a data key's own, and say nothing of the others: somebody may have planted or damaged any number of rows. */
const ownCodes: ReadonlySet<KmsErrorCode> = new Set<KmsErrorCode>(["decrypt-failed", "malformed"]);
/** So many refusals in a row are the key's, not the data keys'. */
const refusalsInARow = 100;
/** A KMS that has answered nothing but failures for so long does not answer. */
const patienceMs = 60_000;

/** When a run has met nothing but failures for so long that going on would only spend requests. */
export class GiveUp {
  /** The code that everything fails with; undefined while it is worth going on. */
  code: KmsErrorCode | undefined;
  private inARow = 0;
  private failingSinceMs: number | undefined;
  private readonly clock: Clock;

  constructor(clock: Clock) {
    this.clock = clock;
  }

  take({ replacements, failures }: Rewrapped): void {
    if (replacements.length > 0) {
      this.inARow = 0;
      this.failingSinceMs = undefined;
      return;
    }
    const ofKey = failures.filter(({ code }) => !ownCodes.has(code));
    const last = ofKey.at(-1);
    if (last === undefined) return;
    const nowMs = this.clock.monotonicMs();
    this.failingSinceMs ??= nowMs;
    this.inARow += ofKey.filter(({ nextTryAt }) => nextTryAt === null).length;
    if (this.inARow >= refusalsInARow || nowMs - this.failingSinceMs > patienceMs) this.code = last.code;
  }
}
