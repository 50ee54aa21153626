import { multiCloudKms, type Kms, type KmsErrorCode } from "@cmkit/core";
import { gcpEmulator, type GcpEmulator } from "@cmkit/emulators";
import { afterAll, beforeAll, beforeEach, describe, expect, it } from "vitest";
import { gcp } from "../src/index.ts";
import { grpcServer, message, page, status, type GrpcScript } from "./grpc-server.ts";
import { at, cmk, context, credentials } from "./samples.ts";

const names = ["cmkit-rsa-2048", "cmkit-symmetric"] as const;
const transport = "grpc";
// The SDK loads, and connects, in far less; a busy machine may take its time.
const patient = { timeoutMs: 20_000 } as const;

let emulator: GcpEmulator;
let kms: Kms;

beforeAll(async () => {
  emulator = await gcpEmulator();
  const { accessToken } = emulator.credentials;
  kms = multiCloudKms({ adapters: [gcp({ endpoint: emulator.grpcUrl, transport, credentials: { accessToken } })] });
  await keyOf("cmkit-symmetric").describe(patient);
}, 60_000);

beforeEach(() => {
  emulator.faults.clear();
});

afterAll(async () => {
  await kms.close();
  await emulator.close();
});

const keyOf = (name: string): ReturnType<Kms["open"]> => kms.open({ provider: "gcp", resource: emulator.keyNamed(name) });

describe("over gRPC", () => {
  it.each(names)("%s is described, and makes and opens data keys for one context", async (name) => {
    const key = keyOf(name);
    expect(await key.describe()).toMatchObject({ state: "enabled", keyVersion: "1", protection: "software", emulated: true });
    const { key: root, wrapped } = await key.generateDataKey(context);
    expect(await key.unwrapKey(wrapped, context)).toEqual(root);
    expect(await key.unwrapKey(await key.wrapKey(root, context), context)).toEqual(root);
    await expect(key.unwrapKey(wrapped, { tenant: "globex" })).rejects.toMatchObject({ code: "decrypt-failed" });
  });

  it.each(names)("%s says what has become of it", async (name) => {
    const resource = emulator.keyNamed(name);
    const key = keyOf(name);
    const { key: root, wrapped } = await key.generateDataKey(context);
    const codes = async (): Promise<unknown[]> =>
      Promise.all(
        [key.unwrapKey(wrapped, context), key.generateDataKey(context)].map(async (call) =>
          call.then(
            () => "ok",
            (error: { code: string }) => error.code,
          ),
        ),
      );
    emulator.disableKey(resource);
    expect(await codes()).toEqual(["key-disabled", "key-disabled"]);
    emulator.enableKey(resource);
    emulator.scheduleKeyDeletion(resource);
    expect(await codes()).toEqual(["key-pending-deletion", "key-pending-deletion"]);
    expect(await key.describe()).toMatchObject({ state: "pending-deletion", deletionAt: expect.any(Date) as Date });
    emulator.cancelKeyDeletion(resource);
    emulator.enableKey(resource);
    emulator.deny(resource);
    expect(await codes()).toEqual(["access-denied", "access-denied"]);
    emulator.allow(resource);
    expect(await key.unwrapKey(wrapped, context)).toEqual(root);
  });

  it("a call ends at its deadline, and when its caller aborts", async () => {
    const key = keyOf("cmkit-symmetric");
    emulator.faults.add({ fault: "latency", latencyMs: 30_000 });
    await expect(key.describe({ timeoutMs: 150 })).rejects.toMatchObject({ code: "timeout" });
    await expect(key.describe({ signal: AbortSignal.timeout(100) })).rejects.toMatchObject({ code: "aborted" });
  });

  it("the stream is given up when the caller aborts", async () => {
    const closed = Promise.withResolvers<number>();
    const server = await grpcServer((stream) => {
      stream.on("close", () => closed.resolve(stream.rstCode));
    });
    const own = multiCloudKms({ adapters: [at(server.url, { transport })] });
    await expect(own.open(cmk).describe({ signal: AbortSignal.timeout(200) })).rejects.toMatchObject({ code: "aborted" });
    expect(await closed.promise).toBe(8); // CANCEL: RFC 9113 §7
    await own.close();
  });

  it("the token goes with each call, and nothing is sent again by the SDK", async () => {
    const server = await grpcServer(status(14, "unavailable"));
    const own = multiCloudKms({ adapters: [at(server.url, { transport })] });
    await expect(own.open(cmk).describe(patient)).rejects.toMatchObject({ code: "unavailable" });
    expect(server.requests.map(({ authorization }) => authorization)).toEqual(Array(4).fill(`Bearer ${credentials.accessToken}`));
    expect(server.requests[0]?.["x-goog-request-params"]).toContain("name=projects%2Fcustomer-project");
    await own.close();
  });

  it("a key that does not exist, and a token that is not accepted, are told apart", async () => {
    const missing = emulator.keyNamed("cmkit-symmetric").replace("cmkit-symmetric", "missing");
    await expect(kms.open({ provider: "gcp", resource: missing }).describe()).rejects.toMatchObject({ code: "key-not-found" });
    const stranger = multiCloudKms({ adapters: [at(emulator.grpcUrl, { transport })] });
    const key = stranger.open({ provider: "gcp", resource: emulator.keyNamed("cmkit-symmetric") });
    await expect(key.describe(patient)).rejects.toMatchObject({ code: "credentials" });
    await stranger.close();
  });

  it("how long to wait is handed on", async () => {
    const key = keyOf("cmkit-symmetric");
    emulator.faults.add({ fault: "throttle", retryAfterSeconds: 60 });
    emulator.resetCalls();
    await expect(key.describe()).rejects.toMatchObject({ code: "throttled" });
    expect(emulator.counts()).toEqual({ GetCryptoKey: 1 });
  });

  it.each<[string, GrpcScript, KmsErrorCode]>([
    ["10 MB", message(new Uint8Array(10_000_000)), "bad-answer"],
    ["garbage", message(new Uint8Array(100).fill(0xff)), "bad-answer"],
    ["an empty message", message(new Uint8Array(0)), "bad-answer"],
    ["a page with status 200", page(200), "bad-answer"],
    ["a page with status 403", page(403), "bad-answer"],
    ["a page with status 404", page(404), "bad-answer"],
    ["a page with status 502", page(502), "unavailable"],
    ["a redirect", page(302), "bad-answer"],
    ["a reset", (stream) => stream.close(2), "unavailable"],
    ["a refusal", status(7, "Permission denied"), "access-denied"],
  ])("%s is no answer", async (_what, script, code) => {
    const server = await grpcServer(script);
    const own = multiCloudKms({ adapters: [at(server.url, { transport })] });
    await expect(own.open(cmk).describe(patient)).rejects.toMatchObject({ code });
    await own.close();
  });

  it("nobody listening is an outage", async () => {
    const own = multiCloudKms({ adapters: [at("http://127.0.0.1:9", { transport })] });
    await expect(own.open(cmk).describe({ timeoutMs: 2000 })).rejects.toMatchObject({
      code: expect.stringMatching(/^(?:unavailable|timeout)$/) as string,
    });
    await own.close();
  });
});
