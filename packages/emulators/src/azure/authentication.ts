import { issuerOf, type TokenClaims, type TokenSigner } from "./access-token.ts";
import { refusals } from "./errors.ts";
import type { AzureSeedPrincipal } from "./seed.ts";
import { audienceOf, type Vault } from "./vault.ts";

/** What tokens are checked against. */
export interface TokenRules {
  readonly signer: TokenSigner;
  readonly tenantId: string;
  readonly principals: readonly AzureSeedPrincipal[];
}

/** The token of an Authorization header; `undefined` when there is none, which the challenge answers. */
export function bearerToken(authorization: string | undefined): string | undefined {
  return /^Bearer +(\S+)$/i.exec(authorization ?? "")?.[1];
}

function checkClaims(claims: TokenClaims, vault: Vault, tenantId: string, nowMs: number): void {
  if (claims.exp * 1000 <= nowMs || claims.nbf * 1000 > nowMs) {
    throw refusals.unauthorized("[TokenExpired] Error validating token: 'S2S12086'.");
  }
  if (claims.aud !== audienceOf(vault)) {
    throw refusals.unauthorized(`AKV10022: Invalid audience. Expected ${audienceOf(vault)}, found: ${claims.aud}.`);
  }
  if (claims.iss !== issuerOf(tenantId)) {
    throw refusals.unauthorized(`AKV10032: Invalid issuer. Expected one of ${issuerOf(tenantId)}, found ${claims.iss}.`);
  }
}

/**
 * Finds out who calls.
 *
 * @throws {ServiceRefusal} 401 for a token of another signer, time, audience or tenant.
 */
export function authenticate(token: string, vault: Vault, rules: TokenRules, nowMs: number): AzureSeedPrincipal {
  const claims = rules.signer.read(token);
  if (claims === undefined) {
    const [header = ""] = token.split(".");
    throw refusals.unauthorized(
      `AKV10046: Unable to resolve the key used for signature validation. EncodedJwtHeader: '${header}'.`,
    );
  }
  checkClaims(claims, vault, rules.tenantId, nowMs);
  const principal = rules.principals.find(({ objectId }) => objectId === claims.oid);
  // A token outlives the seed it was made under when the next start has other principals.
  if (principal === undefined) throw refusals.unauthorized("The principal of this token is not known to this emulator.");
  return principal;
}
