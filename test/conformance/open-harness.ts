import type { ConformanceHarness } from "@cmkit/core/testing";

/** The sizes of RSA keys that a harness makes unless it is told otherwise. Large ones take seconds. */
export const rsaSizes: readonly number[] = [2048, 3072, 4096];

/** A harness whose service runs until it is closed. */
export interface OpenHarness {
  readonly harness: ConformanceHarness;
  readonly close: () => Promise<void>;
}
