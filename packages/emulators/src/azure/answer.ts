import { randomUUID } from "node:crypto";

import type { LoopbackRequest } from "../loopback-server.ts";
import type { ServiceAnswer } from "../service-answer.ts";
import { refusals, type ServiceRefusal } from "./errors.ts";
import type { Vault } from "./vault.ts";

function headersFor(request: LoopbackRequest): Record<string, string> {
  const clientRequestId = request.headers["x-ms-client-request-id"];
  return {
    "cache-control": "no-cache",
    "content-type": "application/json; charset=utf-8",
    "x-content-type-options": "nosniff",
    "x-ms-keyvault-region": "emulator",
    "x-ms-request-id": randomUUID(),
    ...(clientRequestId === undefined ? {} : { "x-ms-client-request-id": clientRequestId }),
  };
}

/** An answer with members; without any it is 204 and empty. */
export function answerMembers(request: LoopbackRequest, members: object | undefined): ServiceAnswer {
  if (members === undefined) return { status: 204, headers: headersFor(request), body: "" };
  return { status: 200, headers: headersFor(request), body: JSON.stringify(members) };
}

/** An answer that refuses. */
export function answerRefusal(
  request: LoopbackRequest,
  refusal: ServiceRefusal,
  headers: Readonly<Record<string, string>> = {},
): ServiceAnswer {
  const { code, message, innerCode } = refusal;
  const innererror = innerCode === undefined ? {} : { innererror: { code: innerCode } };
  return {
    status: refusal.status,
    headers: { ...headersFor(request), ...headers },
    body: JSON.stringify({ error: { code, message, ...innererror } }),
    errorName: innerCode ?? code,
  };
}

/** The answer to a request without a token, which tells the client where to get one. A managed HSM sends no body with it. */
export function answerChallenge(request: LoopbackRequest, { type }: Vault, challenge: string): ServiceAnswer {
  const headers = { "www-authenticate": challenge };
  if (type === "managedhsm") return { status: 401, headers: { ...headersFor(request), ...headers }, body: "" };
  return answerRefusal(request, refusals.unauthorized("AKV10000: Request is missing a Bearer or PoP token."), headers);
}
