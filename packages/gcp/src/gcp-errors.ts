import type { DriverOperation, Failure } from "@cmkit/core";
import { errorTable, type ErrorRow } from "./error-table.ts";
import { retryAfterMs } from "./retry-info.ts";

/** What the table looks at. */
export interface ErrorFacts {
  /** The gRPC status, which the SDK gives in both transports; undefined when it is not a number. */
  readonly grpc: number | undefined;
  /** In REST mode; 0 when no answer came. Decides only where there is no gRPC status. */
  readonly http: number;
  /** Node's code of network, file and module errors. */
  readonly code: string;
  /** Without gRPC's own prefix. Read for a few words, never passed on: it names keys and principals, or echoes the request. */
  readonly message: string;
  /** The reason in google.rpc.ErrorInfo. */
  readonly reason: string;
  /** The state of the key version that a failed precondition names, such as DISABLED. */
  readonly state: string;
  /** What failed is not the request to Cloud KMS but the one for an access token, in an injected client. */
  readonly byTokenServer: boolean;
  readonly causeName: string;
}

/** Turns whatever the SDK threw into a code, by {@link errorTable}: the first row that fits. What is not listed is `unknown`. */
export function classifyGcpError(error: unknown, operation: DriverOperation): Failure {
  const details = detailsOf(error);
  const facts = factsOf(error, details);
  const requestId = requestIdIn(details);
  const row = errorTable.find((candidate) => fits(candidate, facts, operation));
  if (row === undefined) return { code: "unknown", requestId };
  const detail = typeof row.detail === "function" ? row.detail(operation) : row.detail;
  return {
    code: row.code,
    requestId,
    retryAfterMs: retryAfterMs(details),
    ...(row.ambiguous === true ? { ambiguous: true } : {}),
    ...(detail === undefined ? {} : { detail }),
  };
}

/** Whether Cloud KMS says that what arrived is not what was sent. It gives no code of its own for that. */
export function isChecksumRefusal(error: unknown): boolean {
  const { grpc, message } = factsOf(error, []);
  return grpc === 3 && !/^decryption failed/i.test(message) && /crc32c|checksum/i.test(message);
}

function fits(row: ErrorRow, facts: ErrorFacts, operation: DriverOperation): boolean {
  return (
    (row.grpc === undefined || (facts.grpc !== undefined && row.grpc.includes(facts.grpc))) &&
    (row.codes === undefined || row.codes.includes(facts.code)) &&
    (row.reasons === undefined || row.reasons.includes(facts.reason)) &&
    (row.states === undefined || row.states.includes(facts.state)) &&
    (row.operation === undefined || row.operation === operation) &&
    (row.when === undefined || row.when(facts))
  );
}

function factsOf(error: unknown, details: readonly unknown[]): ErrorFacts {
  const { code, message, reason, cause, httpStatusCode } = record(error);
  const words = text(message).replace(/^\d+ [A-Z_]+: /, "");
  return {
    grpc: typeof code === "number" ? code : undefined,
    http: typeof httpStatusCode === "number" ? httpStatusCode : 0,
    code: text(code),
    message: words,
    reason: text(reason),
    state: /current state is:? ([A-Z_]+)/.exec(words)?.[1] ?? violatedState(details),
    byTokenServer: isTokenRequest(cause),
    causeName: text(record(cause)["name"]),
  };
}

/** PreconditionFailure has a type such as KEY_DISABLED. */
function violatedState(details: readonly unknown[]): string {
  const violations = details.flatMap((detail): unknown => record(detail)["violations"] ?? []);
  for (const violation of violations) {
    const state = /^KEY_([A-Z_]+)$/.exec(text(record(violation)["type"]))?.[1];
    if (state !== undefined) return state;
  }
  return "";
}

/** google-auth-library's HTTP client keeps what it asked for in `config`. */
function isTokenRequest(cause: unknown): boolean {
  const { config } = record(cause);
  const { url } = record(config);
  const asked = url instanceof URL ? url.href : text(url);
  return asked !== "" && !asked.includes("/cryptoKeys/");
}

// Goes into messages and logs, so nothing but an identifier passes.
const requestIdGrammar = /^[A-Za-z0-9_.:=-]{1,128}$/;

function requestIdIn(details: readonly unknown[]): string | undefined {
  const ids = details.map((detail) => text(record(detail)["requestId"]));
  return ids.find((id) => requestIdGrammar.test(id));
}

function detailsOf(error: unknown): readonly unknown[] {
  const { statusDetails } = record(error);
  return Array.isArray(statusDetails) ? statusDetails : [];
}

function record(value: unknown): Readonly<Record<string, unknown>> {
  return value instanceof Object ? (value as Readonly<Record<string, unknown>>) : {};
}

function text(value: unknown): string {
  return typeof value === "string" ? value : "";
}
