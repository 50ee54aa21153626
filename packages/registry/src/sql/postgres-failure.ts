import { RegistryError } from "../registry-error.ts";

const unreachable = "PostgreSQL cannot be reached: look at its host and port, and whether it runs";
const refusedLogin = "PostgreSQL refuses the login: look at user and password";
const full = "PostgreSQL has no room: its disk is full";
const busy = "the store is busy: PostgreSQL made us wait too long";

/** https://www.postgresql.org/docs/current/errcodes-appendix.html, and the codes of Node's sockets. */
const words = new Map<unknown, string>([
  ["25006", "the store cannot be written: PostgreSQL is read-only"],
  ["28000", refusedLogin],
  ["28P01", refusedLogin],
  ["3D000", "PostgreSQL has no such database"],
  ["3F000", "PostgreSQL has no schema for our tables: look at its search_path"],
  ["42501", "PostgreSQL does not permit this user to do what the store must"],
  ["53100", full],
  ["53300", "PostgreSQL has no connection left for us"],
  ["55P03", busy],
  ["57014", busy],
  ["57P01", "PostgreSQL is being shut down"],
  ["57P02", "PostgreSQL is being restarted"],
  ["57P03", "PostgreSQL is being started"],
  ["ECONNREFUSED", unreachable],
  ["ECONNRESET", "the connection to PostgreSQL broke"],
  ["EPIPE", "the connection to PostgreSQL broke"],
  ["EHOSTUNREACH", unreachable],
  ["ENETUNREACH", unreachable],
  ["ENOENT", unreachable],
  ["ENOTFOUND", unreachable],
  ["ETIMEDOUT", unreachable],
]);

/** serialization_failure and deadlock_detected: the transaction has been rolled back, and may be run again. */
const conflicts = new Set<unknown>(["40001", "40P01"]);

/** What `pg` throws, in our words: PostgreSQL's name tables and values, and Node's the host. */
export function postgresFailure(error: unknown): RegistryError {
  const code = codeOf(error);
  if (typeof code === "string" && /^23...$/.test(code)) {
    return new RegistryError("already-exists", "the store holds another row like this one", error);
  }
  return new RegistryError("store-unavailable", words.get(code) ?? otherWords(error), error);
}

export function isConflict(error: unknown): boolean {
  return error instanceof RegistryError && conflicts.has(codeOf(error.cause));
}

/** Whether the connection must not be used again: whatever the server did not say itself, and its goodbyes. */
export function breaksConnection(error: unknown): boolean {
  const code = codeOf(error);
  return typeof code !== "string" || !/^[0-9A-Z]{5}$/.test(code) || code.startsWith("08") || code.startsWith("57P");
}

/** What `pg` says in words alone. */
const messages = new Map<string, string>([
  ["The server does not support SSL connections", "PostgreSQL speaks no TLS: switch it on, or add sslmode=disable to the URL"],
  ["timeout exceeded when trying to connect", "the store is busy: all of its connections are in use"],
  ["Connection terminated due to connection timeout", unreachable],
  ["Connection terminated unexpectedly", "the connection to PostgreSQL broke"],
  ["Query read timeout", busy],
]);

function otherWords(error: unknown): string | undefined {
  const code = codeOf(error);
  // https://nodejs.org/api/tls.html#x509-certificate-error-codes
  if (typeof code === "string" && /CERT|TLS|SSL|ISSUER|LEAF_SIGNATURE|INVALID_CA|INVALID_PURPOSE/.test(code)) {
    return "PostgreSQL's certificate cannot be trusted: give its authority as sslrootcert=FILE in the URL";
  }
  return error instanceof Error ? messages.get(error.message) : undefined;
}

function codeOf(error: unknown): unknown {
  return typeof error === "object" && error !== null && "code" in error ? error.code : undefined;
}
