import { randomUUID } from "node:crypto";

import type { ServiceAnswer } from "../service-answer.ts";
import type { ServiceRefusal } from "./errors.ts";

function headers(): Record<string, string> {
  return { "content-type": "application/x-amz-json-1.1", "x-amzn-requestid": randomUUID() };
}

/** An answer with members; an operation without any answers with an empty body, as the service does. */
export function success(members: object): ServiceAnswer {
  return { status: 200, headers: headers(), body: Object.keys(members).length === 0 ? "" : JSON.stringify(members) };
}

/** An answer that refuses. */
export function failure(refusal: ServiceRefusal): ServiceAnswer {
  return {
    status: refusal.status,
    headers: headers(),
    body: JSON.stringify(refusal.message === "" ? { __type: refusal.name } : { __type: refusal.name, message: refusal.message }),
    errorName: refusal.name,
  };
}
