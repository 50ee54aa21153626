import { ageMs, now, type Clock, type Moment } from "./clock.ts";
import type { Cmk } from "./cmk.ts";
import { KmsError, isKmsError, type KmsErrorCode } from "./kms-error.ts";

const refusedMs = 5000;
const unknownMs = 1000;
const maxRemembered = 10_000;

/** Whom a refusal was told: what is purged of theirs may be asked for again at once. */
export interface Refused {
  readonly tenant: string;
  /** Undefined where it may be any of the tenant's. */
  readonly cmk: Cmk | undefined;
}

export type OfRefused = (refused: Refused) => boolean;

interface Refusal extends Refused {
  readonly code: KmsErrorCode;
  readonly provider: string | undefined;
  readonly since: Moment;
  readonly times: number;
}

/** Remembers definite refusals for 5 s (unknown ids for 1 s), so that hostile or hopeless requests cost one call. */
export class Refusals {
  private readonly remembered = new Map<string, Refusal>();
  private readonly clock: Clock;

  constructor(clock: Clock) {
    this.clock = clock;
  }

  /** How often something was refused lately under this key. */
  times(key: string): number {
    return this.fresh(key)?.times ?? 0;
  }

  /** @throws {KmsError} what was refused lately under this key. */
  check(key: string): void {
    const refusal = this.fresh(key);
    if (refusal === undefined) return;
    const { code, provider } = refusal;
    throw new KmsError(code, { ...(provider === undefined ? {} : { provider }), detail: "as it said a moment ago" });
  }

  /** Remembers `error` if it is a definite refusal. */
  note(key: string, error: unknown, { tenant, cmk }: Refused): void {
    if (!isRefusal(error)) return;
    const oldest = this.remembered.size >= maxRemembered ? this.remembered.keys().next().value : undefined;
    if (oldest !== undefined) this.remembered.delete(oldest);
    const before = this.fresh(key);
    const { code, provider } = error;
    const since = before?.since ?? now(this.clock);
    this.remembered.set(key, { tenant, cmk, code, provider, since, times: (before?.times ?? 0) + 1 });
  }

  forget(of: OfRefused): void {
    for (const [key, refusal] of this.remembered) if (of(refusal)) this.remembered.delete(key);
  }

  private fresh(key: string): Refusal | undefined {
    const refusal = this.remembered.get(key);
    if (refusal === undefined) return undefined;
    if (ageMs(this.clock, refusal.since) < (refusal.code === "unknown-data-key" ? unknownMs : refusedMs)) return refusal;
    this.remembered.delete(key);
    return undefined;
  }
}

/** Whether the answer is a definite no, as against an outage or a fault of ours. */
export function isRefusal(error: unknown): error is KmsError {
  return isKmsError(error) && error.httpStatus === 422;
}

/** How far a refusal reaches: the key itself, one context under it, or a single data key. */
export function refusalScope(error: unknown): "key" | "context" | "data-key" | "none" {
  if (!isRefusal(error)) return "none";
  if (error.code === "access-denied") return "context";
  return aboutTheDataKey.has(error.code) ? "data-key" : "key";
}

const aboutTheDataKey: ReadonlySet<KmsErrorCode> = new Set<KmsErrorCode>([
  "decrypt-failed",
  "unknown-data-key",
  "data-key-expired",
  "key-removed",
  "key-retired",
  "no-default-key",
]);
