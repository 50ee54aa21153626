import { isKmsError } from "@cmkit/core";
import type { AzureToken, AzureTokenOptions } from "./azure-client.ts";
import { untilAborted } from "./until-aborted.ts";

/** Gives a token that is good for now. */
export type TokenSource = (asked: Pick<AzureTokenOptions, "abortSignal" | "enableCae" | "claims">) => Promise<AzureToken>;

/** How long the application's functions and credentials may take; below the deadline only of patient callers. */
export const credentialTimeoutMs: number = 10_000;

// The credential has a cache of its own and knows best when to renew: asked this often it can, and well before the end.
const keptMs = 300_000;
const marginMs = 60_000;
// With a token that is still good nobody waits until core's default deadline for the next one, nor often.
const renewalTimeoutMs = 3000;
const retryMs = 30_000;

/**
 * Keeps the token of one vault, and asks `fetch` once however many requests want one. A caller's signal ends its own wait. A
 * token that is still good outlives a failure to renew it, unless the customer's tenant has refused us.
 */
export function keptToken(fetch: TokenSource): TokenSource {
  let kept: { readonly token: AzureToken; readonly renewAtMs: number } | undefined;
  const underWay = new Map<string | undefined, Promise<AzureToken>>();
  const renew = async (asked: Parameters<TokenSource>[0], old: AzureToken | undefined): Promise<AzureToken> => {
    const abortSignal = AbortSignal.timeout(old === undefined ? credentialTimeoutMs : renewalTimeoutMs);
    const token = await untilAborted(fetch({ ...asked, abortSignal }), abortSignal).catch((error: unknown) => {
      if (old === undefined || (isKmsError(error) && error.code === "access-denied")) throw error;
      return old;
    });
    const now = Date.now();
    kept = { token, renewAtMs: token === old ? now + retryMs : Math.min(now + keptMs, token.expiresOnTimestamp - marginMs) };
    return token;
  };
  return async ({ abortSignal, ...asked }) => {
    const { claims } = asked;
    const now = Date.now();
    // A vault that makes claims has refused the token that is kept.
    const old = claims === undefined && kept !== undefined && now < kept.token.expiresOnTimestamp ? kept : undefined;
    if (old !== undefined && now < old.renewAtMs) return old.token;
    const token = underWay.get(claims) ?? renew(asked, old?.token).finally(() => underWay.delete(claims));
    underWay.set(claims, token);
    return untilAborted(token, abortSignal);
  };
}
