import type { OpenHarness } from "./open-harness.ts";

/** Every provider's harness, opened only when it is asked for. */
export const harnesses: Readonly<Record<string, (sizes?: readonly number[]) => Promise<OpenHarness>>> = {
  aws: async (sizes) => (await import("./aws-harness.ts")).awsHarness(sizes),
  gcp: async (sizes) => (await import("./gcp-harness.ts")).gcpHarness(sizes),
  azure: async (sizes) => (await import("./azure-harness.ts")).azureHarness(sizes),
  oci: async (sizes) => (await import("./oci-harness.ts")).ociHarness(sizes),
  local: async (sizes) => (await import("./local-harness.ts")).localHarness(sizes),
};
