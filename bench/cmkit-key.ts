import { multiCloudKms, type KmsAdapter, type KmsKey } from "@cmkit/core";
import { tokenFor } from "./azure-token.ts";
import type { CloudSettings } from "./bench-clouds.ts";

/** The same key through cmkit: only the adapter that is needed is imported. */
export async function cmkitKey(settings: CloudSettings): Promise<KmsKey> {
  const { provider, resource } = settings;
  const make = adapters[provider] as (given: CloudSettings) => Promise<KmsAdapter>;
  return multiCloudKms({ adapters: [await make(settings)] }).open({ provider, resource });
}

type Settings<P extends CloudSettings["provider"]> = Extract<CloudSettings, { provider: P }>;

const adapters: { readonly [P in CloudSettings["provider"]]: (settings: Settings<P>) => Promise<KmsAdapter> } = {
  aws: async ({ endpoint, credentials }) => (await import("@cmkit/aws")).aws({ endpoint, credentials }),
  gcp: async ({ endpoint, credentials }) => (await import("@cmkit/gcp")).gcp({ endpoint, credentials }),
  azure: async ({ endpoint, ca, tenantId, accessTokens }) => {
    const credential = { getToken: async (scopes: string | readonly string[]) => tokenFor(scopes, accessTokens) };
    return (await import("@cmkit/azure")).azure({ endpoint, ca, tenantId, credential });
  },
  oci: async ({ endpoint, credentials }) => (await import("@cmkit/oci")).oci({ endpoint, credentials }),
};
