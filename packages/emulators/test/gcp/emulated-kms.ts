import { createRequire } from "node:module";

import { KeyManagementServiceClient } from "@google-cloud/kms";
import { credentials } from "@grpc/grpc-js";
import { expect, onTestFinished } from "vitest";

import { type GcpEmulator, gcpEmulator, type GcpEmulatorOptions, type GcpSeed, type GcpSeedKey } from "../../src/index.ts";

export const project = "cmkit-test";
export const location = `projects/${project}/locations/europe-west1`;
export const ring = `${location}/keyRings/cmkit`;
export const operator = { email: "operator@cmkit-test.iam.gserviceaccount.com", accessToken: "ya29.operator" };
export const viewer = { email: "viewer@cmkit-test.iam.gserviceaccount.com", accessToken: "ya29.viewer" };

/** A seed with these keys, and two principals. */
export function seedOf(keys: readonly GcpSeedKey[], more: Partial<GcpSeed> = {}): GcpSeed {
  return { cloud: "gcp", project, principals: [operator, viewer], keys, ...more };
}

/** Short names for what most tests use. */
export const symmetric = (name: string, more: Partial<GcpSeedKey> = {}): GcpSeedKey => ({
  name,
  algorithm: "GOOGLE_SYMMETRIC_ENCRYPTION",
  ...more,
});
export const rsa = (name: string, more: Partial<GcpSeedKey> = {}): GcpSeedKey => ({
  name,
  algorithm: "RSA_DECRYPT_OAEP_2048_SHA256",
  ...more,
});

type ClientOptions = NonNullable<ConstructorParameters<typeof KeyManagementServiceClient>[0]>;
type AuthClient = NonNullable<ClientOptions["authClient"]>;

// The SDK's own copy: it looks at the class of what it is given.
const requireFromSdk = createRequire(createRequire(import.meta.url).resolve("@google-cloud/kms"));
const { googleAuthLibrary } = requireFromSdk("google-gax") as {
  googleAuthLibrary: { OAuth2Client: new (options: object) => AuthClient; PassThroughClient: new () => AuthClient };
};

/** How the SDK reaches the service. */
export type Transport = "rest" | "grpc";
export const transports: readonly Transport[] = ["rest", "grpc"];

/** The official client with what each of its calls takes: one attempt, and the token where the SDK sends none itself. */
export interface Sdk {
  readonly kms: KeyManagementServiceClient;
  readonly call: {
    readonly retry: null;
    readonly timeout: number;
    readonly otherArgs?: { readonly headers: Readonly<Record<string, string>> };
  };
}

/** The official client; without a token when that is `null`. */
export function sdkOf(emulator: GcpEmulator, transport: Transport, token: string | null = emulator.credentials.accessToken): Sdk {
  const place = { apiEndpoint: "127.0.0.1", port: transport === "rest" ? emulator.port : emulator.grpcPort };
  const call = { retry: null, timeout: 20_000 } as const;
  const { OAuth2Client, PassThroughClient } = googleAuthLibrary;
  if (transport === "grpc") {
    const kms = new KeyManagementServiceClient({
      ...place,
      sslCreds: credentials.createInsecure(),
      authClient: new PassThroughClient(),
    });
    onTestFinished(() => kms.close());
    return { kms, call: token === null ? call : { ...call, otherArgs: { headers: { authorization: `Bearer ${token}` } } } };
  }
  const authClient = token === null ? new PassThroughClient() : new OAuth2Client({ credentials: { access_token: token } });
  return { kms: new KeyManagementServiceClient({ ...place, fallback: true, protocol: "http", authClient }), call };
}

/** What the SDK throws, as far as tests look at it. */
export interface SdkError extends Error {
  readonly code?: number;
  readonly statusDetails?: readonly object[];
  readonly reason?: string;
}

/** The error a call ends with. */
export async function errorOf(call: Promise<unknown>): Promise<SdkError> {
  return call.then(
    () => new Error("the call succeeded"),
    (error: unknown) => error as SdkError,
  );
}

/** Expects a refusal with this gRPC code, whose message ends so (gRPC puts code and name before it). */
export async function expectRefusal(call: Promise<unknown>, code: number, message = ""): Promise<SdkError> {
  const error = await errorOf(call);
  expect([error.code, error.message]).toEqual([code, expect.stringContaining(message)]);
  return error;
}

/** A clock that a test moves by hand. */
export function manualClock(nowMs = Date.parse("2026-01-01T00:00:00.000Z")): { (): number; nowMs: number } {
  const clock = Object.assign(() => clock.nowMs, { nowMs });
  return clock;
}

/** An emulator for one test, closed when the test ends. */
export async function startForTest(options: GcpEmulatorOptions): Promise<GcpEmulator> {
  const emulator = await gcpEmulator(options);
  onTestFinished(() => emulator.close());
  return emulator;
}
