import type { Cmk } from "./cmk.ts";
import type { DriverCall, DriverOperation } from "./driver.ts";
import type { KmsErrorCode } from "./kms-error.ts";

/**
 * When requests may be sent, for long jobs that share a cloud's quota with everybody else. Every request of a `Kms` that was
 * made with one waits for its turn, a request that is sent again too.
 */
export interface Pace {
  /**
   * @param call Makes its signal when it is asked for it, which costs something: whoever lets no request wait needs none.
   * @returns Resolves when one request to the key may be sent; rejects only after the signal aborted. Undefined: at once.
   */
  turn(cmk: Cmk, operation: DriverOperation, call: Pick<DriverCall, "signal">): Promise<void> | undefined;
  /** How the request ended. */
  answered(cmk: Cmk, operation: DriverOperation, outcome: "ok" | KmsErrorCode): void;
}
