import type * as KmsSdk from "@google-cloud/kms";
import type { ServiceAddress } from "./endpoint.ts";
import { restFetch, type RestRequest } from "./rest-fetch.ts";

/** Options of the SDK's client. */
export type SdkSettings = NonNullable<ConstructorParameters<typeof KmsSdk.KeyManagementServiceClient>[0]>;

/** Stands where the SDK expects its credentials, and is all that it calls of them: it sends requests, and adds nothing to them. */
interface CredentialsStandIn {
  readonly universeDomain: string;
  fetch(url: string, request: RestRequest): Promise<Response>;
  getRequestHeaders(): Promise<Headers>;
}

/** Explicit, so that no variable decides. */
export const fixedSettings: Pick<SdkSettings, "universeDomain" | "enableTelemetryLogging"> = {
  universeDomain: "googleapis.com",
  enableTelemetryLogging: false,
};

export function restSettings(address: ServiceAddress): SdkSettings {
  return { ...fixedSettings, ...address, fallback: true, authClient: standIn() };
}

// As in REST mode.
const maxAnswerBytes = 4 * 1024 * 1024;

export async function grpcSettings(address: ServiceAddress): Promise<SdkSettings> {
  // Without TLS a proxy would see everything, and gRPC takes one from http_proxy.
  const plain = address.protocol === "http" ? { sslCreds: await insecureCredentials(), "grpc.enable_http_proxy": 0 } : {};
  return {
    ...fixedSettings,
    ...address,
    fallback: false,
    authClient: standIn(),
    "grpc.max_receive_message_length": maxAnswerBytes,
    // A service config, which may ask for retries, would come out of DNS.
    "grpc.service_config_disable_resolution": 1,
    "grpc.enable_retries": 0,
    ...plain,
  };
}

function standIn(): NonNullable<SdkSettings["authClient"]> {
  const made: CredentialsStandIn = {
    universeDomain: "googleapis.com",
    fetch: restFetch,
    getRequestHeaders: async () => new Headers(),
  };
  return made as NonNullable<SdkSettings["authClient"]>;
}

type ChannelCredentials = NonNullable<SdkSettings["sslCreds"]>;

/** For emulators. They must come from the very copy of gRPC that the SDK uses, which is found as the SDK finds it. */
async function insecureCredentials(): Promise<ChannelCredentials> {
  const { createRequire } = await import("node:module");
  const here = createRequire(import.meta.url);
  const gax = createRequire(here.resolve("@google-cloud/kms"))("google-gax") as {
    readonly grpc: { readonly credentials: { createInsecure(): ChannelCredentials } };
  };
  return gax.grpc.credentials.createInsecure();
}
