import type { Clock } from "./clock.ts";
import { isKmsError, KmsError } from "./kms-error.ts";
import { within, type CallOptions } from "./limit.ts";

/** Calls a data-key store, which may be anyone's: it ends at the deadline, and what it throws becomes `unavailable`, its text staying in the cause. */
export async function askStore<T>(limits: CallOptions, clock: Clock, ask: (signal: AbortSignal) => Promise<T>): Promise<T> {
  try {
    return await within(limits, clock, ask);
  } catch (error) {
    throw isKmsError(error) ? error : new KmsError("unavailable", { detail: "the data-key store failed", cause: error });
  }
}
