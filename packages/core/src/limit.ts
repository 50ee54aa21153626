import type { Clock } from "./clock.ts";
import { KmsError } from "./kms-error.ts";

/** Options of every call that may reach a KMS. */
export interface CallOptions {
  /** Ends the wait with `aborted`. */
  readonly signal?: AbortSignal | undefined;
  /** For the whole call, retries included. Default 5,000. */
  readonly timeoutMs?: number | undefined;
}

/** Options whose deadline is fixed: a call that needs several requests has one deadline for all of them. */
interface DeadlineOptions extends CallOptions {
  readonly [deadline]?: number;
}

const deadline: unique symbol = Symbol("deadline");
const defaultTimeoutMs = 5000;

/** Says that the caller has aborted or the deadline passed, and ends every wait when that happens. */
export class Limit {
  reached: "timeout" | "aborted" | undefined;
  private readonly controller = new AbortController();
  private readonly done = new AbortController();
  private readonly stopped: Promise<never>;
  private readonly clock: Clock;

  constructor(timeoutMs: number, signal: AbortSignal | undefined, clock: Clock) {
    this.clock = clock;
    let stop: (reason: Error) => void;
    this.stopped = new Promise((_resolve, reject) => {
      stop = reject;
    });
    this.stopped.catch(() => {});
    const reach = (why: "timeout" | "aborted"): void => {
      this.reached ??= why;
      this.controller.abort();
      stop(new Error(why));
    };
    if (signal?.aborted === true) reach("aborted");
    signal?.addEventListener("abort", () => reach("aborted"), { once: true, signal: this.done.signal });
    if (timeoutMs <= 0) reach("timeout");
    clock.sleep(Math.max(1, timeoutMs), this.done.signal).then(
      () => reach("timeout"),
      () => {},
    );
  }

  get signal(): AbortSignal {
    return this.controller.signal;
  }

  async race<T>(attempt: Promise<T>, discard: ((late: T) => void) | undefined): Promise<T> {
    attempt.then(
      (value) => {
        if (this.reached !== undefined) discard?.(value);
      },
      () => {},
    );
    return Promise.race([attempt, this.stopped]);
  }

  async sleep(ms: number): Promise<void> {
    await this.clock.sleep(ms, this.signal).catch(() => {});
  }

  end(): void {
    this.done.abort();
  }
}

/** Waits for `run` within the caller's limits. @throws {KmsError} `timeout` or `aborted`; what `run` throws. */
export async function within<T>(options: CallOptions, clock: Clock, run: (signal: AbortSignal) => Promise<T>): Promise<T> {
  const limit = new Limit(remainingMs(options, clock), options.signal, clock);
  try {
    if (limit.reached !== undefined) throw new KmsError(limit.reached);
    return await limit.race(run(limit.signal), undefined);
  } catch (error) {
    throw limit.reached === undefined ? error : new KmsError(limit.reached, { cause: error });
  } finally {
    limit.end();
  }
}

/** Fixes the deadline of `options` now, on the monotonic clock. @throws {RangeError} unless `timeoutMs` is above 0. */
export function untilDeadline(options: CallOptions, clock: Clock): CallOptions & { readonly [deadline]: number } {
  const { signal, timeoutMs = defaultTimeoutMs, [deadline]: fixed } = options as DeadlineOptions;
  if (!(timeoutMs > 0 && timeoutMs < 2 ** 31)) throw new RangeError(`expected timeoutMs between 0 and 2^31, got ${timeoutMs}`);
  return { signal, timeoutMs, [deadline]: fixed ?? clock.monotonicMs() + timeoutMs };
}

/** What is left until the deadline of `options`; at or below 0 when it has passed. */
export function remainingMs(options: CallOptions, clock: Clock): number {
  return untilDeadline(options, clock)[deadline] - clock.monotonicMs();
}
