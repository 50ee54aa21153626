import { vi } from "vitest";
import { conformanceTests } from "./conformance-tests.ts";
import { ociHarness } from "./oci-harness.ts";

// After each refused unwrap core asks for the state of key and version: three signed requests for each of 512 changed bytes.
vi.setConfig({ testTimeout: 120_000 });

conformanceTests("a key in OCI Vault", await ociHarness());
