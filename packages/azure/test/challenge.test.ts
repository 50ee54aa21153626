import { randomBytes } from "node:crypto";
import { beforeAll, describe, expect, it } from "vitest";
import { publicHosts } from "../src/azure-hosts.ts";
import { checkChallenge } from "../src/challenge.ts";
import { parseKeyId } from "../src/key-id.ts";
import { vaultGate } from "../src/vault-gate.ts";
import { kmsOf, refusal } from "./kms-of.ts";
import {
  cmk,
  context,
  fakeCredential,
  hsmKeyUrl,
  keyUrl,
  octBundle,
  otherTenant,
  rsaBundle,
  secretToken,
  tenantId,
  version,
} from "./samples.ts";
import { answer, challenge, goodChallenge, hsmChallenge, scriptedServer, vault, type Script } from "./scripted-server.ts";

// On a busy machine the SDK alone can take longer to load than a call may.
beforeAll(async () => void (await import("@azure/keyvault-keys")));

const authority = `https://login.microsoftonline.com/${tenantId}`;
const wrapped = { cmk, keyVersion: version, bytes: randomBytes(256), kind: "rsa" } as const;
const moreClaims = (claims: string): string =>
  `Bearer realm="", authorization_uri="https://login.microsoftonline.com/common/oauth2/authorize", error="insufficient_claims", claims="${claims}"`;

/** Challenges of a host that is on the list, but whose answers are not what Azure would say. */
const hostile: readonly (readonly [what: string, header: string, code?: string])[] = [
  ["another authority", `Bearer authorization="https://login.evil.example/${tenantId}", resource="https://vault.azure.net"`],
  ["an authority that only looks alike", goodChallenge.replace("microsoftonline.com", "microsoftonline.com.evil.example")],
  ["the authority of another cloud", goodChallenge.replace("login.microsoftonline.com", "login.chinacloudapi.cn")],
  ["an authority at another port", goodChallenge.replace("microsoftonline.com", "microsoftonline.com:8443")],
  ["an authority over http", goodChallenge.replace("https://login", "http://login")],
  ["an authority with a user name", goodChallenge.replace("https://login", "https://evil@login")],
  ["an authority that is no URL", goodChallenge.replace(authority, "nonsense")],
  ["an authority without a tenant", goodChallenge.replace(`/${tenantId}`, "")],
  ["an authority with a longer path", goodChallenge.replace(tenantId, `${tenantId}/oauth2/token`)],
  ["another resource", goodChallenge.replace("vault.azure.net", "management.azure.com")],
  ["the resource of managed HSMs", hsmChallenge],
  ["the vault itself as resource", goodChallenge.replace("https://vault.azure.net", "https://contoso.vault.azure.net")],
  ["the domain above as resource", goodChallenge.replace("https://vault.azure.net", "https://azure.net")],
  ["a resource with a path", goodChallenge.replace('vault.azure.net"', 'vault.azure.net/evil"')],
  ["a resource over http", goodChallenge.replace('resource="https', 'resource="http')],
  ["another scope", `Bearer authorization="${authority}", scope="https://graph.microsoft.com/.default"`],
  ["a scope beside the resource", `${goodChallenge}, scope="https://graph.microsoft.com/.default"`],
  ["a second resource", `${goodChallenge}, resource="https://management.azure.com"`],
  ["a second authority", `${goodChallenge}, authorization="https://login.evil.example/${tenantId}"`],
  [
    "a second challenge",
    `${goodChallenge}, Bearer authorization="https://login.evil.example/t", resource="https://vault.azure.net"`,
  ],
  [
    "other letters in a name",
    goodChallenge.replace("authorization=", 'AUTHORIZATION="https://login.evil.example/t", authorization='),
  ],
  ["a value inside a value", `Bearer x="authorization="https://login.evil.example/t", resource="https://vault.azure.net"`],
  ["an escape", goodChallenge.replace("login", String.raw`lo\gin`)],
  ["a tab", goodChallenge.replace(", ", ",\t")],
  ["no quotes", `Bearer authorization=${authority}, resource=https://vault.azure.net`],
  ["no parameters", "Bearer"],
  ["garbage", 'Bearer ,,,,=""""'],
  ["an endless list", `${goodChallenge}${', resource="https://vault.azure.net"'.repeat(200)},`],
  ["no authority", 'Bearer resource="https://vault.azure.net"'],
  ["claims at another authority", moreClaims("e30=").replace("login.microsoftonline.com", "login.evil.example")],
];

describe("a challenge", () => {
  it.each(hostile)("with %s gets no token", async (_what, header) => {
    const server = await scriptedServer(challenge(header));
    const credential = fakeCredential();
    for (const options of [{ credential }, { credential, tenantId }]) {
      const error = await refusal(kmsOf(server, options).open(cmk).describe());
      expect(error).toMatchObject({ code: "bad-answer", retryable: false });
      expect(error.message).not.toContain("evil");
    }
    expect(credential.asked).toEqual([]);
    expect(server.authorised()).toEqual([]);
    expect(server.requests).toHaveLength(2);
  });

  it("with another tenant than the configured one gets no token", async () => {
    const server = await scriptedServer(challenge(goodChallenge.replace(tenantId, otherTenant)));
    const credential = fakeCredential();
    const error = await refusal(kmsOf(server, { credential, tenantId }).open(cmk).describe());
    expect(error).toMatchObject({ code: "credentials" });
    expect(error.message).toMatch(/another tenant.*tenantId.*no token/);
    expect(error.message).not.toContain(otherTenant);
    expect([credential.asked, server.authorised()]).toEqual([[], []]);
  });

  it("chooses no tenant where none is configured: the token is for the credential's own", async () => {
    const server = await scriptedServer(vault({ get: answer(200, rsaBundle) }, goodChallenge.replace(tenantId, otherTenant)));
    const credential = fakeCredential();
    await kmsOf(server, { credential }).open(cmk).describe();
    expect(credential.asked).toHaveLength(1);
    expect(credential.asked[0]?.scopes).toBe("https://vault.azure.net/.default");
    expect(credential.asked[0]?.options).not.toHaveProperty("tenantId");
  });

  it.each([
    ["as Azure writes it", goodChallenge],
    ["with the older authority", goodChallenge.replace("microsoftonline.com", "windows.net")],
    ["with a scope", `Bearer authorization="${authority}", scope="https://vault.azure.net/.default"`],
    ["with a slash at the end", goodChallenge.replace('vault.azure.net"', 'vault.azure.net/"')],
    ["with the tenant in capitals", goodChallenge.replace(tenantId, tenantId.toUpperCase())],
    ["beside another scheme", `${goodChallenge}, PoP realm="x", nonce="abc"`],
  ])("%s is answered with a token of the fixed scope and tenant", async (_what, header) => {
    const server = await scriptedServer(vault({ get: answer(200, rsaBundle) }, header));
    const credential = fakeCredential();
    await kmsOf(server, { credential, tenantId }).open(cmk).describe();
    expect(credential.asked.map(({ scopes, options }) => [scopes, options.tenantId])).toEqual([
      ["https://vault.azure.net/.default", tenantId],
    ]);
    expect(server.authorised().map(({ authorization, host }) => [authorization, host])).toEqual([
      [`Bearer ${secretToken}`, "contoso.vault.azure.net"],
    ]);
  });

  it("of a managed HSM is answered with a token for managed HSMs", async () => {
    const server = await scriptedServer(vault({ get: answer(200, octBundle) }, hsmChallenge));
    const credential = fakeCredential();
    await kmsOf(server, { credential }).open({ provider: "azure", resource: hsmKeyUrl }).describe();
    expect(credential.asked.map(({ scopes }) => scopes)).toEqual(["https://managedhsm.azure.net/.default"]);
  });

  it("of another cloud is answered for that cloud", async () => {
    const resource = "https://contoso.vault.azure.cn/keys/crm";
    const header = `Bearer authorization="https://login.chinacloudapi.cn/${tenantId}", resource="https://vault.azure.cn"`;
    const bundle = { ...rsaBundle, key: { ...rsaBundle.key, kid: `${resource}/${version}` } };
    const server = await scriptedServer(vault({ get: answer(200, bundle) }, header));
    const credential = fakeCredential();
    await kmsOf(server, { credential }).open({ provider: "azure", resource }).describe();
    expect(credential.asked.map(({ scopes }) => scopes)).toEqual(["https://vault.azure.cn/.default"]);
  });

  it("that never ends is given up, and says that the token was refused", async () => {
    const server = await scriptedServer(challenge());
    const credential = fakeCredential();
    const error = await refusal(kmsOf(server, { credential }).open(cmk).describe());
    expect(error).toMatchObject({ code: "credentials" });
    expect(server.requests).toHaveLength(2);
    expect(credential.asked).toHaveLength(1);
  });

  it("for more claims gets a token with these claims, once", async () => {
    const claims = '{"access_token":{"nbf":{"essential":true}}}';
    let refused = 0;
    const revoked: Script = (request, response) => {
      refused += 1;
      challenge(moreClaims(Buffer.from(claims).toString("base64")))(request, response);
    };
    const server = await scriptedServer(vault({ get: revoked }));
    const credential = fakeCredential();
    const error = await refusal(kmsOf(server, { credential, tenantId }).open(cmk).describe());
    expect(error).toMatchObject({ code: "credentials" });
    expect(refused).toBe(2);
    expect(credential.asked.map(({ scopes, options }) => [scopes, options.tenantId, options.claims])).toEqual([
      ["https://vault.azure.net/.default", tenantId, undefined],
      ["https://vault.azure.net/.default", tenantId, claims],
    ]);
  });

  it("after a good one changes nothing: no further token goes anywhere", async () => {
    const server = await scriptedServer(vault({ get: answer(200, rsaBundle) }));
    const credential = fakeCredential();
    const key = kmsOf(server, { credential }).open(cmk);
    await key.describe();
    server.play(challenge(goodChallenge.replace("vault.azure.net", "management.azure.com")));
    expect(await refusal(key.describe())).toMatchObject({ code: "bad-answer" });
    expect(credential.asked).toHaveLength(1);
    expect(new Set(server.authorised().map(({ authorization }) => authorization))).toEqual(new Set([`Bearer ${secretToken}`]));
  });

  it("is what makes a request carry its body: before it neither token nor ciphertext is sent", async () => {
    const server = await scriptedServer(challenge(goodChallenge.replace("login.", "evil.")));
    await refusal(kmsOf(server).open(cmk).unwrapKey(wrapped, context));
    expect(server.requests.map(({ method, body, authorization }) => [method, body, authorization])).toEqual([
      ["POST", "", undefined],
    ]);
  });

  it("is read in time that grows no faster than it does", () => {
    const [hosts] = publicHosts;
    if (hosts === undefined) throw new Error("no hosts");
    for (const header of [`Bearer ${'a="b" '.repeat(20_000)}`, `Bearer ${"a, ".repeat(20_000)}`, "a".repeat(100_000)]) {
      const started = performance.now();
      expect(() => checkChallenge(header, hosts, undefined)).toThrow(/challenge/);
      expect(performance.now() - started).toBeLessThan(2000);
    }
  });
});

describe("the gate", () => {
  it("lets no request out to another host than the vault's own", async () => {
    const { policy } = vaultGate(parseKeyId(keyUrl, publicHosts), undefined);
    for (const url of [
      "https://evil.example/keys/crm",
      "http://contoso.vault.azure.net/keys/crm",
      "https://contoso.vault.azure.net:8443/",
    ]) {
      const request = { url } as Parameters<typeof policy.sendRequest>[0];
      const next = async (): Promise<never> => Promise.reject(new Error("it was sent"));
      await expect(policy.sendRequest(request, next)).rejects.toMatchObject({ code: "bad-answer" });
    }
  });
});

describe("the gate, for an SDK that loses bodies", () => {
  it.each([null, undefined])(
    "lets no operation out with a token and the body %s: it would come back as a bad ciphertext",
    async (body) => {
      const { policy } = vaultGate(parseKeyId(keyUrl, publicHosts), undefined);
      const sent: unknown[] = [];
      const send = async (method: string, token: boolean, given: string | null | undefined): Promise<unknown> => {
        const request = { url: `${keyUrl}/x`, method, headers: { has: () => token }, body: given };
        return policy.sendRequest(request as unknown as Parameters<typeof policy.sendRequest>[0], async () => {
          sent.push(given);
          return { status: 200 } as Awaited<ReturnType<typeof policy.sendRequest>>;
        });
      };
      await expect(send("POST", true, body)).rejects.toMatchObject({ code: "unavailable", retryable: true });
      expect(sent).toEqual([]);
      await send("POST", false, body);
      await send("GET", true, body);
      await send("POST", true, "{}");
      expect(sent).toEqual([body, body, "{}"]);
    },
  );
});

describe("a redirect", () => {
  it.each([301, 302, 303, 307, 308])("with status %i is not followed, to this host or another", async (status) => {
    const elsewhere = await scriptedServer(answer(200, rsaBundle));
    for (const location of [`${elsewhere.url}/keys/crm`, "/keys/other", "https://contoso.vault.azure.net/keys/other"]) {
      const server = await scriptedServer(vault({ get: answer(status, "", { location }) }));
      expect(await refusal(kmsOf(server).open(cmk).describe())).toMatchObject({ code: "bad-answer" });
      expect(server.requests).toHaveLength(2);
      const post = await scriptedServer(vault({ unwrapkey: answer(status, "", { location }) }));
      expect(await refusal(kmsOf(post).open(cmk).unwrapKey(wrapped, context))).toMatchObject({ code: "bad-answer" });
      expect(post.requests).toHaveLength(2);
    }
    expect(elsewhere.requests).toEqual([]);
  });
});
