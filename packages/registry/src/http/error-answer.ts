import { isKmsError, type KmsError } from "@cmkit/core";

import { isRegistryError, RegistryError } from "../registry-error.ts";
import { jsonAnswer } from "./json-answer.ts";
import { framesOf, type Visit } from "./request-entry.ts";

/** A path of ours, asked with another method than those it has. */
export class WrongMethod extends Error {
  /** What the `allow` header says. */
  readonly allow: string;

  constructor(allow: string) {
    super();
    this.name = "WrongMethod";
    this.allow = allow;
  }
}

/** A path that is none of ours. */
export class NoSuchPath extends Error {}

interface Problem {
  readonly status: number;
  readonly code: string;
  readonly message: string;
  readonly headers?: Readonly<Record<string, string>>;
}

/** The same for a CMK that does not exist and for all that a token does not reach: nobody learns of others' projects. */
const notFound = "There is no such CMK or project, or the token does not reach it.";
// Aiven's Go client tries again for 408, 417, 429, 501 and what is 5xx; 503 alone is meant so.
const statuses: ReadonlySet<number> = new Set([400, 401, 403, 404, 409, 413, 422, 503]);
/** What Aiven's Go client waits at least before it tries again. */
const retryAfterSeconds = "2";

/** The answer that an error becomes: Aiven's shape, our code, and words of ours only where they are meant for the caller. */
export function errorAnswer(error: unknown, visit: Visit): Response {
  const problem = problemOf(error, visit.requestId);
  const { status, code, message, headers = {} } = problem;
  visit.errorCode = code;
  visit.reason = reasonOf(error);
  if (status === 500) visit.frames = framesOf(error);
  return jsonAnswer(status, { message, errors: [{ message, status, error_code: code }] }, headers);
}

function problemOf(error: unknown, requestId: string): Problem {
  if (error instanceof NoSuchPath) return { status: 404, code: "not-found", message: "There is no such path." };
  if (error instanceof WrongMethod) {
    const message = `This path takes ${error.allow} alone.`;
    return { status: 405, code: "invalid-request", message, headers: { allow: error.allow } };
  }
  if (!(isRegistryError(error) || isKmsError(error))) return internal("unknown", requestId);
  const { httpStatus: status, code, message } = error;
  if (!statuses.has(status)) return internal(code, requestId);
  if (status === 401) return { status, code, message, headers: { "www-authenticate": "Bearer" } };
  if (status === 503) return { status, code, message: publicWords(error), headers: { "retry-after": retryAfterSeconds } };
  return { status, code, message: wording(code, message) };
}

/** How the store fails, and which of its rows is not ours, is the operator's alone: probes need no token. */
function isOperators(error: unknown): error is RegistryError {
  return isRegistryError(error) && (error.code === "store-unavailable" || error.code === "bad-record");
}

function publicWords(error: RegistryError | KmsError): string {
  return isOperators(error) ? new RegistryError(error.code).message : error.message;
}

/** undefined: the code says it all. */
function reasonOf(error: unknown): string | undefined {
  return isOperators(error) && error.message !== publicWords(error) ? error.message : undefined;
}

/** The rest is for the operator's log. */
function internal(code: string, requestId: string): Problem {
  return { status: 500, code, message: `This went wrong on our side. The operator finds it under request id ${requestId}.` };
}

function wording(code: string, message: string): string {
  if (code === "not-found") return notFound;
  // Aiven's Go client knows such a conflict by these words.
  if (code === "already-exists" && !message.includes("already exists")) return `It already exists: ${message}`;
  return message;
}
