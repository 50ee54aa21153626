import { KmsError, type DriverOperation, type KmsErrorCode } from "@cmkit/core";
import { describe, expect, it } from "vitest";
import { errorTable } from "../src/error-table.ts";
import { classifyOciError } from "../src/oci-errors.ts";
import { requestId } from "./scripted-server.ts";

const secret = "ocid1.user.oc1..secretuser PLAINTEXT";
const operations: readonly DriverOperation[] = ["describe", "publicKey", "wrap", "unwrap", "generateDataKey"];
const usage: readonly DriverOperation[] = ["publicKey", "wrap", "unwrap", "generateDataKey"];

interface Sample {
  readonly status?: number | string;
  readonly word?: string;
  readonly name?: string;
  readonly code?: string | number;
  readonly cause?: object;
  readonly message?: string;
  readonly worked?: true;
  readonly on?: readonly DriverOperation[];
  readonly is: KmsErrorCode;
  readonly ambiguous?: true;
}

const skewed = "Date 'Sun, 11 Mar 2018 16:32:46 UTC' is not within allowed clock skew. Current 'Sun, 11 Mar 2018 16:39:04 UTC'";
const network = [
  "ECONNRESET",
  "ECONNREFUSED",
  "ENOTFOUND",
  "EAI_AGAIN",
  "EPIPE",
  "EHOSTUNREACH",
  "ENETUNREACH",
  "UND_ERR_SOCKET",
];
const timeouts = ["ETIMEDOUT", "UND_ERR_CONNECT_TIMEOUT", "UND_ERR_HEADERS_TIMEOUT", "UND_ERR_BODY_TIMEOUT"];
const certificates = [
  ["CERT_HAS_EXPIRED", "CERT_NOT_YET_VALID", "DEPTH_ZERO_SELF_SIGNED_CERT", "SELF_SIGNED_CERT_IN_CHAIN"],
  ["UNABLE_TO_VERIFY_LEAF_SIGNATURE", "UNABLE_TO_GET_ISSUER_CERT_LOCALLY", "ERR_TLS_CERT_ALTNAME_INVALID"],
].flat();
const hidden = (code: string): Sample => ({ name: "TypeError", message: "fetch failed", cause: { code }, is: "unavailable" });

const samples: readonly Sample[] = [
  // The key: the service says the same of one that is missing and one that we may not see.
  { status: 404, word: "NotAuthorizedOrNotFound", on: ["describe"], is: "key-not-found" },
  { status: 404, word: "NotAuthorizedOrNotFound", on: usage, is: "access-denied", ambiguous: true },
  { status: 404, word: "InvalidParameter", on: usage, is: "access-denied", ambiguous: true },
  { status: 400, word: "RelatedResourceNotAuthorizedOrNotFound", is: "access-denied", ambiguous: true },
  { status: 400, word: "InsufficientServicePermissions", is: "access-denied", ambiguous: true },
  { status: 400, word: "ResourceDisabled", is: "key-disabled", ambiguous: true },
  { status: 403, word: "NotAuthorized", is: "access-denied", ambiguous: true },
  { status: 403, word: "NotAllowed", is: "access-denied", ambiguous: true },
  { status: 409, word: "IncorrectState", is: "unavailable", ambiguous: true },
  { status: 409, word: "Conflict", is: "unavailable", ambiguous: true },
  { status: 409, word: "ExternalServerIncorrectState", is: "unavailable", ambiguous: true },
  // The ciphertext, unless the key's state is what makes it invalid.
  { status: 400, word: "InvalidParameter", on: ["unwrap"], is: "decrypt-failed", ambiguous: true },
  { status: 400, word: "MissingParameter", on: ["unwrap"], is: "unknown", ambiguous: true },
  { status: 400, word: "CannotParseRequest", on: ["unwrap"], is: "unknown", ambiguous: true },
  { status: 400, word: "SomethingNew", on: ["unwrap"], is: "unknown", ambiguous: true },
  { status: 400, word: "InvalidParameter", on: ["wrap", "generateDataKey"], is: "invalid-resource", ambiguous: true },
  { status: 400, word: "InvalidParameter", on: ["describe", "publicKey"], is: "invalid-resource" },
  // Ourselves.
  { status: 401, word: "NotAuthenticated", is: "credentials" },
  { status: 401, word: "NotAuthenticated", message: skewed, is: "credentials" },
  { status: 401, word: "None", is: "credentials" },
  { status: 401, word: "NotAuthenticated", worked: true, is: "unavailable" },
  { status: 401, word: "NotAuthenticated", worked: true, message: skewed, is: "credentials" },
  { name: "KeyParseError", message: `Failed to parse ${secret}`, is: "credentials" },
  { name: "KeyEncryptedError", message: `The PEM format key ${secret} is encrypted`, is: "credentials" },
  { message: "Failed to parse (unnamed) as a valid auto format key: no", is: "credentials" },
  {
    message: "The PEM format key (unnamed) is encrypted (password-protected), and no passphrase was provided",
    is: "credentials",
  },
  {
    code: "ERR_MODULE_NOT_FOUND",
    message: "Cannot find package 'oci-common' imported from /app/x.js",
    is: "adapter-missing",
  },
  { code: "MODULE_NOT_FOUND", message: "Cannot find module 'oci-common'", is: "adapter-missing" },
  { code: "ERR_MODULE_NOT_FOUND", message: "Cannot find package 'ours'", is: "unknown" },
  { message: "host is invalid. ", is: "unsupported" },
  // Load and failure.
  { status: 429, word: "TooManyRequests", is: "throttled" },
  { status: 429, word: "None", is: "throttled" },
  { status: 400, word: "LimitExceeded", is: "throttled" },
  { status: 400, word: "QuotaExceeded", is: "throttled" },
  { status: 412, word: "TooManyRequests", is: "throttled" },
  { status: 500, word: "InternalServerError", is: "unavailable" },
  { status: 502, word: "None", is: "unavailable" },
  { status: 503, word: "ServiceUnavailable", is: "unavailable" },
  { status: 504, word: "None", is: "unavailable" },
  // Ours, and what the SDK's own clients make of it: plain objects, without the cause.
  ...network.map((code): Sample => ({ name: "Error", code, is: "unavailable" })),
  ...network.map(hidden),
  ...timeouts.map((code): Sample => ({ ...hidden(code), is: "timeout" })),
  ...certificates.map((code): Sample => ({ ...hidden(code), is: "bad-answer" })),
  { name: "TimeoutError", code: 23, message: "The operation was aborted due to timeout", is: "timeout" },
  { code: 23, message: "The operation was aborted due to timeout", is: "timeout" },
  { name: "AbortError", code: 20, message: "This operation was aborted", is: "unavailable" },
  { code: 20, message: "This operation was aborted", is: "unavailable" },
  { code: "EOPENBREAKER", message: "Breaker is open", is: "unavailable" },
  { status: "EOPENBREAKER", word: "unknown code", message: "Breaker is open", is: "unavailable" },
  { name: "TypeError", message: "fetch failed", is: "unavailable" },
  { message: "fetch failed", is: "unavailable" },
  // Not the service.
  ...[400, 403, 404, 405, 409].flatMap((status): Sample[] => [
    { status, word: "None", is: "bad-answer" },
    { status, word: "", is: "bad-answer" },
  ]),
  { status: 404, word: "NotFound", is: "bad-answer" },
  { status: 405, word: "MethodNotAllowed", is: "bad-answer" },
  { status: 302, word: "None", is: "bad-answer" },
  { status: 200, is: "bad-answer" },
  { name: "TypeError", message: "terminated", cause: { code: "Z_DATA_ERROR" }, is: "bad-answer" },
  { name: "SyntaxError", message: "Unexpected token < in JSON", is: "bad-answer" },
  // Never a guess.
  { status: 402, word: "SignUpRequired", is: "unknown" },
  { status: 412, word: "NoEtagMatch", is: "unknown" },
  { status: -1, word: "None", is: "unknown" },
  { name: "TypeError", is: "unknown" },
  { name: "__proto__", code: "constructor", is: "unknown" },
];

function thrown({ status, word, name, code, cause, message = secret, worked }: Sample): object {
  const fields = { name, code, cause, statusCode: status, serviceCode: word, credentialsWorked: worked };
  const given = Object.entries(fields).filter(([, value]) => value !== undefined);
  return { message, opcRequestId: requestId, ...Object.fromEntries(given) };
}

const title = ({ status, word, name, code, cause, message, on, worked }: Sample): string =>
  [status, word, name, code, JSON.stringify(cause), message, on?.join("/"), worked && "worked"]
    .filter(Boolean)
    .join(" ")
    .replace(secret, "…");

describe("the error table", () => {
  it.each(samples.map((sample) => ({ ...sample, title: title(sample) })))("takes $title for $is", (sample) => {
    for (const operation of sample.on ?? operations) {
      const failure = classifyOciError(thrown(sample), operation);
      expect(failure).toMatchObject({ code: sample.is, requestId });
      expect(failure.ambiguous).toBe(sample.ambiguous);
    }
  });

  it("has a sample of every row", () => {
    const used = new Set<unknown>();
    const watched = errorTable.map((row) => ({ row, code: row.code, detail: row.detail }));
    for (const sample of samples) {
      for (const operation of sample.on ?? operations) {
        const { code, detail, ambiguous } = classifyOciError(thrown(sample), operation);
        const shown = (row: (typeof errorTable)[number]): string | undefined =>
          typeof row.detail === "function" ? row.detail(operation) : row.detail;
        const match = watched.find(({ row }) => row.code === code && shown(row) === detail && row.ambiguous === ambiguous);
        used.add(match?.row);
      }
    }
    const distinct = (rows: readonly unknown[]): Set<string> => new Set(rows.map((row) => JSON.stringify(row)));
    const meaning = ({ code, detail, ambiguous }: (typeof errorTable)[number]): unknown => [code, String(detail), ambiguous];
    const seen = errorTable.filter((row) => used.has(row));
    expect(distinct(seen.map(meaning))).toEqual(distinct(errorTable.map(meaning)));
    const listed = errorTable.flatMap(({ names = [], codes = [], words = [] }) => [...names, ...codes, ...words]);
    const sampled = new Set(
      samples.flatMap(({ name, code, word, cause = {} }) => [name, String(code), word, ...Object.values(cause)]),
    );
    expect(listed.filter((word) => !sampled.has(word))).toEqual([]);
  });

  it("never passes on what the cloud said", () => {
    for (const sample of samples) {
      for (const operation of operations) {
        const { code, detail } = classifyOciError(thrown(sample), operation);
        const { message } = new KmsError(code, { provider: "oci", ...(detail === undefined ? {} : { detail }) });
        expect(message).not.toMatch(/secretuser|PLAINTEXT|ocid1/);
      }
    }
  });

  it("tells the customer what to do next, and nothing about why a ciphertext failed", () => {
    const detailOf = (status: number, word: string, operation: DriverOperation): string | undefined =>
      classifyOciError(thrown({ status, word, is: "unknown" }), operation).detail;
    const denied = usage.map((operation) => detailOf(404, "NotAuthorizedOrNotFound", operation) ?? "");
    expect(denied.map((detail) => /KEY_[A-Z]+/.exec(detail)?.[0])).toEqual([
      "KEY_READ",
      "KEY_ENCRYPT",
      "KEY_DECRYPT",
      "KEY_ENCRYPT",
    ]);
    for (const detail of denied) expect(detail).toContain("to {KEY_READ, KEY_ENCRYPT, KEY_DECRYPT} in compartment");
    expect(detailOf(404, "NotAuthorizedOrNotFound", "describe")).toContain("KEY_READ");
    expect(classifyOciError(thrown({ status: 401, message: skewed, is: "credentials" }), "wrap").detail).toContain("clock");
    expect(detailOf(400, "InvalidParameter", "unwrap")).toBeUndefined();
  });

  it.each([
    ["2", 2000],
    ["0", 0],
    ["-1", undefined],
    ["1e9", undefined],
    ["soon", undefined],
    [2, undefined],
    [undefined, undefined],
    [null, undefined],
  ])("reads from Retry-After %j to wait %j ms", (retryAfter, expected) => {
    expect(classifyOciError({ statusCode: 429, retryAfter }, "wrap").retryAfterMs).toBe(expected);
  });

  it("reads a date in Retry-After as the time until then", () => {
    const retryAfter = new Date(Date.now() + 60_000).toUTCString();
    const { retryAfterMs = 0 } = classifyOciError({ statusCode: 429, retryAfter }, "wrap");
    expect(retryAfterMs).toBeGreaterThan(58_000);
    expect(retryAfterMs).toBeLessThanOrEqual(60_000);
  });

  it.each([undefined, null, "text", 7, {}, { name: 7, statusCode: {}, cause: 1 }, { opcRequestId: "two\nlines" }])(
    "takes %j, which is no error of the SDK, for unknown",
    (error) => {
      expect(classifyOciError(error, "unwrap")).toEqual({ code: "unknown", requestId: undefined });
    },
  );
});
