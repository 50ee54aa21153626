import { KmsError, type DriverOperation, type KmsErrorCode } from "@cmkit/core";
import { describe, expect, it } from "vitest";
import { classifyAwsError } from "../src/aws-errors.ts";
import { errorTable } from "../src/error-table.ts";
import { requestId } from "./scripted-server.ts";

const secret = "arn:aws:iam::999988887777:role/ours PLAINTEXT";
const operations: readonly DriverOperation[] = ["describe", "publicKey", "wrap", "unwrap", "generateDataKey"];

interface Sample {
  readonly name?: string;
  readonly code?: string;
  readonly message?: string;
  readonly status?: number;
  readonly on?: DriverOperation;
  readonly clock?: true;
  readonly is: KmsErrorCode;
  readonly ambiguous?: true;
}

const names = (is: KmsErrorCode, list: readonly string[]): Sample[] => list.map((name) => ({ name, is }));
const codes = (is: KmsErrorCode, list: readonly string[]): Sample[] => list.map((code) => ({ name: "Error", code, is }));

const credentialNames = [
  ["UnrecognizedClientException", "InvalidClientTokenId", "InvalidAccessKeyId"],
  ["InvalidSignatureException", "SignatureDoesNotMatch", "IncompleteSignature", "IncompleteSignatureException"],
  ["MissingAuthenticationToken", "MissingAuthenticationTokenException"],
  ["ExpiredToken", "ExpiredTokenException", "RequestExpired", "RequestTimeTooSkewed"],
].flat();

const samples: readonly Sample[] = [
  { name: "NotFoundException", message: `Key '${secret}' does not exist`, is: "key-not-found" },
  { name: "NotFoundException", message: `Alias ${secret} is not found.`, is: "key-not-found" },
  { name: "NotFoundException", message: "Invalid arn us-east-1", is: "invalid-resource" },
  { name: "AccessDeniedException", message: `User: ${secret} is not authorized to perform: kms:Decrypt`, is: "access-denied" },
  { name: "AccessDenied", message: `User: ${secret} is not authorized to perform: sts:AssumeRole`, is: "access-denied" },
  { name: "DisabledException", is: "key-disabled" },
  { name: "KMSInvalidStateException", message: `${secret} is pending deletion.`, is: "key-pending-deletion", ambiguous: true },
  { name: "KMSInvalidStateException", message: "it is pending replica deletion.", is: "key-pending-deletion", ambiguous: true },
  { name: "KMSInvalidStateException", message: `${secret} is pending import.`, is: "key-pending-import", ambiguous: true },
  {
    name: "KMSInvalidStateException",
    message: "The external key store proxy did not respond",
    is: "unavailable",
    ambiguous: true,
  },
  ...names("wrong-key-type", ["InvalidKeyUsageException", "UnsupportedOperationException"]),
  ...names("decrypt-failed", ["InvalidCiphertextException", "IncorrectKeyException"]),
  { name: "ValidationException", on: "unwrap", is: "decrypt-failed" },
  { name: "ValidationException", on: "wrap", is: "invalid-resource" },
  { name: "ValidationException", on: "describe", is: "invalid-resource" },
  ...names("invalid-resource", ["InvalidArnException"]),
  { name: "Error", message: "Region is missing", is: "invalid-resource" },
  { name: "Error", message: `Region not accepted: region="x" is not a valid hostname component.`, is: "invalid-resource" },
  ...names("throttled", ["ThrottlingException", "Throttling", "ThrottledException", "TooManyRequestsException"]),
  ...names("throttled", ["RequestLimitExceeded", "RequestThrottled", "RequestThrottledException", "LimitExceededException"]),
  ...names("throttled", ["SlowDown"]),
  ...names("unavailable", ["KMSInternalException", "InternalFailure", "KeyUnavailableException", "DependencyTimeoutException"]),
  ...names("unavailable", ["ServiceUnavailable", "ServiceUnavailableException"]),
  ...names("credentials", credentialNames),
  ...names("credentials", ["CredentialsProviderError", "TokenProviderError"]),
  ...credentialNames.map((name): Sample => ({ name, clock: true, is: "unavailable" })),
  ...names("bad-answer", ["DryRunOperationException", "InvalidGrantTokenException"]),
  ...names("bad-answer", ["ExpiredImportTokenException", "InvalidImportTokenException", "IncorrectKeyMaterialException"]),
  ...codes("unavailable", ["ECONNRESET", "ECONNREFUSED", "ENOTFOUND", "EAI_AGAIN", "EPIPE", "EHOSTUNREACH", "ENETUNREACH"]),
  ...codes("timeout", ["ETIMEDOUT"]),
  { name: "TimeoutError", code: "ETIMEDOUT", is: "timeout" },
  { name: "TimeoutError", message: "did not establish a connection", is: "timeout" },
  { name: "TimeoutError", code: "ECONNRESET", is: "unavailable" },
  { name: "Error", code: "ECONNRESET", status: 200, is: "unavailable" },
  { name: "AbortError", is: "unavailable" },
  ...["ERR_MODULE_NOT_FOUND", "MODULE_NOT_FOUND"].map((code): Sample => {
    return {
      name: "Error",
      code,
      message: "Cannot find package '@aws-sdk/client-kms' imported from /app/x.js",
      is: "adapter-missing",
    };
  }),
  {
    name: "Error",
    code: "ERR_MODULE_NOT_FOUND",
    message: "Cannot find package '@aws-sdk/credential-provider-sso'",
    is: "unknown",
  },
  { name: "SyntaxError", status: 502, is: "unavailable" },
  { name: "SyntaxError", status: 200, is: "bad-answer" },
  { name: "SyntaxError", status: 403, is: "bad-answer" },
  { name: "SyntaxError", is: "unknown" },
  { name: "TypeError", status: 200, is: "bad-answer" },
  { name: "TypeError", is: "unknown" },
  { name: "Unknown", status: 302, is: "bad-answer" },
  { name: "Unknown", status: 400, is: "unknown" },
  { name: "Unknown", status: 503, is: "unavailable" },
  { name: "BrandNewException", status: 500, is: "unavailable" },
  { name: "BrandNewException", status: 400, is: "unknown" },
  { name: "toString", is: "unknown" },
  { name: "__proto__", is: "unknown" },
];

/** As the SDK throws them: a name, the metadata, and the response hidden beside. */
function thrown({ name, code, message = secret, status, clock }: Sample): Error {
  const $metadata = { httpStatusCode: status, requestId, ...(clock && { clockSkewCorrected: true }) };
  return Object.assign(new Error(message), { name, ...(code === undefined ? {} : { code }), $metadata });
}

const title = ({ name, code, message, status, on, clock }: Sample): string =>
  [name, code, status, on, clock && "after the clock was corrected", message?.replace(secret, "…")].filter(Boolean).join(" ");

describe("the error table", () => {
  it.each(samples.map((sample) => ({ ...sample, title: title(sample) })))("takes $title for $is", (sample) => {
    for (const operation of sample.on === undefined ? operations : [sample.on]) {
      if (sample.name === "ValidationException" && sample.on === undefined) continue;
      const failure = classifyAwsError(thrown(sample), operation);
      expect(failure).toMatchObject({ code: sample.is, requestId });
      expect(failure.ambiguous).toBe(sample.ambiguous);
    }
  });

  it("has a sample of every name and every code in it", () => {
    const listed = (key: "names" | "codes"): Set<string> => new Set(errorTable.flatMap((row) => row[key] ?? []));
    const sampled = new Set(samples.flatMap(({ name = "", code = "" }) => [name, code]));
    expect([...listed("names"), ...listed("codes")].filter((word) => !sampled.has(word))).toEqual([]);
  });

  it("never passes on what the cloud said", () => {
    for (const sample of samples) {
      for (const operation of operations) {
        const { code, detail } = classifyAwsError(thrown(sample), operation);
        const { message } = new KmsError(code, { provider: "aws", ...(detail === undefined ? {} : { detail }) });
        expect(message).not.toMatch(/999988887777|PLAINTEXT/);
      }
    }
  });

  it("says where credentials are put that the SDK did not find", () => {
    const { detail } = classifyAwsError(thrown({ name: "CredentialsProviderError", is: "credentials" }), "describe");
    expect(detail).toMatch(/set AWS_PROFILE, .* or give some to aws\(\)$/);
  });

  it("tells the customer what to do next, and nothing about why a ciphertext failed", () => {
    const detailOf = (name: string, operation: DriverOperation, message = ""): string | undefined =>
      classifyAwsError(thrown({ name, message, is: "unknown" }), operation).detail;
    expect(operations.map((operation) => /kms:\w+/.exec(detailOf("AccessDeniedException", operation) ?? "")?.[0])).toEqual([
      "kms:DescribeKey",
      "kms:GetPublicKey",
      "kms:Encrypt",
      "kms:Decrypt",
      "kms:GenerateDataKey",
    ]);
    for (const name of ["NotFoundException", "DisabledException", "UnrecognizedClientException", "InvalidKeyUsageException"]) {
      expect(detailOf(name, "unwrap")).toMatch(/\w{4}/);
    }
    expect(detailOf("KMSInvalidStateException", "unwrap", "is pending deletion.")).toContain("CancelKeyDeletion");
    expect(detailOf("KMSInvalidStateException", "unwrap", "is pending import.")).toContain("ImportKeyMaterial");
    for (const name of ["InvalidCiphertextException", "IncorrectKeyException", "ValidationException"]) {
      expect(detailOf(name, "unwrap")).toBeUndefined();
    }
  });

  it.each([
    [{ "retry-after": "2" }, 2000],
    [{ "retry-after": "0" }, 0],
    [{ "x-amz-retry-after": "150" }, 150],
    [{ "x-amz-retry-after": "150", "retry-after": "2" }, 150],
    [{ "retry-after": "-1" }, undefined],
    [{ "retry-after": "1e9" }, undefined],
    [{ "retry-after": "soon" }, undefined],
    [{ "retry-after": 2 }, undefined],
    [{}, undefined],
    [undefined, undefined],
    ["text", undefined],
  ])("reads from the headers %j to wait %j ms", (headers, expected) => {
    const error = Object.assign(new Error("slow down"), { name: "ThrottlingException", $response: { headers } });
    expect(classifyAwsError(error, "wrap").retryAfterMs).toBe(expected);
  });

  it("reads a date in Retry-After as the time until then", () => {
    const headers = { "retry-after": new Date(Date.now() + 60_000).toUTCString() };
    const error = Object.assign(new Error("slow down"), { name: "ThrottlingException", $response: { headers } });
    const { retryAfterMs = 0 } = classifyAwsError(error, "wrap");
    expect(retryAfterMs).toBeGreaterThan(58_000);
    expect(retryAfterMs).toBeLessThanOrEqual(60_000);
  });

  it.each([
    undefined,
    null,
    "text",
    7,
    {},
    { name: 7, $metadata: "x", $response: 1 },
    { $metadata: { requestId: "two\nlines" } },
  ])("takes %j, which is no error of the SDK, for unknown", (error) => {
    expect(classifyAwsError(error, "unwrap")).toEqual({ code: "unknown", requestId: undefined });
  });
});
