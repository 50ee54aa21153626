import { randomUUID } from "node:crypto";

import type { LoopbackRequest } from "../loopback-server.ts";
import type { ServiceAnswer } from "../service-answer.ts";
import { refusals, type ServiceRefusal } from "./errors.ts";
import { challengeOf, type Vault } from "./vault.ts";

/** The answers that one request to a vault can get. */
export interface Answers {
  /** An answer with members; without any it is 204 and empty. */
  members(members: object | undefined): ServiceAnswer;
  refused(refusal: ServiceRefusal): ServiceAnswer;
  /** To a request without a token: it tells the client where to get one. */
  challenge(): ServiceAnswer;
}

/** Answers in the words of Key Vault, or in those of Managed HSM. */
export function answersTo(request: LoopbackRequest, vault: Vault, tenantId: string, nowMs: number): Answers {
  const clientRequestId = request.headers["x-ms-client-request-id"];
  const requestId = randomUUID();
  const headers = {
    "cache-control": "no-cache",
    "content-type": "application/json; charset=utf-8",
    date: new Date(nowMs).toUTCString(),
    "x-content-type-options": "nosniff",
    "x-ms-keyvault-region": "emulator",
    "x-ms-request-id": requestId,
    ...(clientRequestId === undefined ? {} : { "x-ms-client-request-id": clientRequestId }),
  };
  const isHsm = vault.type === "managedhsm";
  const challenge = { "www-authenticate": challengeOf(vault, tenantId) };

  function refused(refusal: ServiceRefusal): ServiceAnswer {
    const { status, code, innerCode } = refusal;
    const message = isHsm ? `${refusal.message} (Activity ID: ${requestId})` : refusal.message;
    const innererror = innerCode === undefined ? {} : { innererror: { code: innerCode } };
    return {
      status,
      headers: status === 401 ? { ...headers, ...challenge } : headers,
      body: JSON.stringify({ error: { code, message, ...innererror } }),
      errorName: innerCode ?? code,
    };
  }
  return {
    members: (members) =>
      members === undefined ? { status: 204, headers, body: "" } : { status: 200, headers, body: JSON.stringify(members) },
    refused,
    challenge: () =>
      isHsm
        ? { status: 401, headers: { ...headers, ...challenge }, body: "" }
        : refused(refusals.unauthorized("AKV10000: Request is missing a Bearer or PoP token.")),
  };
}
