import { KmsError } from "@cmkit/core";
import { describe, expect, it, onTestFinished, vi } from "vitest";
import { azureClients } from "../src/azure-clients.ts";
import { publicHosts } from "../src/azure-hosts.ts";
import type { AzureToken } from "../src/index.ts";
import { keptToken, type TokenSource } from "../src/kept-token.ts";
import { parseKeyId } from "../src/key-id.ts";
import { pinnedCredential } from "../src/pinned-credential.ts";
import { fakeCredential, keyUrl, secretToken, tenantId } from "./samples.ts";

const pin = { audience: "https://vault.azure.net", tenantId: undefined };
const tokenFor = (lifetimeMs: number, token = secretToken): AzureToken => ({
  token,
  expiresOnTimestamp: Date.now() + lifetimeMs,
});

/** The next limit of ours ends when the test says so. */
function endLimitByHand(): AbortController {
  const limit = new AbortController();
  const timeout = vi.spyOn(AbortSignal, "timeout").mockReturnValueOnce(limit.signal);
  onTestFinished(() => timeout.mockRestore());
  return limit;
}

/** Gives token-1, token-2 and so on, or fails; time goes by `after`. */
function renewing(lifetimeMs: number): {
  readonly asked: unknown[];
  fail: unknown;
  after(ms: number, claims?: string): Promise<string>;
} {
  vi.useFakeTimers({ toFake: ["Date"] });
  onTestFinished(() => void vi.useRealTimers());
  const source: TokenSource = async ({ claims }) => {
    tokens.asked.push(claims);
    if (tokens.fail !== undefined) throw tokens.fail;
    return tokenFor(lifetimeMs, `token-${tokens.asked.length}`);
  };
  const kept = keptToken(source);
  const tokens: ReturnType<typeof renewing> = {
    asked: [],
    fail: undefined,
    async after(ms, claims) {
      vi.setSystemTime(Date.now() + ms);
      return (await kept(claims === undefined ? {} : { claims })).token;
    },
  };
  return tokens;
}

describe("a token that is kept", () => {
  it("is asked for once however many calls wait for it, and each caller's abort is its own", async () => {
    const caller = new AbortController();
    const { promise, resolve } = Promise.withResolvers<AzureToken>();
    let times = 0;
    const kept = keptToken(async () => {
      times += 1;
      return promise;
    });
    const aborted = kept({ abortSignal: caller.signal });
    const others = Array.from({ length: 100 }, async () => kept({}));
    caller.abort();
    await expect(aborted).rejects.toThrow("the call has ended");
    resolve(tokenFor(3_600_000));
    expect(new Set((await Promise.all(others)).map(({ token }) => token))).toEqual(new Set([secretToken]));
    expect(times).toBe(1);
  });

  it("is renewed after five minutes", async () => {
    const tokens = renewing(3_600_000);
    expect([await tokens.after(0), await tokens.after(299_999), await tokens.after(1)]).toEqual([
      "token-1",
      "token-1",
      "token-2",
    ]);
  });

  it("is renewed a minute before its end", async () => {
    const tokens = renewing(90_000);
    expect([await tokens.after(0), await tokens.after(29_999), await tokens.after(1)]).toEqual(["token-1", "token-1", "token-2"]);
  });

  it("is replaced when a vault makes claims, and not used in their stead", async () => {
    const tokens = renewing(3_600_000);
    expect([await tokens.after(0), await tokens.after(0, "c"), await tokens.after(0)]).toEqual(["token-1", "token-2", "token-2"]);
    expect(tokens.asked).toEqual([undefined, "c"]);
    tokens.fail = new Error("no");
    await expect(tokens.after(0, "c")).rejects.toThrow("no");
  });

  it("outlives a failure to renew it, until its end", async () => {
    const tokens = renewing(3_600_000);
    await tokens.after(0);
    tokens.fail = new KmsError("credentials");
    expect([await tokens.after(300_000), await tokens.after(29_999), await tokens.after(1)]).toEqual(Array(3).fill("token-1"));
    expect(tokens.asked).toHaveLength(3);
    await expect(tokens.after(3_600_000)).rejects.toThrow(KmsError);
  });

  it("does not outlive the customer's refusal of us", async () => {
    const tokens = renewing(3_600_000);
    await tokens.after(0);
    tokens.fail = new KmsError("access-denied");
    await expect(tokens.after(300_000)).rejects.toMatchObject({ code: "access-denied" });
  });

  it("is renewed by no SDK in the background, where a failure would end the process", async () => {
    const given = await pinnedCredential(async () => fakeCredential(), pin).getToken("x");
    expect(given).toEqual({ token: secretToken, expiresOnTimestamp: 0 });
  });
});

describe("what never answers", () => {
  it("is let go: the credential is asked for again by the next call", async () => {
    const sources = [async () => new Promise<never>(() => {}), async () => fakeCredential()];
    const pinned = pinnedCredential(async () => (sources.shift() ?? (async () => fakeCredential()))(), pin);
    const limit = endLimitByHand();
    const hung = pinned.getToken("x");
    limit.abort();
    await expect(hung).rejects.toThrow("the call has ended");
    expect(await pinned.getToken("x")).toMatchObject({ token: secretToken });
  });

  it("is let go sooner while the token is good, which goes on", async () => {
    vi.useFakeTimers({ toFake: ["Date"] });
    onTestFinished(() => void vi.useRealTimers());
    const answers = [async () => tokenFor(3_600_000), async () => new Promise<never>(() => {})];
    const kept = keptToken(async () => (answers.shift() ?? (async () => tokenFor(0, "late")))());
    await kept({});
    vi.setSystemTime(Date.now() + 300_000);
    const limit = new AbortController();
    const timeout = vi.spyOn(AbortSignal, "timeout").mockReturnValueOnce(limit.signal);
    onTestFinished(() => timeout.mockRestore());
    const renewal = kept({});
    expect(timeout).toHaveBeenLastCalledWith(3000);
    limit.abort();
    expect(await renewal).toMatchObject({ token: secretToken });
    expect(await kept({})).toMatchObject({ token: secretToken });
  });

  it("is let go: the tenant is asked for again by the next call", async () => {
    const tenants = [async () => new Promise<never>(() => {}), async () => tenantId];
    const clients = azureClients(
      { credential: fakeCredential(), tenantId: async () => (tenants.shift() ?? (async () => tenantId))() },
      undefined,
    );
    const key = parseKeyId(keyUrl, publicHosts);
    const { signal } = new AbortController();
    const limit = endLimitByHand();
    const hung = clients.of(key, signal);
    limit.abort();
    await expect(hung).rejects.toThrow("the call has ended");
    expect(await clients.of(key, signal)).toBeDefined();
  });
});
