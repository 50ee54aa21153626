import { KmsError, type DriverOperation, type KmsErrorCode } from "@cmkit/core";
import { describe, expect, it } from "vitest";
import { classifyAzureError } from "../src/azure-errors.ts";
import { errorTable } from "../src/error-table.ts";
import { hsmKeyUrl, hsmKid, keyUrl, kid } from "./samples.ts";
import { requestId } from "./scripted-server.ts";

const secret = "appid=99998888;oid=1;iss=https://sts.windows.net/ PLAINTEXT";
const operations: readonly DriverOperation[] = ["describe", "publicKey", "wrap", "unwrap", "generateDataKey"];

interface Sample {
  readonly name?: string;
  readonly status?: number;
  readonly code?: string;
  readonly inner?: string;
  readonly message?: string;
  readonly errors?: readonly unknown[];
  readonly on?: readonly DriverOperation[];
  readonly is: KmsErrorCode;
  readonly ambiguous?: true;
}

const nodeErrors = (is: KmsErrorCode, list: readonly string[]): Sample[] => list.map((code) => ({ code, is }));
const forbidden = (inner: string | undefined, is: KmsErrorCode, more: Partial<Sample> = {}): Sample => ({
  status: 403,
  code: "Forbidden",
  ...(inner !== undefined && { inner }),
  is,
  ...more,
});
const credentialNames = [
  "CredentialUnavailableError",
  "AggregateAuthenticationError",
  "AuthenticationError",
  "AuthenticationRequiredError",
];
const wraps: readonly DriverOperation[] = ["wrap", "generateDataKey"];
const looks: readonly DriverOperation[] = ["describe", "publicKey"];
const ambiguous = { ambiguous: true } as const;

const samples: readonly Sample[] = [
  // The network.
  ...nodeErrors("unavailable", [
    "ENOTFOUND",
    "ECONNRESET",
    "ECONNREFUSED",
    "EAI_AGAIN",
    "EPIPE",
    "EHOSTUNREACH",
    "ENETUNREACH",
    "ECONNABORTED",
  ]),
  ...nodeErrors("timeout", ["ETIMEDOUT"]),
  ...nodeErrors("bad-answer", ["CERT_HAS_EXPIRED", "ERR_TLS_CERT_ALTNAME_INVALID", "UNABLE_TO_VERIFY_LEAF_SIGNATURE"]),
  ...nodeErrors("bad-answer", ["UNABLE_TO_GET_ISSUER_CERT_LOCALLY", "DEPTH_ZERO_SELF_SIGNED_CERT", "SELF_SIGNED_CERT_IN_CHAIN"]),
  ...nodeErrors("bad-answer", ["EPROTO", "ERR_SSL_WRONG_VERSION_NUMBER", "HPE_INVALID_CONSTANT"]),
  ...nodeErrors("unavailable", ["PARSE_ERROR", "REQUEST_SEND_ERROR"]),
  { name: "RestError", code: "PARSE_ERROR", status: 200, is: "bad-answer" },
  { name: "AbortError", is: "timeout" },

  // Ourselves.
  ...credentialNames.map((name): Sample => ({ name, is: "credentials" })),
  ...credentialNames.map((name): Sample => ({ name, message: `network_error: ${secret}`, is: "unavailable" })),
  ...credentialNames.map((name): Sample => ({ name, message: "endpoints_resolution_error: x", is: "unavailable" })),
  { name: "AggregateAuthenticationError", errors: [{ message: "network_error: x" }], is: "unavailable" },
  { name: "AggregateAuthenticationError", errors: [{ message: "no" }, undefined, 7], is: "credentials" },
  { name: "AuthenticationError", status: 500, is: "unavailable" },
  { name: "AuthenticationError", status: 429, is: "throttled" },
  { name: "AuthenticationError", status: 401, is: "credentials" },
  ...["ERR_MODULE_NOT_FOUND", "MODULE_NOT_FOUND"].flatMap((code): Sample[] => [
    { name: "Error", code, message: "Cannot find package '@azure/identity' imported from /app/x.js", is: "adapter-missing" },
    { name: "Error", code, message: "Cannot find package '@azure/keyvault-keys' imported from /app/x.js", is: "adapter-missing" },
    { name: "Error", code, message: "Cannot find package '@azure/identity-broker' imported from /app/x.js", is: "unknown" },
  ]),

  // Load and failure.
  { status: 429, code: "Throttled", is: "throttled" },
  { name: "UnreadableAnswer", status: 429, is: "throttled" },
  { status: 408, code: "RequestTimeout", is: "timeout" },
  ...[500, 502, 503, 504].map((status): Sample => ({ status, code: "InternalServerError", is: "unavailable" })),
  { name: "UnreadableAnswer", status: 503, is: "unavailable" },
  { status: 401, code: "Unauthorized", is: "credentials" },
  { status: 401, code: "Unauthorized", message: `AKV10032: Invalid issuer. ${secret}`, is: "credentials" },
  { name: "UnreadableAnswer", status: 401, is: "credentials" },
  ...[200, 204, 302, 400, 403, 404, 409].map((status): Sample => ({ name: "UnreadableAnswer", status, is: "bad-answer" })),

  // The key.
  { status: 404, code: "KeyNotFound", is: "key-not-found", ...ambiguous },
  { status: 404, code: "NotFound", is: "key-not-found", ...ambiguous },
  forbidden("KeyDisabled", "key-disabled"),
  forbidden(undefined, "key-disabled", { message: "Operation unwrapKey is not allowed on a disabled key.", ...ambiguous }),
  ...["ForbiddenByPolicy", "ForbiddenByRbac", "AccessDenied", "ForbiddenByFirewall", "ForbiddenByConnection"].map((inner) =>
    forbidden(inner, "access-denied"),
  ),
  forbidden("KeyExpired", "key-expired", ambiguous),
  forbidden("KeyNotYetValidOrExpired", "key-expired", ambiguous),
  forbidden("KeyNotYetValid", "key-not-yet-valid", ambiguous),
  forbidden(undefined, "key-expired", { message: "Operation encrypt is not allowed on an expired key.", ...ambiguous }),
  forbidden(undefined, "key-not-yet-valid", { message: "The key is not yet valid.", ...ambiguous }),
  forbidden("KeyOperationForbidden", "access-denied", ambiguous),
  forbidden(undefined, "access-denied", { message: "Operation decrypt is not permitted on this key.", ...ambiguous }),
  forbidden(undefined, "access-denied", ambiguous),
  forbidden("SomethingNew", "access-denied", ambiguous),
  { status: 403, code: "AccessDenied", is: "access-denied", ...ambiguous }, // as managed HSMs say it
  { status: 409, code: "Conflict", inner: "ObjectIsDeletedButRecoverable", is: "key-pending-deletion", ...ambiguous },
  { status: 409, code: "Conflict", inner: "ObjectIsBeingDeleted", is: "key-pending-deletion", ...ambiguous },
  { status: 409, code: "Conflict", inner: "ObjectIsBeingRecovered", is: "unavailable", ...ambiguous },
  { status: 409, code: "Conflict", is: "unavailable", ...ambiguous },

  // The request.
  {
    // US Government, 2020 (Azure/azure-sdk-for-net#14789): the cloud was behind the SDK, and no ciphertext was bad.
    status: 400,
    code: "BadParameter",
    message: "The specified version (7.1) is not recognized. Consider using the latest supported version (2016-10-01).",
    is: "unsupported",
  },
  { status: 400, code: "BadParameter", on: ["unwrap"], is: "decrypt-failed" },
  { status: 400, code: "SomethingNew", on: ["unwrap"], is: "decrypt-failed", ...ambiguous },
  { status: 400, code: "BadParameter", on: wraps, is: "wrong-key-type", ...ambiguous },
  { status: 400, code: "BadParameter", on: looks, is: "invalid-resource" },

  // Answers that cannot be right, and what is not known.
  { status: 200, code: "x", is: "bad-answer" },
  { status: 302, is: "bad-answer" },
  { name: "TypeError", message: "Cannot read properties of undefined (reading 'error')", is: "bad-answer" },
  { name: "TypeError", message: "Cannot read properties of undefined (reading 'kid')", is: "bad-answer" },
  { name: "TypeError", message: "x is not a function", is: "unknown" },
  { name: "Error", message: `The challenge resource '${secret}' does not match the requested domain.`, is: "bad-answer" },
  { name: "Error", message: "The request URL must use HTTPS.", is: "bad-answer" },
  { name: "Error", message: secret, is: "unknown" },
  { status: 418, code: "Teapot", is: "unknown" },
  { name: "toString", is: "unknown" },
  { name: "__proto__", is: "unknown" },
];

/** As the SDK throws them. */
function thrown({ name = "RestError", status, code, inner, message = secret, errors }: Sample): Error {
  const headers = new Headers({ "x-ms-request-id": requestId });
  const details = { error: { code, message, ...(inner !== undefined && { innerError: { code: inner } }) } };
  return Object.assign(new Error(message), { name, code, errors, statusCode: status, details, response: { headers } });
}

const title = ({ name, status, code, inner, message, on }: Sample): string =>
  [name, status, code, inner, on?.join(" and "), message?.replace(secret, "…")].filter((word) => word !== undefined).join(" ");

describe("the error table", () => {
  it.each(samples.map((sample) => ({ ...sample, title: title(sample) })))("takes $title for $is", (sample) => {
    for (const operation of sample.on ?? operations) {
      const failure = classifyAzureError(thrown(sample), operation);
      expect(failure).toMatchObject({ code: sample.is, requestId });
      expect(failure.ambiguous).toBe(sample.ambiguous);
    }
  });

  it("has a sample of every row, and of every name and code in it", () => {
    const listed = errorTable.flatMap(({ names = [], codes = [], innerCodes = [] }) => [...names, ...codes, ...innerCodes]);
    const sampled = new Set(samples.flatMap(({ name = "RestError", code = "", inner = "" }) => [name, code, inner]));
    expect(listed.filter((word) => !sampled.has(word))).toEqual([]);
    expect(errorTable.filter((row) => !samples.some((sample) => rowOf(sample) === row))).toEqual([]);
  });

  it("never passes on what the cloud said", () => {
    for (const sample of samples) {
      for (const operation of operations) {
        const { code, detail } = classifyAzureError(thrown(sample), operation);
        const { message } = new KmsError(code, { provider: "azure", ...(detail === undefined ? {} : { detail }) });
        expect(message).not.toMatch(/99998888|PLAINTEXT|sts\.windows/);
      }
    }
  });

  const detailOf = (sample: Sample, operation: DriverOperation, url?: string): string =>
    classifyAzureError(Object.assign(thrown(sample), { request: { url } }), operation).detail ?? "";

  it.each<[DriverOperation, string | undefined, string]>([
    ["describe", undefined, "Microsoft.KeyVault/vaults/keys/read, or get by access policy"],
    ["describe", keyUrl, "Microsoft.KeyVault/vaults/keys/read, or get by access policy"],
    ["publicKey", `${kid}?api-version=7.6`, "Microsoft.KeyVault/vaults/keys/read, or get by access policy"],
    ["unwrap", `${kid}/unwrapkey?api-version=7.6`, "Microsoft.KeyVault/vaults/keys/unwrap/action, or unwrapKey by access policy"],
    [
      "unwrap",
      "https://a-managedhsm.vault.azure.net/keys/decrypt/x/unwrapkey",
      "Microsoft.KeyVault/vaults/keys/unwrap/action, or",
    ],
    ["describe", hsmKeyUrl, "Microsoft.KeyVault/managedHsm/keys/read/action"],
    ["wrap", `${hsmKid}/encrypt?api-version=7.6`, "Microsoft.KeyVault/managedHsm/keys/encrypt/action"],
    ["unwrap", `${hsmKid}/decrypt?api-version=7.6`, "Microsoft.KeyVault/managedHsm/keys/decrypt/action"],
    ["unwrap", `${hsmKid}/unwrapkey?api-version=7.6`, "Microsoft.KeyVault/managedHsm/keys/unwrap/action"],
  ])("tells the customer what to grant for %s of %s", (operation, url, grant) => {
    expect(detailOf(forbidden("ForbiddenByRbac", "access-denied"), operation, url)).toContain(grant);
  });

  it("tells the customer what else to mend, and nothing about why a ciphertext failed", () => {
    const operations = forbidden("KeyOperationForbidden", "access-denied");
    expect(detailOf(operations, "unwrap", `${kid}/unwrapkey`)).toMatch(/key_ops.*unwrapKey$/);
    expect(detailOf(operations, "unwrap", `${hsmKid}/decrypt`)).toMatch(/key_ops.*decrypt$/);
    expect(detailOf(forbidden("ForbiddenByFirewall", "access-denied"), "describe")).toMatch(/firewall/);
    expect(detailOf(forbidden("KeyDisabled", "key-disabled"), "unwrap")).toMatch(/enable/);
    expect(detailOf({ status: 400, code: "BadParameter", is: "decrypt-failed" }, "unwrap")).toBe("");
  });

  it.each([
    [{ "retry-after": "2" }, 2000],
    [{ "retry-after": "0" }, 0],
    [{ "retry-after-ms": "150" }, 150],
    [{ "x-ms-retry-after-ms": "150", "retry-after": "2" }, 150],
    [{ "retry-after": "-1" }, undefined],
    [{ "retry-after": "1e9" }, undefined],
    [{ "retry-after": "soon" }, undefined],
    [{}, undefined],
  ])("reads from the headers %j to wait %j ms", (headers, expected) => {
    const error = Object.assign(new Error("slow down"), { statusCode: 429, response: { headers: new Headers(headers) } });
    expect(classifyAzureError(error, "wrap")).toMatchObject({ code: "throttled", retryAfterMs: expected });
  });

  it("reads a date in Retry-After as the time until then", () => {
    const headers = new Headers({ "retry-after": new Date(Date.now() + 60_000).toUTCString() });
    const error = Object.assign(new Error("slow down"), { statusCode: 429, response: { headers } });
    const { retryAfterMs = 0 } = classifyAzureError(error, "wrap");
    expect(retryAfterMs).toBeGreaterThan(58_000);
    expect(retryAfterMs).toBeLessThanOrEqual(60_000);
  });

  it.each([
    undefined,
    null,
    "text",
    7,
    {},
    { name: 7, code: 7, statusCode: "403", details: 7, response: 7, errors: 7 },
    { details: { error: null }, response: { headers: null } },
    { response: { headers: { get: 7 } } },
    { response: { headers: new Headers({ "x-ms-request-id": "two words" }) } },
  ])("takes %j, which is no error of the SDK, for unknown", (error) => {
    expect(classifyAzureError(error, "unwrap")).toEqual({ code: "unknown", requestId: undefined });
  });
});

/** The row that decides about a sample. */
function rowOf(sample: Sample): unknown {
  const { name = "RestError", status = 0, code = "", inner: innerCode = "", message = secret, errors = [] } = sample;
  const inner = errors.map((error) => (error instanceof Object && "message" in error ? String(error.message) : ""));
  const facts = { name, status, code, innerCode, url: "", message: [message, ...inner].join("\n") };
  const operation = sample.on?.[0] ?? "describe";
  return errorTable.find(
    (row) =>
      (row.names?.includes(name) ?? true) &&
      (row.status ?? status) === status &&
      (row.codes?.includes(code) ?? true) &&
      (row.innerCodes?.includes(innerCode) ?? true) &&
      (row.operations?.includes(operation) ?? true) &&
      (row.when?.(facts) ?? true),
  );
}
