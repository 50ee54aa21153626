import type { OpenHarness } from "./open-harness.ts";

/** Every provider's harness, opened only when it is asked for. */
export const harnesses: Readonly<Record<string, () => Promise<OpenHarness>>> = {
  aws: async () => (await import("./aws-harness.ts")).awsHarness(),
  gcp: async () => (await import("./gcp-harness.ts")).gcpHarness(),
  azure: async () => (await import("./azure-harness.ts")).azureHarness(),
  oci: async () => (await import("./oci-harness.ts")).ociHarness(),
  local: async () => (await import("./local-harness.ts")).localHarness(),
};
