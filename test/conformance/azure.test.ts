import { azureHarness } from "./azure-harness.ts";
import { conformanceTests } from "./conformance-tests.ts";

conformanceTests("a key in Azure Key Vault or Managed HSM", await azureHarness());
