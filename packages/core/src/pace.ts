import type { Cmk } from "./cmk.ts";
import type { DriverOperation } from "./driver.ts";
import type { KmsErrorCode } from "./kms-error.ts";

/**
 * When requests may be sent, for long jobs that share a cloud's quota with everybody else. Every request of a `Kms` that was
 * made with one waits for its turn, a request that is sent again too.
 */
export interface Pace {
  /** Resolves when one request to the key may be sent; rejects only after `signal` aborted. */
  turn(cmk: Cmk, operation: DriverOperation, signal: AbortSignal): Promise<void>;
  /** How the request ended. */
  answered(cmk: Cmk, operation: DriverOperation, outcome: "ok" | KmsErrorCode): void;
}
