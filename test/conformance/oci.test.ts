import { conformanceTests } from "./conformance-tests.ts";
import { ociHarness } from "./oci-harness.ts";

conformanceTests("a key in OCI Vault", await ociHarness());
