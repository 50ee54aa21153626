/** The names, gRPC numbers and HTTP statuses of the canonical codes: google/rpc/code.proto. */
const codes = {
  CANCELLED: [1, 499],
  UNKNOWN: [2, 500],
  INVALID_ARGUMENT: [3, 400],
  DEADLINE_EXCEEDED: [4, 504],
  NOT_FOUND: [5, 404],
  ALREADY_EXISTS: [6, 409],
  PERMISSION_DENIED: [7, 403],
  RESOURCE_EXHAUSTED: [8, 429],
  FAILED_PRECONDITION: [9, 400],
  ABORTED: [10, 409],
  OUT_OF_RANGE: [11, 400],
  UNIMPLEMENTED: [12, 501],
  INTERNAL: [13, 500],
  UNAVAILABLE: [14, 503],
  DATA_LOSS: [15, 500],
  UNAUTHENTICATED: [16, 401],
} as const;

/** The name of a canonical code. */
export type RpcCode = keyof typeof codes;

/** The number that gRPC gives a code. */
export function grpcNumber(code: RpcCode): number {
  return codes[code][0];
}

/** The HTTP status that the REST API gives a code. */
export function httpStatus(code: RpcCode): number {
  return codes[code][1];
}

/** The code with this name or gRPC number. */
export function rpcCode(nameOrNumber: string): RpcCode | undefined {
  const known = Object.keys(codes) as RpcCode[];
  return known.find((name) => name === nameOrNumber || String(codes[name][0]) === nameOrNumber);
}

/** A detail of an error, as its JSON form: `@type` and the fields of that message. */
export interface ErrorDetail {
  readonly "@type": string;
  readonly [field: string]: unknown;
}

/** The `@type` of a detail of this package. */
export function detailType(name: "ErrorInfo" | "PreconditionFailure" | "RetryInfo" | "BadRequest"): string {
  return `type.googleapis.com/google.rpc.${name}`;
}

/** An answer in which the service refuses. */
export class RpcRefusal extends Error {
  readonly code: RpcCode;
  readonly details: readonly ErrorDetail[];

  constructor(code: RpcCode, message: string, details: readonly ErrorDetail[] = []) {
    super(message);
    this.name = code;
    this.code = code;
    this.details = details;
  }
}

function precondition(type: string, subject: string): readonly ErrorDetail[] {
  return [{ "@type": detailType("PreconditionFailure"), violations: [{ type, subject }] }];
}

const signIn =
  "Expected OAuth 2 access token, login cookie or other valid authentication credential. " +
  "See https://developers.google.com/identity/sign-in/web/devconsole-project.";

function unauthenticated(message: string, reason: string, method: string): RpcRefusal {
  const metadata = { service: "cloudkms.googleapis.com", method: `google.cloud.kms.v1.KeyManagementService.${method}` };
  const detail = { "@type": detailType("ErrorInfo"), reason, domain: "googleapis.com", metadata };
  return new RpcRefusal("UNAUTHENTICATED", `${message} ${signIn}`, [detail]);
}

/** The refusals that more than one operation gives, in the service's words where those are known. */
export const refusals: {
  missingCredentials(method: string): RpcRefusal;
  /** A token that is unknown, or is `expired`. */
  invalidCredentials(method: string, expired: boolean): RpcRefusal;
  denied(permission: string, resource: string): RpcRefusal;
  notFound(resource: "KeyRing" | "CryptoKey" | "CryptoKeyVersion", name: string): RpcRefusal;
  alreadyExists(resource: "KeyRing" | "CryptoKey", name: string): RpcRefusal;
  notEnabled(version: string, state: string): RpcRefusal;
  purpose(name: string, purpose: string): RpcRefusal;
  precondition(message: string, type: string, subject: string): RpcRefusal;
  checksum(checksumField: string, field: string): RpcRefusal;
  invalid(message: string): RpcRefusal;
} = {
  missingCredentials: (method) =>
    unauthenticated("Request is missing required authentication credential.", "CREDENTIALS_MISSING", method),
  invalidCredentials: (method, expired) =>
    unauthenticated(
      "Request had invalid authentication credentials.",
      expired ? "ACCESS_TOKEN_EXPIRED" : "ACCESS_TOKEN_TYPE_UNSUPPORTED",
      method,
    ),
  denied: (permission, resource) =>
    new RpcRefusal("PERMISSION_DENIED", `Permission '${permission}' denied on resource '${resource}' (or it may not exist).`, [
      {
        "@type": detailType("ErrorInfo"),
        reason: "IAM_PERMISSION_DENIED",
        domain: "cloudkms.googleapis.com",
        metadata: { permission, resource },
      },
    ]),
  notFound: (resource, name) => new RpcRefusal("NOT_FOUND", `${resource} ${name} not found.`),
  alreadyExists: (resource, name) => new RpcRefusal("ALREADY_EXISTS", `${resource} ${name} already exists.`),
  // KEY_DISABLED and KEY_DESTROY_SCHEDULED are seen in reports of the live service; the types of other states are made alike.
  notEnabled: (version, state) =>
    new RpcRefusal(
      "FAILED_PRECONDITION",
      `${version} is not enabled, current state is: ${state}.`,
      precondition(`KEY_${state}`, version),
    ),
  purpose: (name, purpose) =>
    new RpcRefusal(
      "FAILED_PRECONDITION",
      `Operation requested for Key ${name} has incorrect key purpose: ${purpose}`,
      precondition("CRYPTO_SCHEME_MISMATCH", name),
    ),
  precondition: (message, type, subject) => new RpcRefusal("FAILED_PRECONDITION", message, precondition(type, subject)),
  checksum: (checksumField, field) =>
    new RpcRefusal("INVALID_ARGUMENT", `The checksum in field ${checksumField} did not match the data in field ${field}.`),
  invalid: (message) => new RpcRefusal("INVALID_ARGUMENT", message),
};
