import type { Clock } from "./clock.ts";
import { Limit, remainingMs, type CallOptions } from "./limit.ts";
import type { DriverCall, Failure } from "./driver.ts";
import { isKmsError, KmsError } from "./kms-error.ts";

const maxAttempts = 4;
const firstBackoffMs = 50;
const maxBackoffMs = 2000;

export interface CallRuntime {
  readonly clock: Clock;
  /** In [0, 1): the jitter. */
  readonly random: () => number;
}

export interface Call<T> {
  readonly provider: string;
  readonly options: CallOptions;
  /** Sends one request. */
  readonly attempt: (call: DriverCall) => Promise<T>;
  readonly classify: (error: unknown) => Failure;
  /** Frees what an answer holds that arrives after the caller has gone. */
  readonly discard?: (late: T) => void;
}

export interface Outcome<T> {
  readonly attempts: number;
  readonly durationMs: number;
  readonly result:
    | { readonly ok: true; readonly value: T }
    | { readonly ok: false; readonly error: KmsError; readonly ambiguous: boolean };
}

/**
 * The one place that owns deadlines, cancellation, retries and error wrapping. A call ends at its deadline even when the
 * SDK does not honour the signal. Throttled, unavailable and timed-out requests are sent again with full jitter, honouring
 * the server's hint, as long as the deadline allows; everything else is final.
 */
export async function runCall<T>(call: Call<T>, runtime: CallRuntime): Promise<Outcome<T>> {
  refuseUncheckedTls();
  const { clock } = runtime;
  const started = clock.monotonicMs();
  const elapsedMs = (): number => clock.monotonicMs() - started;
  const timeoutMs = remainingMs(call.options, clock);
  const limit = new Limit(timeoutMs, call.options.signal, clock);
  let attempts = 0;
  const fail = (failure: Failure, cause: unknown): Outcome<T> => ({
    attempts,
    durationMs: elapsedMs(),
    result: { ok: false, error: toKmsError(call.provider, failure, cause), ambiguous: failure.ambiguous === true },
  });
  try {
    for (;;) {
      if (limit.reached !== undefined) return fail({ code: limit.reached }, undefined);
      attempts += 1;
      const left = Math.max(1, timeoutMs - elapsedMs());
      try {
        const value = await limit.race(call.attempt(new Attempt(limit, left)), call.discard);
        return { attempts, durationMs: elapsedMs(), result: { ok: true, value } };
      } catch (error) {
        if (limit.reached !== undefined) return fail({ code: limit.reached }, error);
        const failure = isKmsError(error) ? error : call.classify(error);
        const waitMs = backoffMs(attempts, failure, runtime.random);
        if (!mayRetry(failure, attempts) || elapsedMs() + waitMs >= timeoutMs) return fail(failure, error);
        await limit.sleep(waitMs);
      }
    }
  } finally {
    limit.end();
  }
}

/** The signal is made when it is asked for. */
class Attempt implements DriverCall {
  readonly remainingMs: number;
  private readonly limit: Limit;

  constructor(limit: Limit, remainingMs: number) {
    this.limit = limit;
    this.remainingMs = remainingMs;
  }

  get signal(): AbortSignal {
    return this.limit.signal;
  }
}

/**
 * Certificates are what keeps tokens and keys from strangers: nothing starts, and no call is made, while their checking is off.
 * @throws {KmsError} `unsupported`
 */
export function refuseUncheckedTls(): void {
  if (process.env["NODE_TLS_REJECT_UNAUTHORIZED"] === "0") {
    throw new KmsError("unsupported", {
      detail: "NODE_TLS_REJECT_UNAUTHORIZED=0 turns off the checking of certificates; unset it",
    });
  }
}

function mayRetry(failure: Failure | KmsError, attempts: number): boolean {
  const { code } = failure;
  if ("ambiguous" in failure && failure.ambiguous) return false; // the key's state decides first
  return attempts < maxAttempts && (code === "throttled" || code === "unavailable" || code === "timeout");
}

/** Full jitter below a doubling ceiling; never less than the server's hint. */
function backoffMs(attempts: number, failure: Failure | KmsError, random: () => number): number {
  const ceiling = Math.min(maxBackoffMs, firstBackoffMs * 2 ** (attempts - 1));
  const hint = "retryAfterMs" in failure ? (failure.retryAfterMs ?? 0) : 0;
  return Math.max(hint, random() * ceiling);
}

function toKmsError(provider: string, failure: Failure | KmsError, cause: unknown): KmsError {
  if (isKmsError(failure)) return failure;
  return new KmsError(failure.code, {
    provider,
    cause,
    ...(failure.requestId === undefined ? {} : { requestId: failure.requestId }),
    ...(failure.detail === undefined ? {} : { detail: failure.detail }),
  });
}
