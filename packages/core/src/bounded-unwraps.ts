import { now, type Clock, type Moment } from "./clock.ts";
import type { Cmk, WrappedKey } from "./cmk.ts";
import type { BoundContext } from "./context.ts";
import { idKey, type DataKey } from "./data-key.ts";
import { isPassing, type Candidate, type DataKeyOpener } from "./data-key-opener.ts";
import type { EnvelopeSettings } from "./envelope-options.ts";
import { KmsError } from "./kms-error.ts";
import { remainingMs, type CallOptions } from "./limit.ts";
import { nodeCrypto } from "./node-crypto.ts";
import { Refusals, type OfRefused } from "./refusals.ts";

/** Told of every refusal, so that what rests on the same key can be dropped. */
export type OnRefused = (error: unknown, context: BoundContext, cmk: Cmk) => void;

interface Unwrapped {
  readonly dataKey: DataKey;
  /** The wrap that was opened. */
  readonly wrapped: WrappedKey;
  /** When the call that opened it began. */
  readonly confirmed: Moment;
}

/** How many different wraps of one data key may be refused within 5 s before no more are tried. */
const maxFailedWraps = 8;

/** Unwraps under the rules of failover, and bounds what refused wraps can cost. */
export class BoundedUnwraps {
  private readonly opener: DataKeyOpener;
  private readonly refusals: Refusals;
  private readonly clock: Clock;
  private readonly failover: boolean;
  private readonly onRefused: OnRefused;
  /** Unwraps under way for each data key: each with another wrap, or they would be one. */
  private readonly underWay = new Map<string, number>();

  constructor({ clock, failover }: EnvelopeSettings, opener: DataKeyOpener, onRefused: OnRefused) {
    this.opener = opener;
    this.refusals = new Refusals(clock);
    this.clock = clock;
    this.failover = failover;
    this.onRefused = onRefused;
  }

  /** The data key, from the first candidate or, with failover, from the first whose KMS answers. @throws {KmsError} */
  async oneOf(
    [first, ...further]: [Candidate, ...Candidate[]],
    id: Uint8Array,
    context: BoundContext,
    limits: CallOptions,
  ): Promise<Unwrapped> {
    const { wrapped } = first;
    const { cmk, keyVersion, kind, bytes } = wrapped;
    const ofDataKey = JSON.stringify([context.key, cmk, idKey(id)]);
    const ofWrap = JSON.stringify([ofDataKey, keyVersion, kind, digest(bytes)]);
    this.refusals.check(ofWrap);
    // Recipients are not authenticated: whoever can alter a message could have us ask for ever new wraps of it.
    const underWay = this.underWay.get(ofDataKey) ?? 0;
    if (this.refusals.times(ofDataKey) + underWay >= maxFailedWraps) {
      throw new KmsError("throttled", { detail: "too many wraps of this data key were refused a moment ago" });
    }
    const confirmed = now(this.clock);
    this.underWay.set(ofDataKey, underWay + 1);
    try {
      const dataKey = await this.opener.unwrap(first, id, context, this.share(limits, further.length));
      return { dataKey, wrapped, confirmed };
    } catch (error) {
      const [second, ...rest] = further;
      if (this.failover && second !== undefined && isPassing(error)) {
        return this.oneOf([second, ...rest], id, context, limits);
      }
      const refused = { tenant: context.entries.tenant, cmk };
      this.refusals.note(ofWrap, error, refused);
      this.refusals.note(ofDataKey, error, refused);
      this.onRefused(error, context, cmk);
      throw error;
    } finally {
      const left = (this.underWay.get(ofDataKey) ?? 1) - 1;
      if (left === 0) this.underWay.delete(ofDataKey);
      else this.underWay.set(ofDataKey, left);
    }
  }

  forgetRefusals(of: OfRefused): void {
    this.refusals.forget(of);
  }

  /** With failover, a KMS that does not answer leaves time for those after it. */
  private share(limits: CallOptions, further: number): CallOptions {
    if (!this.failover || further === 0) return limits;
    return { signal: limits.signal, timeoutMs: Math.max(1, remainingMs(limits, this.clock) / (1 + further)) };
  }
}

function digest(bytes: Uint8Array): string {
  return nodeCrypto().createHash("sha256").update(bytes).digest("base64url");
}
