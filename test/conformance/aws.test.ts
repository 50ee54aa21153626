import { awsHarness } from "./aws-harness.ts";
import { conformanceTests } from "./conformance-tests.ts";

conformanceTests("a key in AWS KMS", await awsHarness());
