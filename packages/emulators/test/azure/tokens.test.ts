import { KeyClient } from "@azure/keyvault-keys";
import { afterAll, beforeAll, describe, expect, test } from "vitest";

import { type AzureCredentialOptions, type AzureEmulator, azureEmulator } from "../../src/index.ts";
import {
  hsmUrl,
  keysOf,
  operator,
  otherTenantId,
  raw,
  refusalOf,
  seedOf,
  startForTest,
  stranger,
  tenantId,
  vaultUrl,
} from "./emulated-vault.ts";

const path = "/keys/aes/?api%2Dversion=2025-07-01";
const host = "hsm-one.managedhsm.azure.net";
const audience = "https://managedhsm.azure.net";
let emulator: AzureEmulator;

beforeAll(async () => {
  emulator = await azureEmulator({ seed: seedOf([{ name: "aes", vault: "hsm-one", kty: "oct-HSM" }]) });
});
afterAll(() => emulator.close());

const getKey = (options: AzureCredentialOptions): Promise<unknown> => keysOf(emulator, hsmUrl, options).getKey("aes");
const withToken = (token: string): ReturnType<typeof raw> => raw(emulator, path, { host, authorization: `Bearer ${token}` });

describe("a request without a token", () => {
  test("is challenged by a vault in its words", async () => {
    const { status, headers, body } = await raw(emulator, path, { host: "vault-one.vault.azure.net" });
    expect(status).toBe(401);
    expect(headers["www-authenticate"]).toBe(
      `Bearer authorization="https://login.microsoftonline.com/${tenantId}", resource="https://vault.azure.net"`,
    );
    expect(body).toBe('{"error":{"code":"Unauthorized","message":"AKV10000: Request is missing a Bearer or PoP token."}}');
  });

  test("is challenged by a managed HSM without a body", async () => {
    for (const headers of [{ host }, { host, authorization: "Basic dTpw" }, { host, authorization: "Bearer" }]) {
      const answer = await raw(emulator, path, headers, "");
      expect([answer.status, answer.body]).toEqual([401, ""]);
      expect(answer.headers["www-authenticate"]).toBe(
        `Bearer authorization="https://login.microsoftonline.com/${tenantId}", resource="${audience}"`,
      );
    }
  });

  test("counts as no call, and meets no fault", async () => {
    emulator.resetCalls();
    emulator.faults.add({ fault: "reset" });
    await raw(emulator, path, { host });
    emulator.faults.clear();
    expect([emulator.counts(), emulator.calls()]).toEqual([{}, []]);
    await getKey({});
    expect(emulator.counts()).toEqual({ GetKey: 1 });
  });

  test.each([
    ["azure.cn", "login.chinacloudapi.cn"],
    ["usgovcloudapi.net", "login.microsoftonline.us"],
    ["sovcloud-api.fr", "login.sovcloud-identity.fr"],
    ["sovcloud-api.de", "login.sovcloud-identity.de"],
  ] as const)("is sent to the authority of %s", async (domain, authority) => {
    const vaults = [{ name: "hsm-one", type: "managedhsm", domain }] as const;
    const sovereign = await startForTest({ seed: seedOf([{ name: "aes", vault: "hsm-one", kty: "oct-HSM" }], { vaults }) });
    const { headers } = await raw(sovereign, path, { host: `hsm-one.managedhsm.${domain}` });
    expect(headers["www-authenticate"]).toBe(
      `Bearer authorization="https://${authority}/${tenantId}", resource="https://managedhsm.${domain}"`,
    );
    expect((await keysOf(sovereign, `https://hsm-one.managedhsm.${domain}`).getKey("aes")).name).toBe("aes");
    expect(Object.keys(sovereign.credentials.accessTokens)).toContain(`https://managedhsm.${domain}`);
  });
});

describe("a token", () => {
  test("of the operator opens the vaults that it is for", async () => {
    const { credentials } = emulator;
    expect(credentials.tenantId).toBe(tenantId);
    expect((await withToken(credentials.accessTokens[audience])).status).toBe(200);
    const { status, body } = await withToken(credentials.accessTokens["https://vault.azure.net"]);
    expect([status, body]).toEqual([401, expect.stringContaining("AKV10022: Invalid audience.")]);
  });

  test.each<[string, AzureCredentialOptions, string]>([
    [
      "for another audience",
      { audience: "https://management.azure.com" },
      `AKV10022: Invalid audience. Expected ${audience}, found: https://management.azure.com.`,
    ],
    ["that has expired", { startsInMs: -7_200_000, lifetimeMs: 3_600_000 }, "[TokenExpired] Error validating token: 'S2S12086'."],
    ["that is not valid yet", { startsInMs: 60_000 }, "[TokenExpired] Error validating token: 'S2S12086'."],
    [
      "of another tenant",
      { tenantId: otherTenantId },
      `AKV10032: Invalid issuer. Expected one of https://sts.windows.net/${tenantId}/, found https://sts.windows.net/${otherTenantId}/.`,
    ],
    ["of a principal elsewhere", { principal: stranger.objectId }, "AKV10032: Invalid issuer."],
  ])("%s is refused in the service's words", async (_what, options, message) => {
    const refusal = await refusalOf(getKey(options));
    expect(refusal).toMatchObject({ status: 401, code: "Unauthorized", inner: undefined });
    expect(refusal.message.startsWith(message)).toBe(true);
  });

  test("expires at its instant, by the emulator's clock", async () => {
    let nowMs = Date.parse("2026-06-01T00:00:00.000Z");
    const timed = await startForTest({ clock: () => nowMs, seed: seedOf([{ name: "aes", vault: "hsm-one", kty: "oct-HSM" }]) });
    const { token } = await timed.credential({ lifetimeMs: 60_000 }).getToken(`${audience}/.default`);
    const status = async (): Promise<number> => (await raw(timed, path, { host, authorization: `Bearer ${token}` })).status;
    nowMs += 59_999;
    expect(await status()).toBe(200);
    nowMs += 1;
    expect(await status()).toBe(401);
  });

  test("that this emulator did not sign is refused", async () => {
    const other = await azureEmulator({ seed: { ...emulator.snapshot(), tokenKey: (await azureSeedOfAnother()).tokenKey } });
    const foreign = other.credentials.accessTokens[audience];
    await other.close();
    const [header = "", payload = "", signature = ""] = emulator.credentials.accessTokens[audience].split(".");
    const none = Buffer.from('{"typ":"JWT","alg":"none"}').toString("base64url");
    const admin = Buffer.from(payload, "base64url").toString().replace(operator.objectId, stranger.objectId);
    const tokens = [
      foreign,
      `${none}.${payload}.`,
      `${none}.${payload}.${signature}`,
      `${header}.${Buffer.from(admin).toString("base64url")}.${signature}`,
      `${header}.${payload}`,
      `${header}.${payload}.${signature}.${signature}`,
      "garbage",
      "....",
      "e30.e30.e30",
    ];
    for (const token of tokens) {
      const { status, headers, body } = await withToken(token);
      expect([status, body]).toEqual([
        401,
        expect.stringContaining("AKV10046: Unable to resolve the key used for signature validation."),
      ]);
      expect(headers["www-authenticate"]).toContain("Bearer authorization=");
    }
  });

  test("of a principal that the next start does not know is refused", async () => {
    const token = emulator.credentials.accessTokens[audience];
    const restarted = await startForTest({ seed: { ...emulator.snapshot(), principals: [stranger] } });
    const { status } = await raw(restarted, path, { host, authorization: `Bearer ${token}` });
    expect(status).toBe(401);
  });

  test("that is refused counts as a call", async () => {
    emulator.resetCalls();
    await withToken("garbage");
    expect(emulator.calls()).toEqual([
      { operation: "GetKey", keyId: `${hsmUrl}/keys/aes`, status: 401, errorName: "Unauthorized" },
    ]);
  });
});

describe("a credential", () => {
  test("mints for the scope and tenant that the client was challenged with", async () => {
    const claims = async (options?: AzureCredentialOptions): Promise<unknown> => {
      const { token } = await emulator
        .credential(options)
        .getToken(["https://vault.azure.net/.default"], { tenantId: otherTenantId });
      return JSON.parse(Buffer.from(token.split(".")[1] ?? "", "base64url").toString("utf8"));
    };
    expect(await claims()).toMatchObject({
      aud: "https://vault.azure.net",
      tid: otherTenantId,
      iss: `https://sts.windows.net/${otherTenantId}/`,
      oid: operator.objectId,
      appid: operator.appId,
    });
    expect(await claims({ tenantId })).toMatchObject({ tid: tenantId });
    await expect(claims({ principal: "nobody" })).rejects.toThrow("expected one of the seed");
  });

  test("is a TokenCredential of the official client", () => {
    expect(new KeyClient(vaultUrl, emulator.credential()).vaultUrl).toBe(vaultUrl);
  });
});

/** A seed whose tokens are signed with another key. */
async function azureSeedOfAnother(): Promise<{ tokenKey: string }> {
  const { tokenKey: _mine, ...seed } = seedOf([]);
  const other = await startForTest({ seed });
  const { tokenKey = "" } = other.snapshot();
  return { tokenKey };
}
