import { execFile } from "node:child_process";
import { promisify } from "node:util";
import { multiCloudKms } from "@cmkit/core";
import { gcpEmulator } from "@cmkit/emulators";
import { afterEach, describe, expect, it, onTestFinished, vi } from "vitest";
import "@google-cloud/kms"; // loaded before the first deadline begins
import { gcp } from "../src/index.ts";
import { at, cmk, credentials, fakeClient, symmetricKey } from "./samples.ts";
import { answer, scriptedServer, serviceError } from "./scripted-server.ts";

afterEach(() => {
  vi.unstubAllEnvs();
  vi.unstubAllGlobals();
});

describe("the endpoint", () => {
  it.each([
    "https://cloudkms.europe-west3.rep.googleapis.com",
    "https://kms.internal.example:8443/",
    "http://127.0.0.1:9010",
    "http://[::1]:9010",
    "http://localhost:9010/",
  ])("may be %s", (endpoint) => {
    expect(() => gcp({ endpoint })).not.toThrow();
  });

  it.each([
    "http://kms.internal.example",
    "http://10.0.0.1:9010",
    "http://localhost.example:9010",
    "http://127.0.0.1.nip.io",
    "https://user:secret@kms.internal.example",
    "https://@kms.internal.example",
    "https://kms.internal.example/kms",
    "https://kms.internal.example/?x=1",
    "https://kms.internal.example?",
    "https://kms.internal.example/#x",
    "https://kms.internal.example\\evil",
    " https://kms.internal.example",
    "https://kms.internal.example\n",
    "ftp://127.0.0.1",
    "HTTPS://kms.internal.example",
    "https://",
    "cloudkms.googleapis.com",
    "",
  ])("may not be %j", (endpoint) => {
    expect(() => gcp({ endpoint })).toThrow(TypeError);
  });

  it("is the cloud's own without the option, whatever the environment says", async () => {
    vi.stubEnv("GOOGLE_CLOUD_UNIVERSE_DOMAIN", "attacker.example");
    vi.stubEnv("GOOGLE_API_USE_MTLS_ENDPOINT", "always");
    vi.stubEnv("GOOGLE_CLOUD_KMS_ENDPOINT", "https://attacker.example");
    vi.stubEnv("CLOUDSDK_API_ENDPOINT_OVERRIDES_CLOUDKMS", "https://attacker.example/");
    const asked: string[] = [];
    vi.stubGlobal("fetch", async (url: string) => {
      asked.push(url);
      return Response.json(symmetricKey);
    });
    const kms = multiCloudKms({ adapters: [gcp({ credentials })] });
    expect(await kms.open(cmk).describe()).toMatchObject({ emulated: false });
    expect(asked.map((url) => new URL(url).origin)).toEqual(["https://cloudkms.googleapis.com"]);
    await kms.close();
  });

  it("is the option's although the environment names another", async () => {
    vi.stubEnv("GOOGLE_CLOUD_UNIVERSE_DOMAIN", "attacker.example");
    const server = await scriptedServer(serviceError("NOT_FOUND"));
    const kms = multiCloudKms({ adapters: [at(server.url)] });
    await expect(kms.open(cmk).describe()).rejects.toMatchObject({ code: "key-not-found" });
    expect(server.requests).toHaveLength(1);
    expect(server.requests[0]?.url).toMatch(
      /^\/v1\/projects\/customer-project\/locations\/europe-west1\/keyRings\/ring-1\/cryptoKeys\/crm_key\?/,
    );
    await kms.close();
  });

  it.each([
    [undefined, false],
    ["https://cloudkms.europe-west3.rep.googleapis.com", false],
    ["https://cloudkms-crm.p.googleapis.com", false],
    ["https://googleapis.com", true],
    ["https://evilgoogleapis.com", true],
    ["https://cloudkms.googleapis.com.evil.example", true],
    ["http://127.0.0.1:9010", true],
  ])("%s is called emulated: %s", async (endpoint, emulated) => {
    const client = fakeClient({ getCryptoKey: [symmetricKey] });
    const kms = multiCloudKms({ adapters: [gcp({ client, ...(endpoint === undefined ? {} : { endpoint }) })] });
    expect(await kms.open(cmk).describe()).toMatchObject({ emulated });
  });
});

describe("a proxy", () => {
  // Node reads what it is told about proxies when it starts.
  const run = promisify(execFile);

  it.each(["rest", "grpc"])("sees nothing of what goes to this machine without TLS, over %s", async (transport) => {
    const proxy = await scriptedServer(answer(502, ""));
    const emulator = await gcpEmulator();
    onTestFinished(async () => emulator.close());
    const program = `
      import { multiCloudKms } from ${JSON.stringify(new URL("../../core/src/index.ts", import.meta.url).href)};
      import { gcp } from ${JSON.stringify(new URL("../src/index.ts", import.meta.url).href)};
      import "@google-cloud/kms";
      const { endpoint, transport, credentials, resource } = JSON.parse(process.argv[1]);
      const kms = multiCloudKms({ adapters: [gcp({ endpoint, transport, credentials })] });
      await kms.open({ provider: "gcp", resource }).generateDataKey({ tenant: "acme" }, { timeoutMs: 20_000 });
      await kms.close();
    `;
    const given = {
      endpoint: transport === "rest" ? emulator.url : emulator.grpcUrl,
      transport,
      credentials: { accessToken: emulator.credentials.accessToken },
      resource: emulator.keyNamed("cmkit-symmetric"),
    };
    const args = ["--conditions=@cmkit/source", "--input-type=module-typescript", "--eval", program, JSON.stringify(given)];
    await run(process.execPath, args, {
      cwd: new URL("..", import.meta.url).pathname,
      env: { NODE_USE_ENV_PROXY: "1", HTTP_PROXY: proxy.url, http_proxy: proxy.url, https_proxy: proxy.url },
    });
    expect(emulator.counts()).toMatchObject({ Encrypt: 1 });
    expect(proxy.requests).toEqual([]);
  });
});

describe("a redirect", () => {
  it.each([301, 302, 303, 307, 308])("with status %i is not followed, and the other host receives nothing", async (status) => {
    const other = await scriptedServer(answer(200, symmetricKey));
    const server = await scriptedServer(answer(status, "", { location: `${other.url}/v1/elsewhere` }));
    const kms = multiCloudKms({ adapters: [at(server.url)] });
    const refused = { code: "bad-answer", message: expect.stringContaining("redirect") as string };
    await expect(kms.open(cmk).describe()).rejects.toMatchObject(refused);
    expect(server.requests.map(({ headers }) => headers.authorization)).toEqual([`Bearer ${credentials.accessToken}`]);
    expect(other.requests).toEqual([]);
    await kms.close();
  });

  it("of a request with plaintext is not followed either", async () => {
    const other = await scriptedServer(answer(200, {}));
    const server = await scriptedServer((request, response) => {
      const script =
        request.method === "GET" ? answer(200, symmetricKey) : answer(307, "", { location: `${other.url}/v1/elsewhere` });
      script(request, response);
    });
    const kms = multiCloudKms({ adapters: [at(server.url)] });
    await expect(kms.open(cmk).generateDataKey({ tenant: "acme" })).rejects.toMatchObject({ code: "bad-answer" });
    expect(other.requests).toEqual([]);
    await kms.close();
  });
});

describe("the SDK's own logging", () => {
  it.each(["kms", "all", "*", "nothing-of-ours"])("is refused at the start: GOOGLE_SDK_NODE_LOGGING=%s", (value) => {
    vi.stubEnv("GOOGLE_SDK_NODE_LOGGING", value);
    expect(() => gcp()).toThrow(/print data keys in clear; unset it/);
  });

  it("is refused at every call, too, and nothing is sent", async () => {
    const server = await scriptedServer(answer(200, symmetricKey));
    const client = fakeClient({ getCryptoKey: [symmetricKey] });
    for (const adapter of [at(server.url), gcp({ client })]) {
      const key = multiCloudKms({ adapters: [adapter] }).open(cmk);
      vi.stubEnv("GOOGLE_SDK_NODE_LOGGING", "kms");
      await expect(key.describe()).rejects.toMatchObject({ code: "unsupported" });
      vi.unstubAllEnvs();
    }
    expect(server.requests).toEqual([]);
    expect(client.calls).toEqual([]);
  });

  it("is no matter where the variable is empty", () => {
    vi.stubEnv("GOOGLE_SDK_NODE_LOGGING", "");
    expect(() => gcp()).not.toThrow();
  });
});
