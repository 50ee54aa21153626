import type { DriverOperation, Failure } from "@cmkit/core";
import { errorTable, type ErrorRow } from "./error-table.ts";
import { retryAfterMs } from "./retry-after.ts";
import { requestIdIn } from "./unreadable-answer.ts";

/** What the table looks at. */
export interface ErrorFacts {
  readonly name: string;
  /** The service's code, or Node's of network and module errors. */
  readonly code: string;
  /** The service's `innererror.code`. */
  readonly innerCode: string;
  /** Read for a few words, never passed on: it names our application and echoes identifiers. */
  readonly message: string;
  /** 0 when no answer came. */
  readonly status: number;
  /** What was asked. Read for a few words, like the message. */
  readonly url: string;
}

/** Turns whatever the SDK threw into a code, by {@link errorTable}: the first row that fits. What is not listed is `unknown`. */
export function classifyAzureError(error: unknown, operation: DriverOperation): Failure {
  const { header, ...facts } = factsOf(error);
  const requestId = requestIdIn(header);
  const row = errorTable.find((candidate) => fits(candidate, facts, operation));
  if (row === undefined) return { code: "unknown", requestId };
  const detail = typeof row.detail === "function" ? row.detail(operation, facts.url) : row.detail;
  return {
    code: row.code,
    requestId,
    retryAfterMs: retryAfterMs(header),
    ...(row.ambiguous === true ? { ambiguous: true } : {}),
    ...(detail === undefined ? {} : { detail }),
  };
}

/** Whether the service answered that there is no such key or version. */
export function isNotFound(error: unknown): boolean {
  return classifyAzureError(error, "describe").code === "key-not-found";
}

function fits(row: ErrorRow, facts: ErrorFacts, operation: DriverOperation): boolean {
  return (
    (row.names === undefined || row.names.includes(facts.name)) &&
    (row.status === undefined || row.status === facts.status) &&
    (row.codes === undefined || row.codes.includes(facts.code)) &&
    (row.innerCodes === undefined || row.innerCodes.includes(facts.innerCode)) &&
    (row.operations === undefined || row.operations.includes(operation)) &&
    (row.when === undefined || row.when(facts))
  );
}

function factsOf(error: unknown): ErrorFacts & { readonly header: (name: string) => string | undefined } {
  const { name, code, message, statusCode, details, request, response, errors } = record(error);
  // What each credential of a chain said.
  const inner = Array.isArray(errors) ? errors.map((one) => text(record(one)["message"])) : [];
  return {
    name: text(name),
    code: text(code),
    innerCode: text(record(record(record(details)["error"])["innerError"])["code"]),
    message: [text(message), ...inner].join("\n"),
    status: typeof statusCode === "number" ? statusCode : 0,
    url: text(record(request)["url"]),
    header: headerOf(record(response)["headers"]),
  };
}

function headerOf(headers: unknown): (name: string) => string | undefined {
  const get: unknown = record(headers)["get"];
  return (name) => {
    const value: unknown = typeof get === "function" ? get.call(headers, name) : undefined;
    return typeof value === "string" ? value : undefined;
  };
}

function record(value: unknown): Readonly<Record<string, unknown>> {
  return value instanceof Object ? (value as Readonly<Record<string, unknown>>) : {};
}

function text(value: unknown): string {
  return typeof value === "string" ? value : "";
}
