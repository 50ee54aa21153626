import { CryptographyClient, KeyClient } from "@azure/keyvault-keys";
import { multiCloudKms } from "@cmkit/core";
import { afterEach, describe, expect, it, vi } from "vitest";
import { azureClients } from "../src/azure-clients.ts";
import { publicHosts } from "../src/azure-hosts.ts";
import { connectionTo } from "../src/endpoint.ts";
import {
  azure,
  type AzureClientFactory,
  type AzureCryptographyClient,
  type AzureKeyClient,
  type AzureOptions,
} from "../src/index.ts";
import { parseKeyId } from "../src/key-id.ts";
import { kmsOf, refusal } from "./kms-of.ts";
import { hsm } from "./hsm.ts";
import { cmk, context, fakeCredential, host, keyUrl, kid, otherVersion, rsaBundle, tenantId, version } from "./samples.ts";
import { answer, scriptedServer, vault } from "./scripted-server.ts";

// The real clients fit the types.
const credential = fakeCredential();
const realKeys: AzureKeyClient = new KeyClient(`https://${host}`, credential);
const realCryptography: AzureCryptographyClient = new CryptographyClient(kid, credential);

const { signal } = new AbortController();
const key = parseKeyId(keyUrl, publicHosts);
const described = vault({ get: answer(200, rsaBundle) });

afterEach(() => vi.unstubAllEnvs());

describe("the clients", () => {
  it("are one a vault and one a version", async () => {
    const clients = azureClients({ credential }, undefined);
    const vaultClients = await clients.of(key, signal);
    expect(await clients.of(parseKeyId(keyUrl.replace("crm", "erp"), publicHosts), signal)).toBe(vaultClients);
    expect(await clients.of(parseKeyId(keyUrl.replace("contoso", "fabrikam"), publicHosts), signal)).not.toBe(vaultClients);
    expect(vaultClients.keys).toBeInstanceOf(KeyClient);
    expect(vaultClients.version(key, version)).toBeInstanceOf(CryptographyClient);
    expect(vaultClients.version(key, version)).toBe(vaultClients.version(key, version));
    expect(vaultClients.version(key, otherVersion)).not.toBe(vaultClients.version(key, version));
    clients.close();
    expect(await clients.of(key, signal)).not.toBe(vaultClients);
  });

  it("are one a CMK where credential or tenant are the CMK's own", async () => {
    for (const options of [{ credential: () => credential }, { credential, tenantId: () => tenantId }] satisfies AzureOptions[]) {
      const clients = azureClients(options, undefined);
      const first = await clients.of(key, signal);
      expect(await clients.of(key, signal)).toBe(first);
      expect(await clients.of(parseKeyId(keyUrl.replace("crm", "erp"), publicHosts), signal)).not.toBe(first);
    }
  });

  it("keep their connections, and close them with the adapter", async () => {
    const server = await scriptedServer(described);
    const kms = kmsOf(server);
    await kms.open(cmk).describe();
    await kms.open(cmk).describe();
    const sockets = new Set(server.requests.map(({ message }) => message.socket));
    expect(sockets.size).toBe(1);
    const closed = Promise.all([...sockets].map(async (socket) => new Promise((resolve) => socket.once("close", resolve))));
    await kms.close();
    await closed;
    expect(await kms.open(cmk).describe()).toMatchObject({ state: "enabled" });
  });

  it("are pointed nowhere by the environment", async () => {
    const server = await scriptedServer(described);
    for (const name of ["HTTPS_PROXY", "https_proxy", "ALL_PROXY", "HTTP_PROXY"]) vi.stubEnv(name, "http://127.0.0.1:9");
    vi.stubEnv("AZURE_AUTHORITY_HOST", "https://login.evil.example");
    expect(await kmsOf(server).open(cmk).describe()).toMatchObject({ state: "enabled" });
  });

  it("of two vaults share no connection: each is made in the name of its vault", async () => {
    const server = await scriptedServer((request, response) => {
      const bundle = { ...rsaBundle, key: { ...rsaBundle.key, kid: `https://${request.host}/keys/crm/${version}` } };
      vault({ get: answer(200, bundle) })(request, response);
    });
    const kms = kmsOf(server);
    await kms.open(cmk).describe();
    await kms.open({ provider: "azure", resource: keyUrl.replace("contoso", "fabrikam") }).describe();
    expect(server.requests.map((request) => [request.host, request.servername])).toEqual(
      [host, host, host.replace("contoso", "fabrikam"), host.replace("contoso", "fabrikam")].map((name) => [name, name]),
    );
    expect(new Set(server.requests.map(({ message }) => message.socket)).size).toBe(2);
  });
});

describe("clients that are injected", () => {
  it("may be the SDK's own: one a vault and one a version", async () => {
    const server = await scriptedServer(vault({ get: answer(200, rsaBundle), ...hsm() }));
    const { agent, made, client } = await ownClients(server.url, server.ca);
    const kms = multiCloudKms({ adapters: [azure({ client })] });
    const opened = kms.open(cmk);
    const { key: root, wrapped } = await opened.generateDataKey(context);
    expect(await opened.unwrapKey(wrapped, context)).toEqual(root);
    expect(await opened.describe()).toMatchObject({ emulated: false });
    expect(made).toEqual([`https://${host}`, kid]);
    await kms.close();
    agent.destroy();
    expect([realKeys, realCryptography]).toHaveLength(2);
  });

  it("that hand over no raw answers are not believed", async () => {
    const silent = { keys: () => ({ getKey: async () => ({ properties: {} }) }), cryptography: () => ({}) };
    const kms = multiCloudKms({ adapters: [azure({ client: silent as unknown as AzureClientFactory })] });
    expect(await refusal(kms.open(cmk).describe())).toMatchObject({ code: "bad-answer" });
  });
});

describe("the options", () => {
  it.each<[string, AzureOptions]>([
    ["a client beside a credential", { client: { keys: () => realKeys, cryptography: () => realCryptography }, credential }],
    ["a client beside a tenant", { client: { keys: () => realKeys, cryptography: () => realCryptography }, tenantId }],
    ["a client that is none", { client: {} as AzureClientFactory }],
    ["a credential that is none", { credential: {} as typeof credential }],
    ["a tenant that is a name", { tenantId: "contoso.onmicrosoft.com" }],
    ["an empty tenant", { tenantId: "" }],
    ["a certificate authority without an endpoint", { ca: "x" }],
    ["an endpoint over http", { endpoint: "http://127.0.0.1:8443" }],
    ["an endpoint with a path", { endpoint: "https://127.0.0.1/x" }],
    ["an endpoint with a query", { endpoint: "https://127.0.0.1?x" }],
    ["an endpoint with a fragment", { endpoint: "https://127.0.0.1#x" }],
    ["an endpoint with a user name", { endpoint: "https://u@127.0.0.1" }],
    ["an endpoint with a backslash", { endpoint: String.raw`https://127.0.0.1\x` }],
    ["an endpoint that is no URL", { endpoint: "https://" }],
    ["an endpoint with a port that is none", { endpoint: "https://127.0.0.1:99999" }],
  ])("with %s are refused", (_what, options) => {
    expect(() => azure(options)).toThrow(TypeError);
  });

  it.each([
    ["https://127.0.0.1:8443", { host: "127.0.0.1", port: 8443 }],
    ["https://localhost/", { host: "localhost", port: 443 }],
    ["https://[::1]:8443", { host: "::1", port: 8443 }],
    ["https://relay.example", { host: "relay.example", port: 443 }],
  ])("with the endpoint %s connect to %j", (endpoint, connection) => {
    expect(connectionTo(new URL(endpoint))).toEqual(connection);
  });

  it("say whether what answers is the cloud", async () => {
    const server = await scriptedServer(described);
    const client: AzureClientFactory = (await ownClients(server.url, server.ca)).client;
    for (const [endpoint, emulated] of [
      [undefined, false],
      ["https://contoso.vault.azure.net", false],
      ["https://vault.azure.net.evil.example", true],
      ["https://127.0.0.1:8443", true],
    ] as const) {
      const kms = multiCloudKms({ adapters: [azure({ client, ...(endpoint !== undefined && { endpoint }) })] });
      expect(await kms.open(cmk).describe()).toMatchObject({ emulated });
    }
  });
});

/** The SDK's clients as an application would make them. */
async function ownClients(
  url: string,
  ca: string,
): Promise<{ client: AzureClientFactory; made: string[]; agent: { destroy(): void } }> {
  const { Agent } = await import("node:https");
  const agent = new Agent({ ...connectionTo(new URL(url)), ca });
  const made: string[] = [];
  const settings = { agent, retryOptions: { maxRetries: 0 } };
  const client: AzureClientFactory = {
    keys(vaultUrl) {
      made.push(vaultUrl);
      return new KeyClient(vaultUrl, credential, { ...settings });
    },
    cryptography(keyVersion) {
      made.push(keyVersion.id);
      return new CryptographyClient(keyVersion, credential, { ...settings });
    },
  };
  return { client, made, agent };
}
