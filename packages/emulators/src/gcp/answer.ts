import type { ServiceAnswer } from "../service-answer.ts";
import { httpStatus, type RpcRefusal } from "./rpc-error.ts";

const headers = { "content-type": "application/json; charset=UTF-8", server: "ESF" } as const;

/** An error's body, as google.rpc.Status is written in the REST API. */
export interface ErrorBody {
  readonly error: {
    readonly code: number;
    readonly message: string;
    readonly status: string;
    readonly details?: readonly (Readonly<Record<string, unknown>> & { readonly "@type": string })[];
  };
}

/** A good answer. */
export function success(message: object): ServiceAnswer {
  return { status: 200, headers, body: JSON.stringify(message) };
}

/** An answer that refuses; with `status`, under another HTTP status than the code's own. */
export function failure(refusal: RpcRefusal, status: number = httpStatus(refusal.code)): ServiceAnswer {
  const { code, message, details } = refusal;
  const body: ErrorBody = {
    error: { code: status, message, status: code, ...(details.length === 0 ? {} : { details }) },
  };
  const challenge = code === "UNAUTHENTICATED" ? { "www-authenticate": 'Bearer realm="https://accounts.google.com/"' } : {};
  return { status, headers: { ...headers, ...challenge }, body: JSON.stringify(body), errorName: code };
}
