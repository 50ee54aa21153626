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

type Reached = "timeout" | "aborted";

/**
 * Says that the caller has aborted or the deadline passed, and ends every wait when that happens. A call that settles at once,
 * as one to a key in this process does, needs no timer, listener or controller, and costs none.
 */
export class Limit {
  private why: Reached | undefined;
  private controller: AbortController | undefined;
  private readonly caller: AbortSignal | undefined;
  private readonly clock: Clock;
  private readonly deadlineMs: number;
  private stop: (reason: Error) => void = () => {};
  private disarm: () => void = () => {};
  private ended = false;

  constructor(timeoutMs: number, signal: AbortSignal | undefined, clock: Clock) {
    this.caller = signal;
    this.clock = clock;
    this.deadlineMs = clock.monotonicMs() + timeoutMs;
    if (timeoutMs <= 0) this.why = "timeout";
    // Runs when there is no settled promise left to go on with: whoever waits then waits for something.
    process.nextTick(() => this.arm());
  }

  get reached(): Reached | undefined {
    if (this.why === undefined && this.caller?.aborted === true) this.reach("aborted");
    return this.why;
  }

  /** Aborts when the limit is reached. */
  get signal(): AbortSignal {
    this.controller ??= new AbortController();
    if (this.reached !== undefined) this.controller.abort();
    return this.controller.signal;
  }

  async race<T>(attempt: Promise<T>, discard: ((late: T) => void) | undefined): Promise<T> {
    return new Promise<T>((resolve, reject) => {
      this.stop = reject;
      attempt.then((value) => {
        if (this.reached === undefined) return resolve(value);
        discard?.(value);
        return reject(new Error(this.reached));
      }, reject);
      if (this.reached !== undefined) reject(new Error(this.reached));
    });
  }

  async sleep(ms: number): Promise<void> {
    await this.clock.sleep(ms, this.signal).catch(() => {});
  }

  end(): void {
    this.ended = true;
    this.disarm();
  }

  private reach(why: Reached): void {
    this.why ??= why;
    this.controller?.abort();
    this.stop(new Error(this.why));
  }

  private arm(): void {
    if (this.ended || this.reached !== undefined) return;
    const leftMs = this.deadlineMs - this.clock.monotonicMs();
    if (leftMs <= 0) return this.reach("timeout");
    const done = new AbortController();
    const aborted = (): void => this.reach("aborted");
    this.caller?.addEventListener("abort", aborted, { once: true });
    this.disarm = () => {
      this.caller?.removeEventListener("abort", aborted);
      done.abort(ended); // a reason of its own costs a stack trace
    };
    this.clock.sleep(Math.max(1, leftMs), done.signal).then(
      () => this.reach("timeout"),
      () => {},
    );
  }
}

const ended = new Error("ended");

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
