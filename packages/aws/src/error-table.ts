import type { DriverOperation, KmsErrorCode } from "@cmkit/core";
import type { ErrorFacts } from "./aws-errors.ts";

/** Fits when everything it names fits. */
export interface ErrorRow {
  readonly names?: readonly string[];
  readonly codes?: readonly string[];
  readonly operation?: DriverOperation;
  readonly when?: (facts: ErrorFacts) => boolean;
  readonly code: KmsErrorCode;
  /** Several states of the key are possible: core asks for its state. */
  readonly ambiguous?: true;
  /** What to do next, in our own words. */
  readonly detail?: string | ((operation: DriverOperation) => string);
}

const permissions: Readonly<Record<DriverOperation, string>> = {
  describe: "kms:DescribeKey",
  publicKey: "kms:GetPublicKey",
  wrap: "kms:Encrypt",
  unwrap: "kms:Decrypt",
  generateDataKey: "kms:GenerateDataKey",
};

const credentialErrors = [
  "UnrecognizedClientException",
  "InvalidClientTokenId",
  "InvalidAccessKeyId",
  "InvalidSignatureException",
  "SignatureDoesNotMatch",
  "IncompleteSignature",
  "IncompleteSignatureException",
  "MissingAuthenticationToken",
  "MissingAuthenticationTokenException",
  "ExpiredToken",
  "ExpiredTokenException",
  "RequestExpired",
  "RequestTimeTooSkewed",
];

const deletion = "the key's owner can cancel its deletion (CancelKeyDeletion) and must then enable it";
const material = "the key's owner must import its material again (ImportKeyMaterial): it was deleted or has expired";
const credentials = "check the access key, the session token and its expiry, and this machine's clock";
const notAsked = "it answers something that was not asked";
const elsewhere = "what answered does not speak the protocol of AWS KMS";

/**
 * AWS's errors, and those of the SDK and of Node on the way. By name and never by HTTP status, since the service answers
 * 400 to what its model calls 404 and 409; only for answers without a known name does a status decide. First row wins.
 */
export const errorTable: readonly ErrorRow[] = [
  // The network. ECONNRESET comes as a TimeoutError, and as a plain error when an answer breaks off in the middle.
  {
    codes: ["ECONNRESET", "ECONNREFUSED", "ENOTFOUND", "EAI_AGAIN", "EPIPE", "EHOSTUNREACH", "ENETUNREACH"],
    code: "unavailable",
  },
  { codes: ["ETIMEDOUT"], code: "timeout" },
  { names: ["TimeoutError"], code: "timeout" },
  { names: ["AbortError"], code: "unavailable" }, // not by our signal: core has looked at that first

  // The key.
  {
    names: ["NotFoundException"],
    when: ({ message }) => /^invalid arn\b/i.test(message),
    code: "invalid-resource",
    detail: "the ARN is not one of this region",
  },
  {
    names: ["NotFoundException"],
    code: "key-not-found",
    detail: "check the ARN's region, account and key id; a deleted key cannot be brought back",
  },
  {
    names: ["AccessDeniedException"],
    code: "access-denied",
    detail: (operation) =>
      `the key's policy and the caller's IAM policy must both allow ${permissions[operation]}; across accounts a missing key looks the same`,
  },
  {
    names: ["AccessDenied"], // STS's spelling, out of the credentials function
    code: "access-denied",
    detail: "assuming a role was refused: its trust policy must name our principal and the external id",
  },
  { names: ["DisabledException"], code: "key-disabled", detail: "the key's owner must enable it (EnableKey)" },
  {
    names: ["KMSInvalidStateException"],
    when: ({ message }) => /pending (?:replica )?deletion/i.test(message),
    code: "key-pending-deletion",
    ambiguous: true,
    detail: deletion,
  },
  {
    names: ["KMSInvalidStateException"],
    when: ({ message }) => /pending import/i.test(message),
    code: "key-pending-import",
    ambiguous: true,
    detail: material,
  },
  {
    names: ["KMSInvalidStateException"],
    code: "unavailable",
    ambiguous: true,
    detail: "the key is being changed, or the custom key store behind it does not answer",
  },
  {
    names: ["InvalidKeyUsageException", "UnsupportedOperationException"],
    code: "wrong-key-type",
    detail: "expected a key for encryption: RSA, or symmetric",
  },

  // The ciphertext. On Decrypt a ValidationException can mean nothing else: the ARN has passed our grammar, the context
  // core's limits, and the algorithm is a constant.
  { names: ["InvalidCiphertextException", "IncorrectKeyException"], code: "decrypt-failed" },
  { names: ["ValidationException"], operation: "unwrap", code: "decrypt-failed" },
  { names: ["InvalidArnException", "ValidationException"], code: "invalid-resource", detail: "AWS KMS does not take the ARN" },
  {
    names: ["Error"],
    when: ({ message }) => /^Region (?:is missing|not accepted)/.test(message),
    code: "invalid-resource",
    detail: "the SDK does not take the region",
  },

  // Load and failure.
  {
    names: [
      "ThrottlingException",
      "Throttling",
      "ThrottledException",
      "TooManyRequestsException",
      "RequestLimitExceeded",
      "RequestThrottled",
      "RequestThrottledException",
      "LimitExceededException",
      "SlowDown",
    ],
    code: "throttled",
    detail: "the request quota of our own account is used up, or the custom key store's",
  },
  {
    names: [
      "KMSInternalException",
      "InternalFailure",
      "KeyUnavailableException",
      "DependencyTimeoutException",
      "ServiceUnavailable",
      "ServiceUnavailableException",
    ],
    code: "unavailable",
  },

  // Ourselves. A request that was refused for the clock's sake is signed by the corrected clock when it is sent again.
  {
    names: credentialErrors,
    when: ({ clockCorrected }) => clockCorrected,
    code: "unavailable",
    detail: "this machine's clock is wrong",
  },
  { names: credentialErrors, code: "credentials", detail: credentials },
  {
    names: ["CredentialsProviderError", "TokenProviderError"],
    code: "credentials",
    detail:
      "no credentials were found, or their source did not give any: set AWS_PROFILE, run aws configure or aws sso login, or give some to aws()",
  },
  {
    codes: ["ERR_MODULE_NOT_FOUND", "MODULE_NOT_FOUND"],
    when: ({ message }) => /^Cannot find (?:package|module) '@aws-sdk\/client-kms'/.test(message),
    code: "adapter-missing",
    detail: 'run "npm install @aws-sdk/client-kms"',
  },

  // Answers that cannot be right.
  {
    names: [
      "DryRunOperationException",
      "ExpiredImportTokenException",
      "InvalidImportTokenException",
      "IncorrectKeyMaterialException",
      "InvalidGrantTokenException",
    ],
    code: "bad-answer",
    detail: notAsked,
  },
  { when: ({ status }) => status >= 500, code: "unavailable" },
  { names: ["SyntaxError"], when: ({ status }) => status !== 0, code: "bad-answer", detail: elsewhere },
  { when: ({ status }) => status >= 200 && status < 400, code: "bad-answer", detail: elsewhere },
];
