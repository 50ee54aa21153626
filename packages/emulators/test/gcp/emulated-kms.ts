import { createRequire } from "node:module";

import { KeyManagementServiceClient } from "@google-cloud/kms";
import { onTestFinished } from "vitest";

import { type GcpEmulator, gcpEmulator, type GcpEmulatorOptions, type GcpSeed, type GcpSeedKey } from "../../src/index.ts";

export const project = "cmkit-test";
export const ring = `projects/${project}/locations/europe-west1/keyRings/cmkit`;
export const operator = { email: "operator@cmkit-test.iam.gserviceaccount.com", accessToken: "ya29.operator" };

/** A seed with these keys. */
export function seedOf(keys: readonly GcpSeedKey[], more: Partial<GcpSeed> = {}): GcpSeed {
  return { cloud: "gcp", project, principals: [operator], keys, ...more };
}

type ClientOptions = NonNullable<ConstructorParameters<typeof KeyManagementServiceClient>[0]>;
type AuthClient = NonNullable<ClientOptions["authClient"]>;

// The SDK's own copy: it looks at the class of what it is given.
const requireFromSdk = createRequire(createRequire(import.meta.url).resolve("@google-cloud/kms"));
const { googleAuthLibrary } = requireFromSdk("google-gax") as {
  googleAuthLibrary: { OAuth2Client: new (options: object) => AuthClient };
};

/** The official client over REST, with this token. */
export function restClient(
  emulator: GcpEmulator,
  token: string | undefined = emulator.credentials.accessToken,
): KeyManagementServiceClient {
  const client = new KeyManagementServiceClient({
    fallback: true,
    protocol: "http",
    apiEndpoint: "127.0.0.1",
    port: emulator.port,
    authClient: new googleAuthLibrary.OAuth2Client({ credentials: { access_token: token } }),
  });
  return client;
}

/** One attempt each: the SDK would otherwise retry what the emulator says on purpose. */
export const once = { retry: null, timeout: 20_000 } as const;

/** An emulator for one test, closed when the test ends. */
export async function startForTest(options: GcpEmulatorOptions): Promise<GcpEmulator> {
  const emulator = await gcpEmulator(options);
  onTestFinished(() => emulator.close());
  return emulator;
}
