import { multiCloudKms, type KmsAdapter, type KmsKey } from "@cmkit/core";
import { tokenFor } from "./azure-token.ts";
import type { CloudSettings } from "./bench-clouds.ts";

/** The same key through cmkit: only the adapter that is needed is imported. */
export async function cmkitKey(settings: CloudSettings): Promise<KmsKey> {
  const { provider, resource } = settings;
  return multiCloudKms({ adapters: [await adapterFor(settings)] }).open({ provider, resource });
}

async function adapterFor(settings: CloudSettings): Promise<KmsAdapter> {
  switch (settings.provider) {
    case "aws":
      return (await import("@cmkit/aws")).aws({ endpoint: settings.endpoint, credentials: settings.credentials });
    case "gcp":
      return (await import("@cmkit/gcp")).gcp({ endpoint: settings.endpoint, credentials: settings.credentials });
    case "azure": {
      const { endpoint, ca, tenantId, accessTokens } = settings;
      const credential = { getToken: async (scopes: string | readonly string[]) => tokenFor(scopes, accessTokens) };
      return (await import("@cmkit/azure")).azure({ endpoint, ca, tenantId, credential });
    }
    case "oci":
      return (await import("@cmkit/oci")).oci({ endpoint: settings.endpoint, credentials: settings.credentials });
  }
}
