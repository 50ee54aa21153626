import type * as KmsSdk from "@google-cloud/kms";
import type { ServiceAddress } from "./endpoint.ts";
import type { GcpClient } from "./gcp-client.ts";
import type { GcpAuthClient, GcpOptions } from "./gcp-options.ts";
import { fixedSettings, grpcSettings, restSettings } from "./sdk-settings.ts";

/** The SDK's client, made at the first call. */
export interface GcpConnection {
  client(): Promise<GcpClient>;
  /** Google's own chain of credentials, begun anew. */
  applicationDefault(): Promise<GcpAuthClient>;
  /** Closes what was made here; an injected client belongs to whoever made it. */
  close(): Promise<void>;
}

// Key names say their project. Without one here, the chain would run gcloud or ask the metadata server for it.
const unusedProject = "unused";

/**
 * The client has no credentials of its own: they go with each call. So one client serves all CMKs, and a missing credential
 * fails before the SDK hears of it, which would raise an unhandled rejection beside the call's own and end the process.
 */
export function gcpConnection({ client, transport }: GcpOptions, address: ServiceAddress): GcpConnection {
  let made: Promise<KmsSdk.KeyManagementServiceClient> | undefined;
  const make = async (): Promise<KmsSdk.KeyManagementServiceClient> => {
    const { KeyManagementServiceClient } = await import("@google-cloud/kms");
    const own = new KeyManagementServiceClient(transport === "grpc" ? await grpcSettings(address) : restSettings(address));
    await own.initialize();
    return own;
  };
  return {
    async client() {
      if (client !== undefined) {
        await client.initialize();
        return client;
      }
      made ??= make().catch((error: unknown) => {
        made = undefined;
        throw error;
      });
      return made;
    },
    async applicationDefault() {
      const { KeyManagementServiceClient } = await import("@google-cloud/kms");
      return new KeyManagementServiceClient({ ...fixedSettings, fallback: true, projectId: unusedProject }).auth;
    },
    async close() {
      const closing = made;
      made = undefined;
      await (await closing?.catch(() => undefined))?.close();
    },
  };
}
