import { ageMs, now, type Clock, type Moment } from "./clock.ts";
import { KmsError, isKmsError, type KmsErrorCode } from "./kms-error.ts";

const refusedMs = 5000;
const unknownMs = 1000;
const maxRemembered = 10_000;

/** Remembers definite refusals for 5 s (unknown ids for 1 s), so that hostile or hopeless requests cost one call. */
export class Refusals {
  private readonly remembered = new Map<
    string,
    { readonly code: KmsErrorCode; readonly provider: string | undefined; readonly since: Moment }
  >();
  private readonly clock: Clock;

  constructor(clock: Clock) {
    this.clock = clock;
  }

  /** @throws {KmsError} what was refused lately under this key. */
  check(key: string): void {
    const refusal = this.remembered.get(key);
    if (refusal === undefined) return;
    const { code, provider, since } = refusal;
    if (ageMs(this.clock, since) < (code === "unknown-data-key" ? unknownMs : refusedMs)) {
      throw new KmsError(code, { ...(provider === undefined ? {} : { provider }), detail: "as it said a moment ago" });
    }
    this.remembered.delete(key);
  }

  /** Remembers `error` if it is a definite refusal. */
  note(key: string, error: unknown): void {
    if (!isRefusal(error)) return;
    const oldest = this.remembered.size >= maxRemembered ? this.remembered.keys().next().value : undefined;
    if (oldest !== undefined) this.remembered.delete(oldest);
    this.remembered.set(key, { code: error.code, provider: error.provider, since: now(this.clock) });
  }

  clear(): void {
    this.remembered.clear();
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
