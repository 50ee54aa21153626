import type { DriverOperation, KmsErrorCode } from "@cmkit/core";
import type { ErrorFacts } from "./oci-errors.ts";

/** Fits when everything it names fits. */
export interface ErrorRow {
  readonly statuses?: readonly number[];
  /** The service's own words. */
  readonly words?: readonly string[];
  readonly names?: readonly string[];
  readonly codes?: readonly string[];
  readonly operations?: readonly DriverOperation[];
  readonly when?: (facts: ErrorFacts) => boolean;
  readonly code: KmsErrorCode;
  /** Several states of the key are possible: core asks for its state. */
  readonly ambiguous?: true;
  /** What to do next, in our own words. */
  readonly detail?: string | ((operation: DriverOperation) => string);
}

const permissions: Readonly<Record<DriverOperation, string>> = {
  describe: "KEY_READ",
  publicKey: "KEY_READ",
  wrap: "KEY_ENCRYPT",
  unwrap: "KEY_DECRYPT",
  generateDataKey: "KEY_ENCRYPT",
};

const statement = "allow dynamic-group G to {KEY_READ, KEY_ENCRYPT, KEY_DECRYPT} in compartment C where target.key.id = 'OCID'";
const ungranted = (operation: DriverOperation): string =>
  `a policy must give us ${permissions[operation]} (${statement}); across tenancies both sides need one`;
const unseen = "the key or its version does not exist, or no policy gives us KEY_READ: OCI answers both the same";
const elsewhere = "what answered does not speak the protocol of OCI Vault";
const untrusted = "the certificate of what answered is not trusted";
const usage: readonly DriverOperation[] = ["wrap", "unwrap", "generateDataKey"];
const unnamed = ["None", ""];

/**
 * OCI's errors, by status and the service's word, and those of `fetch` and of the SDK's own clients on the way. What a
 * key's state does to an answer is not documented, so core asks for the state after every refusal of the key. First row wins.
 */
export const errorTable: readonly ErrorRow[] = [
  // The network. `fetch` hides what happened in the cause of its error; the SDK's clients drop it.
  {
    codes: [
      "ECONNRESET",
      "ECONNREFUSED",
      "ENOTFOUND",
      "EAI_AGAIN",
      "EPIPE",
      "EHOSTUNREACH",
      "ENETUNREACH",
      "UND_ERR_SOCKET",
      "EOPENBREAKER", // the SDK's circuit breaker: nothing was sent
    ],
    code: "unavailable",
  },
  {
    codes: ["ETIMEDOUT", "UND_ERR_CONNECT_TIMEOUT", "UND_ERR_HEADERS_TIMEOUT", "UND_ERR_BODY_TIMEOUT"],
    code: "timeout",
  },
  { names: ["TimeoutError"], code: "timeout" },
  { codes: ["23"], code: "timeout" }, // DOMException.TIMEOUT_ERR, from the SDK's clients
  { names: ["AbortError"], code: "unavailable" }, // not by our signal: core has looked at that first
  { codes: ["20"], code: "unavailable" }, // DOMException.ABORT_ERR
  {
    codes: [
      "CERT_HAS_EXPIRED",
      "CERT_NOT_YET_VALID",
      "DEPTH_ZERO_SELF_SIGNED_CERT",
      "SELF_SIGNED_CERT_IN_CHAIN",
      "UNABLE_TO_VERIFY_LEAF_SIGNATURE",
      "UNABLE_TO_GET_ISSUER_CERT_LOCALLY",
      "ERR_TLS_CERT_ALTNAME_INVALID",
    ],
    code: "bad-answer",
    detail: untrusted,
  },

  // Ourselves.
  {
    statuses: [401],
    when: ({ message }) => message.includes("allowed clock skew"),
    code: "credentials",
    detail: "this machine's clock is wrong: OCI takes signatures of the last and the next five minutes",
  },
  {
    statuses: [401],
    when: ({ credentialsWorked }) => credentialsWorked,
    code: "unavailable",
    detail: "OCI no longer accepts credentials that it accepted before; they are asked for again",
  },
  {
    statuses: [401],
    code: "credentials",
    detail:
      "check the tenancy, the user, the fingerprint and that its public key is uploaded; or the session's or principal's token",
  },
  {
    names: ["KeyParseError", "KeyEncryptedError"],
    code: "credentials",
    detail: "the private key cannot be read",
  },
  {
    when: ({ message }) => /^(?:Failed to parse .{0,99}key|The .{0,99}key .{0,99}is encrypted)/i.test(message),
    code: "credentials",
    detail: "the private key cannot be read",
  },
  {
    codes: ["ERR_MODULE_NOT_FOUND", "MODULE_NOT_FOUND"],
    when: ({ message }) => /^Cannot find (?:package|module) 'oci-common'/.test(message),
    code: "adapter-missing",
    detail: 'run "npm install oci-common"',
  },
  {
    when: ({ message }) => message.startsWith("host is invalid"),
    code: "unsupported",
    detail: "the injected client has no endpoint",
  },

  // What answered is not the service: it names each refusal.
  { statuses: [400, 403, 404, 405, 409], words: unnamed, code: "bad-answer", detail: elsewhere },
  { statuses: [404], words: ["NotFound"], code: "bad-answer", detail: elsewhere }, // no such operation at this path
  { statuses: [405], code: "bad-answer", detail: elsewhere },

  // The key.
  { statuses: [404], operations: ["describe"], code: "key-not-found", detail: unseen },
  { statuses: [404], code: "access-denied", ambiguous: true, detail: ungranted },
  // Encrypt and Decrypt name the key in the body, for which the error reference has a word of its own. Two more that pass
  // when a policy or a state has spread are in Oracle's SDK for Go, `affectedByEventualConsistencyRetryStatusCodeMap`.
  {
    statuses: [400],
    words: ["RelatedResourceNotAuthorizedOrNotFound", "InsufficientServicePermissions"],
    code: "access-denied",
    ambiguous: true,
    detail: ungranted,
  },
  { statuses: [400], words: ["ResourceDisabled"], code: "key-disabled", ambiguous: true },
  { statuses: [403], code: "access-denied", ambiguous: true, detail: ungranted },
  {
    statuses: [409],
    code: "unavailable",
    ambiguous: true,
    detail: "the key is being changed, or the external key manager behind it does not answer",
  },

  // Load and failure.
  { statuses: [429], code: "throttled", detail: "too many requests for one tenancy" },
  {
    words: ["TooManyRequests", "LimitExceeded", "QuotaExceeded"],
    code: "throttled",
    detail: "a limit of the tenancy is reached",
  },
  { when: ({ status }) => status >= 500, code: "unavailable" },

  // The ciphertext. A Decrypt that is refused for a parameter can mean nothing else: the OCID has passed our grammar, the
  // context core's limits, and the algorithm is a constant. Unless the key's state is what makes it invalid. Any other word
  // may pass, and data must not be given up for it.
  { statuses: [400], words: ["InvalidParameter"], operations: ["unwrap"], code: "decrypt-failed", ambiguous: true },
  { statuses: [400], operations: ["unwrap"], code: "unknown", ambiguous: true },
  { statuses: [400], operations: usage, code: "invalid-resource", ambiguous: true, detail: "OCI Vault does not take the key" },
  { statuses: [400], code: "invalid-resource", detail: "OCI Vault does not take the OCID" },

  // Answers that cannot be right.
  // `fetch`, of a body whose framing or compression is broken; a connection that was cut has a code, above.
  { when: ({ message, status }) => status === 0 && message === "terminated", code: "bad-answer", detail: elsewhere },
  { names: ["SyntaxError"], code: "bad-answer", detail: elsewhere },
  { when: ({ status }) => status >= 200 && status < 400, code: "bad-answer", detail: elsewhere },
  { when: ({ message, status }) => status === 0 && message === "fetch failed", code: "unavailable" },
];
