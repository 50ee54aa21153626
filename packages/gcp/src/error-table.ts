import type { DriverOperation, KmsErrorCode } from "@cmkit/core";
import type { ErrorFacts } from "./gcp-errors.ts";

/** Fits when everything it names fits. */
export interface ErrorRow {
  /** google.rpc.Code. */
  readonly grpc?: readonly number[];
  readonly codes?: readonly string[];
  readonly reasons?: readonly string[];
  readonly states?: readonly string[];
  readonly operation?: DriverOperation;
  readonly when?: (facts: ErrorFacts) => boolean;
  readonly code: KmsErrorCode;
  /** What Cloud KMS says is not documented, or can mean several things: core asks for the version's state. */
  readonly ambiguous?: true;
  /** What to do next, in our own words. */
  readonly detail?: string | ((operation: DriverOperation) => string);
}

const permissions: Readonly<Record<DriverOperation, string>> = {
  describe: "cloudkms.cryptoKeys.get, cloudkms.cryptoKeyVersions.get and cloudkms.cryptoKeyVersions.list",
  publicKey: "cloudkms.cryptoKeyVersions.viewPublicKey",
  wrap: "cloudkms.cryptoKeyVersions.useToEncrypt",
  unwrap: "cloudkms.cryptoKeyVersions.useToDecrypt",
  generateDataKey: "cloudkms.cryptoKeyVersions.useToEncrypt",
};

const enable = "its owner must enable the key version (gcloud kms keys versions enable)";
const restore = "its owner can restore the key version (gcloud kms keys versions restore) and must then enable it";
const usable = "expected a key for encryption: ENCRYPT_DECRYPT, or ASYMMETRIC_DECRYPT with RSA";
const elsewhere = "what answered does not speak the protocol of Cloud KMS";
const notFound = "GOOGLE_APPLICATION_CREDENTIALS names no file of credentials that can be used";
const none =
  "no credentials were found: give some to gcp(), set GOOGLE_APPLICATION_CREDENTIALS, or run gcloud auth application-default login";

/**
 * Errors of Cloud KMS, of the SDK, of google-auth-library and of Node on the way. By gRPC status; words decide only where one
 * status means several things. First row wins.
 *
 * @see https://github.com/googleapis/googleapis/blob/master/google/rpc/code.proto
 */
export const errorTable: readonly ErrorRow[] = [
  // This machine. What needs no request comes first.
  {
    codes: ["ERR_MODULE_NOT_FOUND", "MODULE_NOT_FOUND"],
    when: ({ message }) => /^Cannot find (?:package|module) '@google-cloud\/kms'/.test(message),
    code: "adapter-missing",
    detail: 'run "npm install @google-cloud/kms"',
  },
  { when: ({ message }) => message.startsWith("Could not load the default credentials"), code: "credentials", detail: none },
  { when: ({ message }) => message.startsWith("Unable to read the credential file"), code: "credentials", detail: notFound },
  {
    when: ({ message }) => message.startsWith("The configured universe domain"),
    code: "credentials",
    detail: "the credentials are those of another universe domain than googleapis.com",
  },
  // The text holds the request, key bytes and all.
  { when: ({ message }) => message.startsWith("Cannot build HTTP request for"), code: "invalid-resource" },

  // The network.
  {
    codes: ["ECONNRESET", "ECONNREFUSED", "ENOTFOUND", "EAI_AGAIN", "EPIPE", "EHOSTUNREACH", "ENETUNREACH"],
    code: "unavailable",
  },
  { codes: ["ETIMEDOUT"], code: "timeout" },
  // close() came between two steps of a call, and the next attempt connects anew.
  { when: ({ message }) => message === "The client has already been closed.", code: "unavailable" },

  // gRPC's way of saying that a page came: with 403 it is some proxy's, and does not say that the customer refuses us.
  { when: ({ message }) => /^Received HTTP status code (?!429|5)/.test(message), code: "bad-answer", detail: elsewhere },

  // The token server, which an injected client asks behind our back; its status is not about the key.
  {
    grpc: [2, 4, 8, 13, 14],
    when: ({ byTokenServer }) => byTokenServer,
    code: "unavailable",
    detail: "no access token could be fetched",
  },
  {
    when: ({ byTokenServer }) => byTokenServer,
    code: "credentials",
    detail: "the token server gave no access token: check the credentials",
  },
  { grpc: [16], code: "credentials", detail: "Google does not accept the access token: check it, and its expiry" },

  // Answers that cannot be right.
  { when: ({ causeName }) => causeName === "SyntaxError", code: "bad-answer", detail: elsewhere },
  {
    grpc: [14],
    when: ({ message }) => /^(?:\w*fromProto3JSON|resolveEnumValue)/i.test(message),
    code: "bad-answer",
    detail: elsewhere,
  },
  // The SDK makes 3 of every 400 that it cannot read, and 400 is also how a failed precondition is told: the state decides.
  {
    grpc: [3],
    when: ({ message }) => /^Error response from RPC \w+ with status 400 could not be decoded/.test(message),
    code: "bad-answer",
    ambiguous: true,
    detail: elsewhere,
  },
  {
    grpc: [8],
    when: ({ message }) => message.startsWith("Received message larger than max"),
    code: "bad-answer",
    detail: "it is too long",
  },
  {
    grpc: [13],
    when: ({ message }) => message.includes("Response message parsing error"),
    code: "bad-answer",
    detail: elsewhere,
  },
  { grpc: [12], code: "bad-answer", detail: elsewhere },

  // The key.
  { grpc: [5], code: "key-not-found", detail: "check the project, location, key ring, key and version" },
  {
    grpc: [7, 9],
    reasons: ["SERVICE_DISABLED", "BILLING_DISABLED"],
    code: "access-denied",
    detail: "the Cloud KMS API or billing is off, in the project of the key or in the one that our credentials charge",
  },
  {
    grpc: [7],
    reasons: ["ACCESS_TOKEN_SCOPE_INSUFFICIENT"],
    code: "credentials",
    detail: "the access token needs the scope https://www.googleapis.com/auth/cloudkms or that of cloud-platform",
  },
  {
    grpc: [7],
    reasons: ["USER_PROJECT_DENIED", "CONSUMER_INVALID", "CONSUMER_SUSPENDED"],
    code: "credentials",
    detail: "the project that our credentials charge cannot be charged: check its quota project",
  },
  {
    grpc: [7],
    reasons: ["SECURITY_POLICY_VIOLATED"],
    code: "access-denied",
    detail: "VPC Service Controls of the key's owner keep us out",
  },
  {
    grpc: [7],
    code: "access-denied",
    detail: (operation) => `the key's IAM policy must grant us ${permissions[operation]}; a missing key can look the same`,
  },
  { grpc: [9], states: ["DISABLED"], code: "key-disabled", detail: enable },
  {
    grpc: [9],
    states: ["DESTROYED", "PENDING_EXTERNAL_DESTRUCTION", "EXTERNAL_DESTRUCTION_FAILED"],
    code: "key-destroyed",
    ambiguous: true,
  },
  { grpc: [9], states: ["DESTROY_SCHEDULED"], code: "key-pending-deletion", ambiguous: true, detail: restore },
  {
    grpc: [9],
    states: ["PENDING_IMPORT", "IMPORT_FAILED", "GENERATION_FAILED"],
    code: "key-pending-import",
    ambiguous: true,
    detail: "its owner must import or create a key version",
  },
  {
    grpc: [9],
    when: ({ message }) => /\b(?:purpose|algorithm)\b/i.test(message),
    operation: "unwrap",
    code: "decrypt-failed",
    ambiguous: true,
  },
  {
    grpc: [9],
    when: ({ message }) => /\b(?:purpose|algorithm)\b/i.test(message),
    code: "wrong-key-type",
    ambiguous: true,
    detail: usable,
  },
  {
    grpc: [9],
    code: "unavailable",
    ambiguous: true,
    detail: "the key version is not ready, or the external key manager behind it does not answer",
  },

  // The request. On an unwrap nothing else can be wrong with it than the ciphertext, its context and its label: the name has
  // passed our grammar, and the checksums were looked at before.
  { grpc: [3], operation: "unwrap", when: ({ message }) => message.startsWith("Decryption failed"), code: "decrypt-failed" },
  { grpc: [3, 11], operation: "unwrap", code: "decrypt-failed", ambiguous: true },
  {
    grpc: [3],
    when: ({ message }) => /\b(?:purpose|algorithm)\b/i.test(message),
    code: "wrong-key-type",
    ambiguous: true,
    detail: usable,
  },
  { grpc: [3, 11], code: "invalid-resource", detail: "Cloud KMS does not take the name" },

  // Load and failure.
  {
    grpc: [8],
    code: "throttled",
    detail: "the Cloud KMS quota of the project that our credentials charge, or of the key's, is used up",
  },
  { grpc: [14, 13, 10], code: "unavailable" },
  { grpc: [4], code: "timeout" },
  { grpc: [1], code: "unavailable" }, // not by our signal: core has looked at that first

  // Errors without a status of Google's, from an injected client: something before Cloud KMS answered.
  { when: ({ http }) => http >= 500, code: "unavailable" },
  { when: ({ grpc, http }) => grpc === undefined && http !== 0, code: "bad-answer", detail: elsewhere },
];
