import { KmsError, type DriverOperation, type KmsErrorCode } from "@cmkit/core";
import { describe, expect, it } from "vitest";
import { errorTable } from "../src/error-table.ts";
import { classifyGcpError, isChecksumRefusal } from "../src/gcp-errors.ts";
import { retryInfo } from "../src/retry-info.ts";
import { versionOf } from "./samples.ts";

const secret = "operator@secret-project.iam.gserviceaccount.com PLAINTEXT";
const operations: readonly DriverOperation[] = ["describe", "publicKey", "wrap", "unwrap", "generateDataKey"];

interface Sample {
  readonly grpc?: number;
  readonly code?: string;
  readonly http?: number;
  readonly message?: string;
  readonly reason?: string;
  /** Of a precondition that is violated. */
  readonly violation?: string;
  readonly cause?: object;
  /** On these operations only; default: on all. */
  readonly on?: readonly DriverOperation[];
  readonly is: KmsErrorCode;
  readonly ambiguous?: true;
}

const notUnwrap = operations.filter((operation) => operation !== "unwrap");
const notEnabled = (state: string): string => `${versionOf(1)} is not enabled, current state is: ${state}.`;
const tokenRequest = { config: { url: "https://oauth2.googleapis.com/token" }, response: { status: 400 } };
const kmsRequest = { config: { url: new URL(`https://cloudkms.googleapis.com/v1/${versionOf(1)}:asymmetricDecrypt`) } };
const states = (is: KmsErrorCode, list: readonly string[], ambiguous?: true): Sample[] =>
  list.flatMap((state): Sample[] => [
    { grpc: 9, message: notEnabled(state), is, ...(ambiguous && { ambiguous }) },
    { grpc: 9, message: secret, violation: `KEY_${state}`, is, ...(ambiguous && { ambiguous }) },
  ]);

const samples: readonly Sample[] = [
  ...["ERR_MODULE_NOT_FOUND", "MODULE_NOT_FOUND"].map((code): Sample => {
    return { code, message: "Cannot find package '@google-cloud/kms' imported from /app/x.js", is: "adapter-missing" };
  }),
  { code: "ERR_MODULE_NOT_FOUND", message: "Cannot find package 'google-gax' imported from /app/x.js", is: "unknown" },
  { message: "Could not load the default credentials. Browse to https://cloud.google.com/docs", is: "credentials" },
  { code: "ENOENT", message: `Unable to read the credential file specified by the ${secret} variable`, is: "credentials" },
  { message: `The configured universe domain (${secret}) does not match`, is: "credentials" },
  {
    message: `Cannot build HTTP request for {"name":"x","plaintext":"${secret}"}, method: AsymmetricDecrypt`,
    is: "invalid-resource",
  },
  ...["ECONNRESET", "ECONNREFUSED", "ENOTFOUND", "EAI_AGAIN", "EPIPE", "EHOSTUNREACH", "ENETUNREACH"].map((code): Sample => {
    return { code, is: "unavailable" };
  }),
  { code: "ETIMEDOUT", is: "timeout" },
  { message: "The client has already been closed.", is: "unavailable" },
  ...[400, 401, 403, 404].map((status): Sample => {
    return { grpc: 7, message: `7 PERMISSION_DENIED: Received HTTP status code ${status}`, is: "bad-answer" };
  }),
  { grpc: 2, message: "2 UNKNOWN: Received HTTP status code 200", is: "bad-answer" },
  { grpc: 14, message: "14 UNAVAILABLE: Received HTTP status code 503", is: "unavailable" },
  { grpc: 14, message: "14 UNAVAILABLE: Received HTTP status code 429", is: "unavailable" },
  ...[2, 4, 8, 13, 14].map((grpc): Sample => ({ grpc, cause: tokenRequest, is: "unavailable" })),
  ...[3, 5, 7, 9, 16].map((grpc): Sample => ({ grpc, message: "invalid_grant", cause: tokenRequest, is: "credentials" })),
  { grpc: 14, message: "resolveEnumValueToString: enum value must be a string or a number", is: "bad-answer" },
  { grpc: 14, message: `fromProto3JSONToInternalRepresentation: field name of type string ${secret}`, is: "bad-answer" },
  {
    grpc: 3,
    message: "Error response from RPC Encrypt with status 400 could not be decoded: the response body is not a JSON error object",
    is: "bad-answer",
    ambiguous: true,
  },
  { grpc: 16, message: "Request had invalid authentication credentials.", is: "credentials" },
  { grpc: 16, cause: kmsRequest, is: "credentials" },
  { grpc: 14, cause: new SyntaxError("Unexpected token <"), is: "bad-answer" },
  { grpc: 8, message: "8 RESOURCE_EXHAUSTED: Received message larger than max (10000000 vs 4194304)", is: "bad-answer" },
  { grpc: 13, message: "13 INTERNAL: Response message parsing error: index out of range", is: "bad-answer" },
  { grpc: 12, is: "bad-answer" },
  { grpc: 5, message: `CryptoKey ${secret} not found.`, is: "key-not-found" },
  { grpc: 7, message: `Permission denied on resource ${secret} (or it may not exist).`, is: "access-denied" },
  { grpc: 7, cause: kmsRequest, is: "access-denied" },
  { grpc: 7, reason: "IAM_PERMISSION_DENIED", is: "access-denied" },
  { grpc: 7, reason: "SERVICE_DISABLED", is: "access-denied" },
  { grpc: 7, reason: "BILLING_DISABLED", is: "access-denied" },
  { grpc: 9, reason: "BILLING_DISABLED", is: "access-denied" },
  { grpc: 7, reason: "SECURITY_POLICY_VIOLATED", is: "access-denied" },
  { grpc: 7, reason: "ACCESS_TOKEN_SCOPE_INSUFFICIENT", is: "credentials" },
  ...["USER_PROJECT_DENIED", "CONSUMER_INVALID", "CONSUMER_SUSPENDED"].map((reason): Sample => {
    return { grpc: 7, reason, is: "credentials" };
  }),
  ...states("key-disabled", ["DISABLED"]),
  ...states("key-destroyed", ["DESTROYED", "PENDING_EXTERNAL_DESTRUCTION", "EXTERNAL_DESTRUCTION_FAILED"], true),
  ...states("key-pending-deletion", ["DESTROY_SCHEDULED"], true),
  ...states("key-pending-import", ["PENDING_IMPORT", "IMPORT_FAILED", "GENERATION_FAILED"], true),
  ...states("unavailable", ["PENDING_GENERATION", "SOMETHING_NEW"], true),
  { grpc: 9, message: secret, is: "unavailable", ambiguous: true },
  { grpc: 9, message: "The purpose of the CryptoKey is wrong", on: ["unwrap"], is: "decrypt-failed", ambiguous: true },
  { grpc: 9, message: "The purpose of the CryptoKey is wrong", on: notUnwrap, is: "wrong-key-type", ambiguous: true },
  {
    grpc: 3,
    message: "Decryption failed: verify that 'name' refers to the correct CryptoKey.",
    on: ["unwrap"],
    is: "decrypt-failed",
  },
  { grpc: 3, message: "Decryption failed: the ciphertext is invalid.", on: ["unwrap"], is: "decrypt-failed" },
  { grpc: 3, message: secret, on: ["unwrap"], is: "decrypt-failed", ambiguous: true },
  { grpc: 11, message: secret, on: ["unwrap"], is: "decrypt-failed", ambiguous: true },
  { grpc: 3, message: "The algorithm of the key is RSA_SIGN", on: ["unwrap"], is: "decrypt-failed", ambiguous: true },
  { grpc: 3, message: "The algorithm of the key is RSA_SIGN", on: notUnwrap, is: "wrong-key-type", ambiguous: true },
  { grpc: 3, message: secret, on: notUnwrap, is: "invalid-resource" },
  { grpc: 11, message: secret, on: notUnwrap, is: "invalid-resource" },
  { grpc: 8, message: `Quota exceeded for ${secret}`, is: "throttled" },
  ...[14, 13, 10, 1].map((grpc): Sample => ({ grpc, is: "unavailable" })),
  { grpc: 4, is: "timeout" },
  { grpc: 4, message: "Total timeout of API google.cloud.kms.v1 exceeded 2000 milliseconds retrying error", is: "timeout" },
  ...[0, 2, 6, 15, 17].map((grpc): Sample => ({ grpc, message: secret, is: "unknown" })),
  { code: "EACCES", message: secret, is: "unknown" },
  { http: 503, message: secret, is: "unavailable" },
  { http: 403, message: secret, is: "bad-answer" },
  { http: 200, message: secret, is: "bad-answer" },
  { grpc: 7, http: 403, message: secret, is: "access-denied" },
];

function thrown({ grpc, code, http, message = "", reason, violation, cause }: Sample): Error {
  const error = new Error(message, cause === undefined ? {} : { cause });
  const violations = violation === undefined ? {} : { statusDetails: [{ violations: [{ type: violation, subject: secret }] }] };
  return Object.assign(error, { code: grpc ?? code, httpStatusCode: http, ...(reason && { reason }), ...violations });
}

describe("the error table", () => {
  it.each(samples)("has for $grpc $code $reason $violation $message: $is", (sample) => {
    for (const operation of sample.on ?? operations) {
      const failure = classifyGcpError(thrown(sample), operation);
      expect(failure.code).toBe(sample.is);
      expect(failure.ambiguous).toBe(sample.ambiguous);
    }
  });

  it("has a sample of every status, code, reason and state in it", () => {
    const listed = errorTable.flatMap(({ grpc = [], codes = [], reasons = [], states = [] }) => [
      ...grpc,
      ...codes,
      ...reasons,
      ...states,
    ]);
    const sampled = new Set(
      samples.flatMap(({ grpc, code, reason, message }) => [grpc, code, reason, ...(message ?? "").split(/[ .]/)]),
    );
    expect(listed.filter((word) => !sampled.has(word))).toEqual([]);
  });

  it("has a sample that comes to each row", () => {
    const reached = new Set<number>();
    for (const sample of samples) {
      for (const operation of sample.on ?? operations) {
        const { code, detail } = classifyGcpError(thrown(sample), operation);
        for (const [index, row] of errorTable.entries()) {
          const words = typeof row.detail === "function" ? row.detail(operation) : row.detail;
          if (row.code === code && words === detail) reached.add(index);
        }
      }
    }
    expect([...errorTable.keys()].filter((index) => !reached.has(index))).toEqual([]);
  });

  it("never passes on what the cloud said", () => {
    for (const sample of samples) {
      for (const operation of operations) {
        const { code, detail } = classifyGcpError(thrown(sample), operation);
        const { message } = new KmsError(code, { provider: "gcp", ...(detail === undefined ? {} : { detail }) });
        expect(message).not.toMatch(/secret-project|PLAINTEXT/);
      }
    }
  });

  it("tells the customer what to do next, and nothing about why a ciphertext failed", () => {
    const detailOf = (sample: Omit<Sample, "is">, operation: DriverOperation): string | undefined =>
      classifyGcpError(thrown({ ...sample, is: "unknown" }), operation).detail;
    expect(operations.map((operation) => /cloudkms\.[\w.]+/.exec(detailOf({ grpc: 7 }, operation) ?? "")?.[0])).toEqual([
      "cloudkms.cryptoKeys.get",
      "cloudkms.cryptoKeyVersions.viewPublicKey",
      "cloudkms.cryptoKeyVersions.useToEncrypt",
      "cloudkms.cryptoKeyVersions.useToDecrypt",
      "cloudkms.cryptoKeyVersions.useToEncrypt",
    ]);
    expect(detailOf({ grpc: 9, message: notEnabled("DISABLED") }, "unwrap")).toContain("gcloud kms keys versions enable");
    expect(detailOf({ grpc: 9, message: notEnabled("DESTROY_SCHEDULED") }, "unwrap")).toContain(
      "gcloud kms keys versions restore",
    );
    for (const message of ["Decryption failed: verify that 'name'", "anything"]) {
      expect(detailOf({ grpc: 3, message }, "unwrap")).toBeUndefined();
    }
  });

  it.each([
    [{ seconds: "2", nanos: 500_000_000 }, 2500],
    [{ seconds: "0", nanos: 0 }, 0],
    [{ seconds: 7 }, 7000],
    [{ seconds: "-1" }, undefined],
    [{ seconds: "soon" }, undefined],
    [null, undefined],
    [undefined, undefined],
  ])("reads from RetryInfo %j to wait %j ms", (retryDelay, expected) => {
    const error = Object.assign(new Error("slow down"), { code: 8, statusDetails: [{ reason: "x" }, { retryDelay }] });
    expect(classifyGcpError(error, "wrap").retryAfterMs).toBe(expected);
  });

  it.each([
    ["2", "2s"],
    ["0", "0s"],
    ["-1", undefined],
    ["1e9", undefined],
    ["soon", undefined],
    ["Thu, 01 Jan 1970 00:00:10 GMT", "7s"],
    ["Thu, 01 Jan 1970 00:00:01 GMT", "0s"],
    [null, undefined],
  ])("writes the header Retry-After: %s as RetryInfo of %s", (header, retryDelay) => {
    const expected = retryDelay === undefined ? undefined : { "@type": "type.googleapis.com/google.rpc.RetryInfo", retryDelay };
    expect(retryInfo(header, 3000)).toEqual(expected);
  });

  it("names the request where the KMS does, if it is an identifier", () => {
    const named = (requestId: unknown): Error => Object.assign(new Error("x"), { code: 7, statusDetails: [null, { requestId }] });
    expect(classifyGcpError(named("r-1.2:3"), "wrap").requestId).toBe("r-1.2:3");
    expect(classifyGcpError(named("two\nlines"), "wrap").requestId).toBeUndefined();
    expect(classifyGcpError(named(7), "wrap").requestId).toBeUndefined();
  });

  it.each([
    [3, "The checksum in field ciphertext_crc32c did not match the data in field ciphertext.", true],
    [3, "3 INVALID_ARGUMENT: The CRC32C does not match.", true],
    [3, "Decryption failed: the checksum is wrong.", false],
    [3, "3 INVALID_ARGUMENT: Decryption failed: the checksum is wrong.", false],
    [9, "The checksum does not match.", false],
    [3, "The name is wrong.", false],
  ])("%i %s is about checksums: %s", (code, message, expected) => {
    expect(isChecksumRefusal(Object.assign(new Error(message), { code }))).toBe(expected);
  });

  it.each([undefined, null, "text", 7, {}, { code: {}, message: 7, statusDetails: "x" }, { cause: { config: 7 } }])(
    "takes %j, which is no error of the SDK, for unknown",
    (error) => {
      expect(classifyGcpError(error, "unwrap")).toEqual({ code: "unknown", requestId: undefined });
    },
  );
});
