import { ClientSecretCredential, DefaultAzureCredential, ManagedIdentityCredential } from "@azure/identity";
import { KmsError, multiCloudKms, type Cmk } from "@cmkit/core";
import { createServer, type AddressInfo } from "node:net";
import { afterEach, describe, expect, it, onTestFinished, vi } from "vitest";
import { azureClients } from "../src/azure-clients.ts";
import { publicHosts } from "../src/azure-hosts.ts";
import { azure, type AzureCredential } from "../src/index.ts";
import { parseKeyId } from "../src/key-id.ts";
import { pinnedCredential } from "../src/pinned-credential.ts";
import { kmsOf, refusal } from "./kms-of.ts";
import { cmk, fakeCredential, keyUrl, otherTenant, rsaBundle, secretToken, tenantId, version } from "./samples.ts";
import {
  answer,
  goodChallenge,
  scriptedServer,
  serviceError,
  vault,
  type Script,
  type ScriptedServer,
} from "./scripted-server.ts";

// The real credentials fit the type.
const real: readonly AzureCredential[] = [
  new DefaultAzureCredential(),
  new ManagedIdentityCredential(),
  new ClientSecretCredential(tenantId, tenantId, "secret"),
];

const described = vault({ get: answer(200, rsaBundle) });
const named = (name: string, message = "our own words", more: object = {}): Error =>
  Object.assign(new Error(message), { name, ...more });
const failing = (reason: unknown): AzureCredential => ({ getToken: async () => Promise.reject(reason) });
const other: Cmk = { provider: "azure", resource: "https://fabrikam.vault.azure.net/keys/crm" };
const anyKey: Script = vault({
  get: (request, response) => {
    const key = { ...rsaBundle.key, kid: `https://${request.host}/keys/crm/${version}` };
    answer(200, { ...rsaBundle, key })(request, response);
  },
});

afterEach(() => vi.unstubAllEnvs());

describe("a credential", () => {
  it("is asked for what the vault's cloud wants, and told of the signal and nothing of the challenge", async () => {
    const server = await scriptedServer(described);
    const credential = fakeCredential();
    await kmsOf(server, { credential, tenantId }).open(cmk).describe();
    expect(credential.asked).toEqual([
      {
        scopes: "https://vault.azure.net/.default",
        options: { abortSignal: expect.any(AbortSignal) as AbortSignal, enableCae: true, tenantId },
      },
    ]);
    expect(real).toHaveLength(3);
  });

  it("ignores the scope and the tenant that it is asked with", async () => {
    const credential = fakeCredential();
    const pinned = pinnedCredential(async () => credential, { audience: "https://vault.azure.net", tenantId: undefined });
    await pinned.getToken("https://management.azure.com/.default", { tenantId: otherTenant, claims: "x".repeat(5000) });
    expect(credential.asked).toEqual([
      { scopes: "https://vault.azure.net/.default", options: { abortSignal: expect.any(AbortSignal) as AbortSignal } },
    ]);
  });

  it("may be one for each CMK: asked once, with the canonical identifier", async () => {
    const server = await scriptedServer(anyKey);
    const asked: Cmk[] = [];
    const kms = kmsOf(server, {
      credential: async (key) => {
        asked.push(key);
        return fakeCredential(`token-${asked.length}`);
      },
    });
    await kms.open({ provider: "azure", resource: `${keyUrl.replace("crm", "CRM")}/` }).describe();
    await kms.open(cmk).describe();
    await kms.open(other).describe();
    expect(asked).toEqual([cmk, other]);
    expect(server.authorised().map(({ host, authorization }) => [host, authorization])).toEqual([
      ["contoso.vault.azure.net", "Bearer token-1"],
      ["contoso.vault.azure.net", "Bearer token-1"],
      ["fabrikam.vault.azure.net", "Bearer token-2"],
    ]);
  });

  it("of one CMK is not used for another in the same vault", async () => {
    const server = await scriptedServer(described);
    const kms = kmsOf(server, { credential: ({ resource }) => fakeCredential(resource.endsWith("crm") ? "crm" : "other") });
    await kms.open(cmk).describe();
    await refusal(kms.open({ provider: "azure", resource: keyUrl.replace("crm", "erp") }).describe());
    expect(server.authorised().map(({ authorization }) => authorization)).toEqual(["Bearer crm", "Bearer other"]);
  });

  it("that failed once is asked for again", async () => {
    const server = await scriptedServer(described);
    let times = 0;
    const key = kmsOf(server, {
      credential: () => {
        times += 1;
        if (times === 1) throw new Error("not yet");
        return fakeCredential();
      },
    }).open(cmk);
    expect(await refusal(key.describe())).toMatchObject({ code: "credentials" });
    expect(await key.describe()).toMatchObject({ state: "enabled" });
  });

  it("whose token is about to expire is asked again", async () => {
    const server = await scriptedServer(described);
    let times = 0;
    const credential: AzureCredential = {
      getToken: async () => {
        times += 1;
        return { token: secretToken, expiresOnTimestamp: Date.now() - 1 };
      },
    };
    const key = kmsOf(server, { credential }).open(cmk);
    await key.describe();
    await key.describe();
    expect(times).toBe(2);
  });

  it("whose token the vault takes for expired, or for one of another tenant, is ours to mend", async () => {
    const server = await scriptedServer(vault({ get: serviceError(401, "Unauthorized", undefined, "[TokenExpired] at 2001") }));
    expect((await refusal(kmsOf(server).open(cmk).describe())).message).toMatch(/tenant, its expiry, and this machine's clock/);
    server.play(
      vault({ get: serviceError(401, "Unauthorized", undefined, `AKV10032: Invalid issuer. Expected one of ${tenantId}`) }),
    );
    const error = await refusal(kmsOf(server).open(cmk).describe());
    expect(error).toMatchObject({ code: "credentials" });
    expect(error.message).toMatch(/another tenant than our token: set tenantId/);
    expect(error.message).not.toContain(tenantId);
  });

  it.each([
    ["nothing", null],
    ["an empty token", { token: "", expiresOnTimestamp: 1 }],
    ["a token with a line end", { token: "a\r\nHost: evil", expiresOnTimestamp: 1 }],
    ["a token that is no text", { token: 7, expiresOnTimestamp: 1 }],
    ["no expiry", { token: secretToken }],
    ["a text", secretToken],
  ])("that gives %s gives no token", async (_what, given) => {
    const server = await scriptedServer(described);
    const credential = { getToken: async () => given } as unknown as AzureCredential;
    expect(await refusal(kmsOf(server, { credential }).open(cmk).describe())).toMatchObject({ code: "credentials" });
    expect(server.authorised()).toEqual([]);
  });

  it.each([
    ["CredentialUnavailableError", /no credentials were found: run az login, .* or give a credential to azure\(\)$/],
    ["AggregateAuthenticationError", /no credentials were found: run az login/],
    ["AuthenticationError", /gave no token: check its secret or certificate/],
  ])("that throws %s says what to do", async (name, words) => {
    const server = await scriptedServer(described);
    const call = kmsOf(server, { credential: failing(named(name)) }).open(cmk);
    expect((await refusal(call.describe())).message).toMatch(words);
  });

  it.each([
    [named("CredentialUnavailableError"), "credentials"],
    [named("AggregateAuthenticationError", "all failed", { errors: [named("CredentialUnavailableError")] }), "credentials"],
    [
      named("AggregateAuthenticationError", "all failed", { errors: [named("AuthenticationRequiredError", "network_error: x")] }),
      "unavailable",
    ],
    [named("AuthenticationRequiredError", "network_error: getaddrinfo ENOTFOUND login.microsoftonline.com"), "unavailable"],
    [named("AuthenticationError", "AADSTS7000215: Invalid client secret", { statusCode: 401 }), "credentials"],
    [named("AuthenticationError", "AADSTS700016: Application not found", { statusCode: 400 }), "credentials"],
    [named("AuthenticationError", "server error", { statusCode: 503 }), "unavailable"],
    [named("AuthenticationError", "slow down", { statusCode: 429 }), "throttled"],
    [named("RestError", "socket hang up", { code: "ECONNRESET" }), "unavailable"],
    [named("RestError", "gone", { code: "KeyNotFound", statusCode: 404 }), "credentials"],
    [named("RestError", "no", { code: "Forbidden", statusCode: 403 }), "credentials"],
    [named("Error", "boom"), "credentials"],
    [new KmsError("key-destroyed"), "credentials"],
    ["a text", "credentials"],
  ])("that throws %s says nothing of the key: %s", async (error, code) => {
    const server = await scriptedServer(described);
    const thrown = await refusal(
      kmsOf(server, { credential: failing(error) })
        .open(cmk)
        .describe({ timeoutMs: 500 }),
    );
    expect(thrown).toMatchObject({ code });
    expect(thrown.message).not.toMatch(/AADSTS|ENOTFOUND|our own words|boom/);
    expect(server.authorised()).toEqual([]);
  });

  it.each([
    "AADSTS700016: not found in the directory",
    "AADSTS65001: consent",
    "AADSTS7000112: disabled",
    "AADSTS7000229: no principal",
  ])("that a customer's tenant refuses (%s) is the customer's denial", async (message) => {
    const server = await scriptedServer(described);
    const credential = failing(named("AuthenticationError", message, { statusCode: 400 }));
    const error = await refusal(kmsOf(server, { credential, tenantId }).open(cmk).describe());
    expect(error).toMatchObject({ code: "access-denied" });
    expect(error.message).toMatch(/administrator there must consent/);
  });

  it("that hangs is left at the deadline, and when the caller aborts", async () => {
    const server = await scriptedServer(described);
    const hang = async (): Promise<never> => new Promise(() => {});
    for (const options of [{ credential: { getToken: hang } }, { credential: hang }, { tenantId: hang }]) {
      const key = kmsOf(server, options).open(cmk);
      expect(await refusal(key.describe({ timeoutMs: 60 }))).toMatchObject({ code: "timeout" });
      const signal = AbortSignal.timeout(60);
      expect(await refusal(key.describe({ signal }))).toMatchObject({ code: "aborted" });
    }
    expect(server.authorised()).toEqual([]);
  });

  it("that hangs does not hold the adapter's own promise", async () => {
    const hang: AzureCredential = { getToken: async () => new Promise(() => {}) };
    const pinned = pinnedCredential(async () => hang, { audience: "https://vault.azure.net", tenantId: undefined });
    const caller = new AbortController();
    const asked = pinned.getToken("x", { abortSignal: caller.signal });
    caller.abort();
    await expect(asked).rejects.toThrow("the call has ended");
    await expect(pinned.getToken("x", { abortSignal: AbortSignal.abort() })).rejects.toThrow("the call has ended");
    const clients = azureClients({ credential: hang, tenantId: async () => new Promise(() => {}) }, undefined);
    await expect(clients.of(parseKeyId(keyUrl, publicHosts), AbortSignal.timeout(20))).rejects.toThrow("the call has ended");
  });

  it.each([{ proxyOptions: { host: "http://127.0.0.1", port: 9 } }, { authorityHost: "https://127.0.0.1:9" }])(
    "of the real library says that the network is down: %j",
    async (network) => {
      const server = await scriptedServer(described);
      const options = { disableInstanceDiscovery: true, retryOptions: { maxRetries: 0 }, ...network };
      const credential = new ClientSecretCredential(tenantId, tenantId, "secret", options);
      const error = await refusal(kmsOf(server, { credential }).open(cmk).describe({ timeoutMs: 3000 }));
      expect(error).toMatchObject({ code: "unavailable" });
      expect(server.authorised()).toEqual([]);
    },
  );

  it("of the real library refuses another tenant than its own unless it was allowed", async () => {
    const server = await scriptedServer(vault({}, goodChallenge.replace(tenantId, otherTenant)));
    const credential = new ClientSecretCredential(tenantId, tenantId, "secret", { disableInstanceDiscovery: true });
    const error = await refusal(kmsOf(server, { credential, tenantId: otherTenant }).open(cmk).describe());
    expect(error).toMatchObject({ code: "credentials" });
  });
});

describe("the default credential", () => {
  it("takes our secret to the authority of the key's cloud, and to none that the environment names", async () => {
    // The library's own requests go through a proxy, which sees for whom they are.
    const asked: string[] = [];
    const caller = new AbortController();
    const proxy = createServer((socket) => {
      socket.once("data", (data) => {
        asked.push(/^CONNECT (\S+)/.exec(data.toString())?.[1] ?? "something else");
        socket.destroy();
        caller.abort();
      });
    });
    await new Promise<void>((resolve) => {
      proxy.listen(0, "127.0.0.1", resolve);
    });
    onTestFinished(() => void proxy.close());
    vi.stubEnv("HTTPS_PROXY", `http://127.0.0.1:${(proxy.address() as AddressInfo).port}`);
    vi.stubEnv("AZURE_AUTHORITY_HOST", "https://login.microsoftonline.us");
    vi.stubEnv("AZURE_TOKEN_CREDENTIALS", "EnvironmentCredential");
    for (const name of ["AZURE_TENANT_ID", "AZURE_CLIENT_ID", "AZURE_CLIENT_SECRET"]) vi.stubEnv(name, tenantId);
    const header = `Bearer authorization="https://login.chinacloudapi.cn/${tenantId}", resource="https://vault.azure.cn"`;
    const server = await scriptedServer(vault({}, header));
    const adapter = azure({ endpoint: server.url, ca: server.ca });
    onTestFinished(async () => adapter.close?.());
    const key = multiCloudKms({ adapters: [adapter] }).open({ provider: "azure", resource: keyUrl.replace(".net", ".cn") });
    await refusal(key.describe({ signal: caller.signal, timeoutMs: 20_000 }));
    // The library may know the authority by its newer name.
    expect(asked.length).toBeGreaterThan(0);
    expect(asked.filter((host) => !/^login\.(?:chinacloudapi|partner\.microsoftonline)\.cn:443$/.test(host))).toEqual([]);
    expect(server.authorised()).toEqual([]);
  });
});

describe("the tenant", () => {
  const tenants = async (server: ScriptedServer, tenant: (key: Cmk) => unknown): Promise<ReturnType<typeof fakeCredential>> => {
    const credential = fakeCredential();
    const kms = kmsOf(server, { credential, tenantId: tenant as (key: Cmk) => string });
    await kms.open(cmk).describe();
    return credential;
  };

  it("may be one for each CMK, and is compared with the challenge's", async () => {
    const server = await scriptedServer(described);
    const asked: Cmk[] = [];
    const credential = await tenants(server, async (key) => {
      asked.push(key);
      return tenantId;
    });
    expect(asked).toEqual([cmk]);
    expect(credential.asked.map(({ options }) => options.tenantId)).toEqual([tenantId]);
    expect(await refusal(tenants(server, () => otherTenant))).toMatchObject({ code: "credentials" });
    expect(server.authorised()).toHaveLength(1);
  });

  it.each([
    ["gives a domain name", () => "contoso.onmicrosoft.com"],
    ["gives nothing", () => undefined],
    ["gives a path", () => `${tenantId}/x`],
    [
      "throws",
      () => {
        throw new Error("none");
      },
    ],
  ])("function that %s is a fault of ours", async (_what, tenant) => {
    const server = await scriptedServer(described);
    expect(await refusal(tenants(server, tenant))).toMatchObject({ code: "credentials" });
    expect(server.requests).toEqual([]);
  });
});
