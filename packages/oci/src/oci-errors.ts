import type { DriverOperation, Failure } from "@cmkit/core";
import { requestIdIn } from "./answer.ts";
import { errorTable, type ErrorRow } from "./error-table.ts";
import { retryAfterMs } from "./retry-after.ts";

/** What the table looks at. */
export interface ErrorFacts {
  /** 0 when no answer came. */
  readonly status: number;
  /** The service's own word, such as `NotAuthorizedOrNotFound`. */
  readonly word: string;
  readonly name: string;
  /** Of network, module and abort errors; as text. */
  readonly code: string;
  /** Read for a few words, never passed on: it names OCIDs, or echoes the request. */
  readonly message: string;
  readonly credentialsWorked: boolean;
}

/** Turns whatever was thrown into a code, by {@link errorTable}: the first row that fits. What is not listed is `unknown`. */
export function classifyOciError(error: unknown, operation: DriverOperation): Failure {
  const fields = record(error);
  const facts = factsOf(fields);
  const requestId = requestIdIn(fields["opcRequestId"]);
  const row = errorTable.find((candidate) => fits(candidate, facts, operation));
  if (row === undefined) return { code: "unknown", requestId };
  const detail = typeof row.detail === "function" ? row.detail(operation) : row.detail;
  return {
    code: row.code,
    requestId,
    retryAfterMs: retryAfterMs(fields["retryAfter"]),
    ...(row.ambiguous === true ? { ambiguous: true } : {}),
    ...(detail === undefined ? {} : { detail }),
  };
}

function fits(row: ErrorRow, facts: ErrorFacts, operation: DriverOperation): boolean {
  return (
    (row.statuses === undefined || row.statuses.includes(facts.status)) &&
    (row.words === undefined || row.words.includes(facts.word)) &&
    (row.names === undefined || row.names.includes(facts.name)) &&
    (row.codes === undefined || row.codes.includes(facts.code)) &&
    (row.operations === undefined || row.operations.includes(operation)) &&
    (row.when === undefined || row.when(facts))
  );
}

function factsOf(error: Fields): ErrorFacts {
  const { statusCode, serviceCode, name, code, cause, message, credentialsWorked } = error;
  return {
    status: typeof statusCode === "number" && statusCode > 0 ? statusCode : 0,
    word: text(serviceCode),
    name: text(name),
    // The SDK's clients put the code of an open circuit breaker where the status belongs.
    code: text(code) || text(record(cause)["code"]) || (typeof statusCode === "string" ? statusCode : ""),
    message: text(message),
    credentialsWorked: credentialsWorked === true,
  };
}

type Fields = Readonly<Record<string, unknown>>;

function record(value: unknown): Fields {
  return value instanceof Object ? (value as Fields) : {};
}

function text(value: unknown): string {
  return typeof value === "string" || typeof value === "number" ? String(value) : "";
}
