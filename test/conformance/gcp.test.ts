import { conformanceTests } from "./conformance-tests.ts";
import { gcpHarness } from "./gcp-harness.ts";

conformanceTests("a key in Google Cloud KMS", await gcpHarness());
