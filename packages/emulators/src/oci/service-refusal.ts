import type { StateRefusal } from "./quirks.ts";

/** An answer in which the service refuses: an HTTP status, a code that clients branch on, a message. */
export class ServiceRefusal extends Error {
  readonly status: number;
  readonly code: string;

  constructor(status: number, code: string, message: string) {
    super(message);
    this.name = "ServiceRefusal";
    this.status = status;
    this.code = code;
  }
}

const incorrectState: StateRefusal = { status: 409, code: "IncorrectState" };

/** The refusals that more than one operation gives. */
export const refusals: {
  notFound(): ServiceRefusal;
  noRoute(): ServiceRefusal;
  notImplemented(operation: string): ServiceRefusal;
  unparsable(): ServiceRefusal;
  missing(name: string): ServiceRefusal;
  invalid(message: string): ServiceRefusal;
  state(id: string, state: string, as?: StateRefusal): ServiceRefusal;
  conflict(message: string): ServiceRefusal;
  etag(): ServiceRefusal;
  throttled(): ServiceRefusal;
  internal(status?: number): ServiceRefusal;
} = {
  // One answer for what is missing, elsewhere or denied, so that nobody learns which.
  notFound: () => new ServiceRefusal(404, "NotAuthorizedOrNotFound", "Authorization failed or requested resource not found."),
  noRoute: () => new ServiceRefusal(404, "NotFound", "There is no such resource in this API."),
  notImplemented: (operation) => new ServiceRefusal(501, "MethodNotImplemented", `${operation} is not emulated.`),
  unparsable: () => new ServiceRefusal(400, "CannotParseRequest", "The body of the request is not a JSON object."),
  missing: (name) => new ServiceRefusal(400, "MissingParameter", `${name} is required.`),
  invalid: (message) => new ServiceRefusal(400, "InvalidParameter", message),
  state: (id, state, { status, code } = incorrectState) =>
    new ServiceRefusal(status, code, `${id} is in the lifecycle state ${state}.`),
  conflict: (message) => new ServiceRefusal(409, "Conflict", message),
  etag: () => new ServiceRefusal(412, "NoEtagMatch", "The ETag of the request does not match the ETag of the resource."),
  throttled: () => new ServiceRefusal(429, "TooManyRequests", "Tenant has been throttled. Too many requests."),
  internal: (status = 500) =>
    status === 503
      ? new ServiceRefusal(503, "ServiceUnavailable", "The service is currently unavailable.")
      : new ServiceRefusal(status, "InternalServerError", "An internal server error occurred."),
};
