import type { ConformanceHarness } from "@cmkit/core/testing";

/** A harness whose service runs until it is closed. */
export interface OpenHarness {
  readonly harness: ConformanceHarness;
  readonly close: () => Promise<void>;
}
