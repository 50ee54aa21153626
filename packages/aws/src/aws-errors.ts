import type { DriverOperation, Failure } from "@cmkit/core";
import { requestIdIn } from "./answer.ts";
import { errorTable, type ErrorRow } from "./error-table.ts";
import { retryAfterMs } from "./retry-after.ts";

/** What the table looks at. */
export interface ErrorFacts {
  /** The error's name: the only thing that AWS's error classes, unmodelled errors and network errors have in common. */
  readonly name: string;
  /** Node's code of network and module errors. */
  readonly code: string;
  /** Read for a few words, never passed on: it names our own role, or echoes the request. */
  readonly message: string;
  /** 0 when no answer came. */
  readonly status: number;
  /** The SDK has just learned how wrong this machine's clock is. */
  readonly clockCorrected: boolean;
}

/** Turns whatever the SDK threw into a code, by {@link errorTable}: the first row that fits. What is not listed is `unknown`. */
export function classifyAwsError(error: unknown, operation: DriverOperation): Failure {
  const facts = factsOf(error);
  const row = errorTable.find((candidate) => fits(candidate, facts, operation));
  if (row === undefined) return { code: "unknown", requestId: facts.requestId };
  const detail = typeof row.detail === "function" ? row.detail(operation) : row.detail;
  return {
    code: row.code,
    requestId: facts.requestId,
    retryAfterMs: retryAfterMs(facts.headers),
    ...(row.ambiguous === true ? { ambiguous: true } : {}),
    ...(detail === undefined ? {} : { detail }),
  };
}

function fits(row: ErrorRow, facts: ErrorFacts, operation: DriverOperation): boolean {
  return (
    (row.names === undefined || row.names.includes(facts.name)) &&
    (row.codes === undefined || row.codes.includes(facts.code)) &&
    (row.operation === undefined || row.operation === operation) &&
    (row.when === undefined || row.when(facts))
  );
}

function factsOf(error: unknown): ErrorFacts & { readonly headers: unknown; readonly requestId: string | undefined } {
  const { name, code, message, $metadata, $response } = record(error);
  const { httpStatusCode, clockSkewCorrected } = record($metadata);
  return {
    name: text(name),
    code: text(code),
    message: text(message),
    status: typeof httpStatusCode === "number" ? httpStatusCode : 0,
    clockCorrected: clockSkewCorrected === true,
    headers: record($response)["headers"],
    requestId: requestIdIn($metadata),
  };
}

function record(value: unknown): Readonly<Record<string, unknown>> {
  return value instanceof Object ? (value as Readonly<Record<string, unknown>>) : {};
}

function text(value: unknown): string {
  return typeof value === "string" ? value : "";
}
