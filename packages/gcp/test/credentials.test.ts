import { generateKeyPairSync } from "node:crypto";
import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { KmsError, multiCloudKms, type Cmk, type KmsErrorCode } from "@cmkit/core";
import { KeyManagementServiceClient } from "@google-cloud/kms";
import { afterEach, describe, expect, it, onTestFinished, vi } from "vitest";
import { gcp, type GcpAccessToken, type GcpAuthClient, type GcpCredentials } from "../src/index.ts";
import { grpcServer, status } from "./grpc-server.ts";
import { at, cmk, symmetricKey } from "./samples.ts";
import { answer, scriptedServer, serviceError, type ScriptedServer } from "./scripted-server.ts";

const described = answer(200, symmetricKey);
const tokensOf = (server: ScriptedServer): unknown[] => server.requests.map(({ headers }) => headers.authorization);
const other = { provider: "gcp", resource: cmk.resource.replace("crm_key", "other") } as const;

afterEach(() => {
  vi.unstubAllEnvs();
});

/** A service account that signs its own tokens. */
function serviceAccount(): Record<string, string> {
  const { privateKey } = generateKeyPairSync("rsa", { modulusLength: 2048 });
  const private_key = privateKey.export({ format: "pem", type: "pkcs8" });
  return {
    type: "service_account",
    client_email: "crm@operator-project.iam.gserviceaccount.com",
    private_key,
    private_key_id: "1",
  };
}

/** The claims of a self-signed token. */
function claimsOf(authorization: string | undefined): Record<string, unknown> {
  const [, payload = ""] = (authorization ?? "").replace("Bearer ", "").split(".");
  return JSON.parse(Buffer.from(payload, "base64url").toString()) as Record<string, unknown>;
}

describe("credentials", () => {
  it("may be an access token", async () => {
    const server = await scriptedServer(described);
    const kms = multiCloudKms({ adapters: [at(server.url, { credentials: { accessToken: "ya29.first" } })] });
    await kms.open(cmk).describe();
    await kms
      .open(other)
      .describe()
      .catch(() => {});
    expect(tokensOf(server)).toEqual(["Bearer ya29.first", "Bearer ya29.first"]);
    await kms.close();
  });

  it.each<[string, unknown]>([
    ["Headers", new Headers({ authorization: "Bearer ya29.auth", "x-goog-user-project": "billed-project" })],
    ["an object", { authorization: "Bearer ya29.auth", "x-goog-user-project": "billed-project" }],
  ])("may be an auth client that gives %s", async (_what, headers) => {
    const server = await scriptedServer(described);
    const getRequestHeaders = vi.fn<GcpAuthClient["getRequestHeaders"]>(async () => headers as Headers);
    const kms = multiCloudKms({ adapters: [at(server.url, { credentials: { getRequestHeaders } })] });
    await kms.open(cmk).describe();
    expect(server.requests[0]?.headers).toMatchObject({
      authorization: "Bearer ya29.auth",
      "x-goog-user-project": "billed-project",
    });
    expect(getRequestHeaders.mock.calls).toEqual([["https://cloudkms.googleapis.com/"]]);
    await kms.close();
  });

  it("may be a real auth client of a service account", async () => {
    const server = await scriptedServer(described);
    const jwt = new KeyManagementServiceClient({ fallback: true }).auth.fromJSON(serviceAccount());
    const kms = multiCloudKms({ adapters: [at(server.url, { credentials: jwt })] });
    await kms.open(cmk).describe();
    const claims = claimsOf(server.requests[0]?.headers.authorization);
    expect(claims).toMatchObject({
      iss: "crm@operator-project.iam.gserviceaccount.com",
      aud: "https://cloudkms.googleapis.com/",
    });
    await kms.close();
  });

  it("are application default credentials where none are given", async () => {
    const directory = await mkdtemp(join(tmpdir(), "cmkit-gcp-"));
    onTestFinished(async () => rm(directory, { recursive: true, force: true }));
    const file = join(directory, "account.json");
    await writeFile(file, JSON.stringify({ ...serviceAccount(), quota_project_id: "billed-project" }));
    vi.stubEnv("GOOGLE_APPLICATION_CREDENTIALS", file);
    const server = await scriptedServer(described);
    const kms = multiCloudKms({ adapters: [gcp({ endpoint: server.url })] });
    await kms.open(cmk).describe();
    await kms.open(cmk).describe();
    expect(new Set(tokensOf(server))).toEqual(new Set([tokensOf(server)[0]]));
    const { headers } = server.requests[0] ?? {};
    expect(claimsOf(headers?.authorization)).toMatchObject({ aud: "https://cloudkms.googleapis.com/" });
    expect(headers?.["x-goog-user-project"]).toBe("billed-project");
    await kms.close();
  });
});

describe("credentials for each CMK", () => {
  it("are asked for with the CMK before every request, where a token says nothing of its end", async () => {
    const server = await scriptedServer(described);
    const asked: Cmk[] = [];
    const perCmk = async (key: Cmk): Promise<GcpAccessToken> => ({ accessToken: `ya29.${asked.push(key)}` });
    const kms = multiCloudKms({ adapters: [at(server.url, { credentials: perCmk })] });
    await kms.open(cmk).describe();
    await kms.open(cmk).describe();
    await expect(kms.open(other).describe()).rejects.toMatchObject({ code: "bad-answer" });
    expect(asked).toEqual([cmk, cmk, other]);
    expect(tokensOf(server)).toEqual(["Bearer ya29.1", "Bearer ya29.2", "Bearer ya29.3"]);
    await kms.close();
  });

  it.each(["rest", "grpc"] as const)(
    "never go with another CMK's request, however many are under way, over %s",
    async (transport) => {
      const seen: (readonly [token: string | undefined, key: string | undefined])[] = [];
      const keyIn = (text: unknown): string | undefined => /cryptoKeys(?:\/|%2F)(key-\d+)/.exec(String(text))?.[1];
      const rest = await scriptedServer((request, response) => {
        seen.push([request.headers.authorization, keyIn(request.url)]);
        serviceError("NOT_FOUND")(request, response);
      });
      const grpc = await grpcServer((stream, headers) => {
        seen.push([String(headers["authorization"]), keyIn(headers["x-goog-request-params"])]);
        status(5, "not found")(stream, headers);
      });
      const perCmk = async ({ resource }: Cmk): Promise<GcpAccessToken> => ({ accessToken: `ya29.${keyIn(resource)}` });
      const endpoint = transport === "rest" ? rest.url : grpc.url;
      const kms = multiCloudKms({ adapters: [at(endpoint, { transport, credentials: perCmk })] });
      const keys = Array.from({ length: 20 }, (_, index) => `key-${index}`);
      const resources = keys.map((key) => cmk.resource.replace("crm_key", key));
      await Promise.all(
        [...resources, ...resources].map(async (resource) =>
          expect(kms.open({ provider: "gcp", resource }).describe({ timeoutMs: 20_000 })).rejects.toMatchObject({
            code: "key-not-found",
          }),
        ),
      );
      expect(seen).toHaveLength(40);
      expect(new Set(seen.map(([, key]) => key))).toEqual(new Set(keys));
      for (const [token, key] of seen) expect(token).toBe(`Bearer ya29.${key}`);
      await kms.close();
    },
  );

  it.each([
    ["kept until a minute before a token's end", 61_000, 1],
    ["asked for again a minute before a token's end", 59_000, 2],
  ])("are %s", async (_what, leftMs, expected) => {
    const server = await scriptedServer(described);
    let asked = 0;
    const perCmk = (): GcpAccessToken => ({ accessToken: `ya29.${(asked += 1)}`, expiration: new Date(Date.now() + leftMs) });
    const kms = multiCloudKms({ adapters: [at(server.url, { credentials: perCmk })] });
    await kms.open(cmk).describe();
    await kms.open(cmk).describe();
    expect(asked).toBe(expected);
    await kms.close();
  });

  it("are kept for that CMK where they are an auth client", async () => {
    const server = await scriptedServer(described);
    const asked: string[] = [];
    const perCmk = (key: Cmk): GcpAuthClient => {
      asked.push(key.resource);
      return { getRequestHeaders: async () => new Headers({ authorization: `Bearer ${asked.length}` }) };
    };
    const kms = multiCloudKms({ adapters: [at(server.url, { credentials: perCmk })] });
    await kms.open(cmk).describe();
    await kms.open(cmk).describe();
    await kms
      .open(other)
      .describe()
      .catch(() => {});
    expect(asked).toEqual([cmk.resource, other.resource]);
    await kms.close();
  });

  it.each<[string, (authClient: GcpAuthClient) => void]>([
    ["the KMS does not accept them", () => {}],
    ["they give no token", (client) => void (client.getRequestHeaders = async () => Promise.reject(new Error("expired")))],
  ])("are begun anew when %s", async (_what, spoil) => {
    const server = await scriptedServer(described);
    const clients: GcpAuthClient[] = [];
    const perCmk = (): GcpAuthClient => {
      const client: GcpAuthClient = { getRequestHeaders: async () => ({ authorization: `Bearer ${clients.length}` }) };
      clients.push(client);
      return client;
    };
    const kms = multiCloudKms({ adapters: [at(server.url, { credentials: perCmk })] });
    await kms.open(cmk).describe();
    if (clients[0] !== undefined) spoil(clients[0]);
    server.play(serviceError("UNAUTHENTICATED"));
    await expect(kms.open(cmk).describe()).rejects.toMatchObject({ code: "credentials" });
    server.play(described);
    await kms.open(cmk).describe();
    expect(clients).toHaveLength(2);
    await kms.close();
  });
});

describe("credentials that are not given", () => {
  const httpError = (status: number): Error =>
    Object.assign(new Error("operator@secret-project"), {
      status,
      config: { url: "https://oauth2.googleapis.com/token" },
      code: status,
    });
  const nodeError = (code: string): Error => Object.assign(new Error("operator@secret-project"), { code });
  const cases: readonly (readonly [string, unknown, fixed: KmsErrorCode, perCmk: KmsErrorCode])[] = [
    ["invalid_grant", httpError(400), "credentials", "credentials"],
    ["a client that is not known", httpError(401), "credentials", "credentials"],
    ["an impersonation that is refused", httpError(403), "credentials", "access-denied"],
    ["a service account that is not there", httpError(404), "credentials", "credentials"],
    ["a token server that is busy", httpError(429), "unavailable", "unavailable"],
    ["a token server that fails", httpError(503), "unavailable", "unavailable"],
    ["a network that is down", nodeError("ECONNREFUSED"), "unavailable", "unavailable"],
    ["a name that does not resolve", nodeError("ENOTFOUND"), "unavailable", "unavailable"],
    ["a connection that takes too long", nodeError("ETIMEDOUT"), "unavailable", "unavailable"],
    ["a file that is not there", nodeError("ENOENT"), "credentials", "credentials"],
    [
      "something that is called like a refusal of the key",
      Object.assign(new Error("x"), { code: 7 }),
      "credentials",
      "credentials",
    ],
    [
      "something that is called like a disabled key",
      Object.assign(new Error("current state is: DISABLED"), { code: 9 }),
      "credentials",
      "credentials",
    ],
    ["one of our own errors about another key", new KmsError("key-disabled"), "credentials", "credentials"],
    ["one of our own errors that may pass", new KmsError("throttled"), "throttled", "throttled"],
    ["text", "no", "credentials", "credentials"],
    ["nothing", undefined, "credentials", "credentials"],
  ];

  it.each(cases)("%s", async (_what, error, fixed, perCmk) => {
    const server = await scriptedServer(described);
    const failing: GcpAuthClient = { getRequestHeaders: async () => Promise.reject(error) };
    const ways: readonly (readonly [GcpCredentials | (() => Promise<GcpCredentials>), KmsErrorCode])[] = [
      [failing, fixed],
      [async () => failing, perCmk],
      [async () => Promise.reject(error), perCmk],
    ];
    for (const [credentials, code] of ways) {
      const kms = multiCloudKms({ adapters: [at(server.url, { credentials })] });
      const thrown: unknown = await kms
        .open(cmk)
        .describe()
        .catch((caught: unknown) => caught);
      expect(thrown).toMatchObject({ code });
      expect((thrown as Error).message).not.toContain("secret-project");
      await kms.close();
    }
    expect(server.requests).toEqual([]);
  });

  it.each([undefined, null, {}, { accessToken: "" }, { accessToken: "line\nend" }, { getRequestHeaders: 7 }, "ya29.text"])(
    "%j is none",
    async (given) => {
      const perCmk = (): GcpCredentials => given as unknown as GcpCredentials;
      const kms = multiCloudKms({ adapters: [at("http://127.0.0.1:9", { credentials: perCmk })] });
      await expect(kms.open(cmk).describe()).rejects.toMatchObject({
        code: "credentials",
        message: expect.stringContaining("neither an accessToken nor an auth client") as string,
      });
    },
  );

  it("in time end with the call, and nothing is sent when they come late", async () => {
    const server = await scriptedServer(described);
    const late = Promise.withResolvers<GcpAccessToken>();
    const kms = multiCloudKms({ adapters: [at(server.url, { credentials: async () => late.promise })] });
    await expect(kms.open(cmk).describe({ timeoutMs: 300 })).rejects.toMatchObject({ code: "timeout" });
    late.resolve({ accessToken: "ya29.late" });
    await late.promise;
    await new Promise((resolve) => {
      setImmediate(resolve);
    });
    expect(server.requests).toEqual([]);
    await kms.close();
  });
});
