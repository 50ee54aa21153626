import { randomUUID } from "node:crypto";

import type { LoopbackAnswer } from "../loopback-server.ts";
import type { ServiceRefusal } from "./errors.ts";

/** An answer of the JSON 1.1 protocol; `errorName` is for the call log. */
export interface KmsAnswer extends LoopbackAnswer {
  readonly errorName?: string;
}

function headers(): Record<string, string> {
  return { "content-type": "application/x-amz-json-1.1", "x-amzn-requestid": randomUUID() };
}

/** An answer with members; an operation without any answers with an empty body, as the service does. */
export function success(members: object): KmsAnswer {
  return { status: 200, headers: headers(), body: Object.keys(members).length === 0 ? "" : JSON.stringify(members) };
}

/** An answer that refuses. */
export function failure(refusal: ServiceRefusal): KmsAnswer {
  return {
    status: refusal.status,
    headers: headers(),
    body: JSON.stringify(refusal.message === "" ? { __type: refusal.name } : { __type: refusal.name, message: refusal.message }),
    errorName: refusal.name,
  };
}
