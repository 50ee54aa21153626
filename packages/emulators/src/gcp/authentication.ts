import { createHash, timingSafeEqual } from "node:crypto";

import { refusals } from "./rpc-error.ts";
import type { GcpSeedPrincipal } from "./seed.ts";

function digest(value: string): Uint8Array {
  return createHash("sha256").update(value).digest();
}

/**
 * Who an `Authorization` header stands for.
 *
 * @throws {RpcRefusal} UNAUTHENTICATED.
 */
export function authenticate(
  authorization: string | undefined,
  method: string,
  principals: readonly GcpSeedPrincipal[],
  nowMs: number,
): GcpSeedPrincipal {
  const token = /^Bearer (?<token>\S+)$/i.exec(authorization ?? "")?.groups?.["token"];
  if (token === undefined) throw refusals.missingCredentials(method);
  const given = digest(token);
  const principal = principals.find(({ accessToken }) => timingSafeEqual(digest(accessToken), given));
  if (principal === undefined) throw refusals.invalidCredentials(method, false);
  const expired = principal.expiresAt !== undefined && Date.parse(principal.expiresAt) <= nowMs;
  if (expired) throw refusals.invalidCredentials(method, true);
  return principal;
}
