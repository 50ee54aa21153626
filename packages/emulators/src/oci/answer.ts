import { randomBytes } from "node:crypto";

import type { ServiceAnswer } from "../service-answer.ts";
import type { ServiceRefusal } from "./service-refusal.ts";

const json = { "content-type": "application/json" };

/** What an operation gives: the body, and the ETag of the resource that it shows. */
export interface Outcome {
  readonly body: object;
  readonly headers?: Readonly<Record<string, string>>;
}

/** An answer that gives what was asked for. */
export function success({ body, headers }: Outcome): ServiceAnswer {
  return { status: 200, headers: { ...json, ...headers }, body: JSON.stringify(body) };
}

/** An answer that refuses. */
export function failure({ status, code, message }: ServiceRefusal): ServiceAnswer {
  return { status, headers: json, body: JSON.stringify({ code, message }), errorName: code };
}

function hex(): string {
  return randomBytes(16).toString("hex").toUpperCase();
}

/** The answer with its `opc-request-id`: three parts, of which the first is the caller's own when the request brought one. */
export function withRequestId(answer: ServiceAnswer, given: string | undefined): ServiceAnswer {
  const first = given !== undefined && /^[\w/.-]{1,128}$/.test(given) ? given : hex();
  return { ...answer, headers: { ...answer.headers, "opc-request-id": `${first}/${hex()}/${hex()}` } };
}
