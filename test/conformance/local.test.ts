import { conformanceTests } from "./conformance-tests.ts";
import { localHarness } from "./local-harness.ts";

conformanceTests("a local key", await localHarness());
