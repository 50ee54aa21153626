export { conformanceCases, type ConformanceCase } from "./conformance.ts";
export { fakeClock, type FakeClock } from "./fake-clock.ts";
export type {
  ConformanceControls,
  ConformanceFault,
  ConformanceFaultKind,
  ConformanceHarness,
  ConformanceKey,
  Control,
} from "./harness.ts";
