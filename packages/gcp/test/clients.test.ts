import { multiCloudKms } from "@cmkit/core";
import { KeyManagementServiceClient } from "@google-cloud/kms";
import { gcpEmulator } from "@cmkit/emulators";
import { describe, expect, it, onTestFinished } from "vitest";
import { gcp, type GcpAuthClient, type GcpClient, type GcpCredentials } from "../src/index.ts";
import { at, cmk, context, credentials, fakeClient, symmetricKey } from "./samples.ts";
import { answer, scriptedServer } from "./scripted-server.ts";

// The real client, and the real chain of credentials, fit the types.
const real: GcpClient = new KeyManagementServiceClient({ fallback: true });
const realAuth: GcpAuthClient = new KeyManagementServiceClient({ fallback: true }).auth;

type AuthClient = NonNullable<NonNullable<ConstructorParameters<typeof KeyManagementServiceClient>[0]>["authClient"]>;

const described = answer(200, symmetricKey);

describe("the client", () => {
  it("may be injected, and stays open", async () => {
    const client = fakeClient({ getCryptoKey: [symmetricKey] });
    const kms = multiCloudKms({ adapters: [gcp({ client })] });
    expect(await kms.open(cmk).describe()).toMatchObject({ state: "enabled", emulated: false });
    await kms.close();
    expect(client.calls.map(({ method }) => method)).toEqual(["getCryptoKey"]);
  });

  it("that is injected is initialised first, and no method is called when that failed", async () => {
    const client = fakeClient({ getCryptoKey: [symmetricKey] });
    const failing = { ...client, initialize: async () => Promise.reject(new Error("Could not load the default credentials.")) };
    const key = multiCloudKms({ adapters: [gcp({ client: failing })] }).open(cmk);
    await expect(key.describe()).rejects.toMatchObject({ code: "credentials" });
    await expect(key.generateDataKey(context)).rejects.toMatchObject({ code: "credentials" });
    expect(client.calls).toEqual([]);
  });

  it("that is injected may be a real one, whose requests come once", async () => {
    const server = await scriptedServer(answer(503, "{}"));
    const { port } = new URL(server.url);
    const authClient = await passThrough();
    const client = new KeyManagementServiceClient({
      fallback: true,
      apiEndpoint: "127.0.0.1",
      port: Number(port),
      protocol: "http",
      authClient,
    });
    const kms = multiCloudKms({ adapters: [gcp({ client })] });
    await expect(kms.open(cmk).describe()).rejects.toMatchObject({ code: "unavailable" });
    expect(server.requests).toHaveLength(4);
    server.play(described);
    expect(await kms.open(cmk).describe()).toMatchObject({ keyVersion: "3" });
    await client.close();
  });

  it("has Google's chain of credentials in a form that may be given, too", () => {
    expect(() => gcp({ credentials: realAuth })).not.toThrow();
  });

  it("cannot be given beside credentials", () => {
    expect(() => gcp({ client: real, credentials })).toThrow(TypeError);
    expect(() => gcp({ client: {} as GcpClient })).toThrow(TypeError);
    expect(() => gcp({ transport: "http" as "rest" })).toThrow(TypeError);
  });

  it.each([
    {},
    { accessToken: "" },
    { accessToken: "two words" },
    { accessToken: "line\nend" },
    { accessToken: 7 },
    "token",
    null,
  ])("does not take %j for credentials", (given) => {
    expect(() => gcp({ credentials: given as unknown as GcpCredentials })).toThrow(TypeError);
  });

  it("lets go of the socket when the caller aborts after 200 ms", async () => {
    const server = await scriptedServer();
    const kms = multiCloudKms({ adapters: [at(server.url)] });
    const closed = Promise.withResolvers<void>();
    server.play((request) => void request.socket.once("close", () => closed.resolve()));
    await expect(kms.open(cmk).describe({ signal: AbortSignal.timeout(200) })).rejects.toMatchObject({ code: "aborted" });
    await closed.promise;
    expect(server.requests).toHaveLength(1);
    await kms.close();
  });

  it("lets go of the socket at the deadline", async () => {
    const server = await scriptedServer();
    const kms = multiCloudKms({ adapters: [at(server.url)] });
    const closed = Promise.withResolvers<void>();
    server.play((request) => void request.socket.once("close", () => closed.resolve()));
    await expect(kms.open(cmk).describe({ timeoutMs: 150 })).rejects.toMatchObject({ code: "timeout" });
    await closed.promise;
    await kms.close();
  });

  it("that does not listen to the signal does not hold a call up", async () => {
    const client = fakeClient({ getCryptoKey: async () => new Promise<unknown[]>(() => {}) });
    const adapter = gcp({ client });
    const caller = new AbortController();
    const call = adapter.open(cmk.resource).describe(null, { signal: caller.signal, remainingMs: 60_000 });
    caller.abort();
    await expect(call).rejects.toThrow("aborted");
  });

  it.each(["rest", "grpc"] as const)(
    "that is closed while a call begins, over %s, costs that call nothing",
    async (transport) => {
      const emulator = await gcpEmulator();
      onTestFinished(async () => emulator.close());
      const endpoint = transport === "rest" ? emulator.url : emulator.grpcUrl;
      const { accessToken } = emulator.credentials;
      const kms = multiCloudKms({ adapters: [at(endpoint, { transport, credentials: { accessToken } })] });
      const key = kms.open({ provider: "gcp", resource: emulator.keyNamed("cmkit-symmetric") });
      await key.describe({ timeoutMs: 20_000 });
      const call = key.describe({ timeoutMs: 20_000 });
      await kms.close();
      expect(await call).toMatchObject({ state: "enabled" });
      await kms.close();
    },
  );

  it("is made anew after a close", async () => {
    const server = await scriptedServer(described);
    const kms = multiCloudKms({ adapters: [at(server.url)] });
    await kms.open(cmk).describe();
    await kms.close();
    expect(await kms.open(cmk).describe()).toMatchObject({ state: "enabled" });
    await kms.close();
  });
});

/** google-auth-library's client that adds no credentials. */
async function passThrough(): Promise<AuthClient> {
  const { createRequire } = await import("node:module");
  const here = createRequire(import.meta.url);
  const kmsOf = createRequire(here.resolve("@google-cloud/kms"));
  const { googleAuthLibrary } = kmsOf("google-gax") as { googleAuthLibrary: { PassThroughClient: new () => AuthClient } };
  return new googleAuthLibrary.PassThroughClient();
}
