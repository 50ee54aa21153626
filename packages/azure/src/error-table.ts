import type { DriverOperation, KmsErrorCode } from "@cmkit/core";
import type { ErrorFacts } from "./azure-errors.ts";
import { missingGrant, missingKeyOperation } from "./grants.ts";

/** Fits when everything it names fits. */
export interface ErrorRow {
  readonly names?: readonly string[];
  readonly status?: number;
  readonly codes?: readonly string[];
  readonly innerCodes?: readonly string[];
  readonly operations?: readonly DriverOperation[];
  readonly when?: (facts: ErrorFacts) => boolean;
  readonly code: KmsErrorCode;
  /** Several states of the key are possible: core asks for its state. */
  readonly ambiguous?: true;
  /** What to do next, in our own words. */
  readonly detail?: string | ((operation: DriverOperation, url: string) => string);
}

const elsewhere = "what answered does not speak the protocol of Azure Key Vault";
const token = "the service refuses our token: check the credential's tenant, its expiry, and this machine's clock";
const certificate = "the certificate of what answered is not the vault's, or is not trusted";
const unreadable = ["UnreadableAnswer"];
const deletion = "the key is soft-deleted: its owner can recover it (az keyvault key recover)";

/**
 * Errors of Key Vault and Managed HSM, and those of the SDK, of `@azure/identity` and of Node on the way. By status, code and
 * inner code, since the texts change; where only a text tells, and where two states look alike, core asks for the key's
 * state. First row wins.
 */
export const errorTable: readonly ErrorRow[] = [
  // The network. Without a status, because an answer that breaks off has none.
  {
    codes: ["ENOTFOUND"],
    code: "unavailable",
    detail: "the host name does not resolve: check the vault's name; a vault that was deleted has none",
  },
  {
    codes: ["ECONNRESET", "ECONNREFUSED", "EAI_AGAIN", "EPIPE", "EHOSTUNREACH", "ENETUNREACH", "ECONNABORTED"],
    code: "unavailable",
  },
  { codes: ["ETIMEDOUT"], code: "timeout" },
  {
    when: ({ code }) => /^(?:CERT_|ERR_TLS_CERT_|UNABLE_TO_|DEPTH_ZERO_|SELF_SIGNED_)/.test(code),
    code: "bad-answer",
    detail: certificate,
  },
  { when: ({ code }) => /^(?:EPROTO$|ERR_SSL_|HPE_)/.test(code), code: "bad-answer", detail: elsewhere },
  { names: ["RestError"], status: 0, codes: ["PARSE_ERROR", "REQUEST_SEND_ERROR"], code: "unavailable" },
  { names: ["AbortError"], code: "timeout" }, // not by our signal: core has looked at that first; so by the SDK's own timer

  // Ourselves: what credentials throw. Theirs can carry the status of an answer that no vault gave.
  {
    names: ["AuthenticationError", "AuthenticationRequiredError", "AggregateAuthenticationError", "CredentialUnavailableError"],
    // MSAL's words; the second is for authorities that it does not know by heart.
    when: ({ message, status }) => /\b(?:network_error|endpoints_resolution_error)\b/.test(message) || status >= 500,
    code: "unavailable",
    detail: "Microsoft Entra ID, which gives our tokens, does not answer",
  },
  { names: ["AuthenticationError"], status: 429, code: "throttled" },
  {
    names: ["AuthenticationError", "AuthenticationRequiredError", "AggregateAuthenticationError", "CredentialUnavailableError"],
    code: "credentials",
    detail: "no credential gave a token",
  },
  {
    codes: ["ERR_MODULE_NOT_FOUND", "MODULE_NOT_FOUND"],
    when: ({ message }) => /^Cannot find (?:package|module) '@azure\/identity'/.test(message),
    code: "adapter-missing",
    detail: 'run "npm install @azure/identity", or give a credential',
  },
  {
    codes: ["ERR_MODULE_NOT_FOUND", "MODULE_NOT_FOUND"],
    when: ({ message }) => /^Cannot find (?:package|module) '@azure\/keyvault-keys'/.test(message),
    code: "adapter-missing",
    detail: 'run "npm install @azure/keyvault-keys"',
  },

  // Load and failure, whatever the body says.
  { status: 429, code: "throttled", detail: "the transaction limit of the vault, or of its subscription, is used up" },
  { status: 408, code: "timeout" },
  { when: ({ status }) => status >= 500, code: "unavailable" },
  {
    status: 401,
    when: ({ message }) => message.includes("AKV10032"),
    code: "credentials",
    detail: "the vault belongs to another tenant than our token: set tenantId for this key",
  },
  { status: 401, code: "credentials", detail: token },
  { names: unreadable, code: "bad-answer", detail: elsewhere },

  // The key.
  {
    status: 404,
    code: "key-not-found",
    ambiguous: true,
    detail: "check the vault, the key's name and its version; a deleted key is told apart only with permission to read it",
  },
  {
    status: 403,
    innerCodes: ["KeyDisabled"],
    code: "key-disabled",
    detail: "the key's owner must enable it (az keyvault key set-attributes --enabled true)",
  },
  { status: 403, when: ({ message }) => /\bdisabled key\b/i.test(message), code: "key-disabled", ambiguous: true },
  {
    status: 403,
    innerCodes: ["ForbiddenByFirewall", "ForbiddenByConnection"],
    code: "access-denied",
    detail: "the vault's firewall does not let us in: its owner must allow our addresses or approve our private endpoint",
  },
  {
    status: 403,
    innerCodes: ["ForbiddenByPolicy", "ForbiddenByRbac", "AccessDenied"],
    code: "access-denied",
    detail: missingGrant,
  },
  {
    status: 403,
    innerCodes: ["KeyExpired", "KeyNotYetValidOrExpired"],
    code: "key-expired",
    ambiguous: true,
  },
  { status: 403, innerCodes: ["KeyNotYetValid"], code: "key-not-yet-valid", ambiguous: true },
  { status: 403, when: ({ message }) => /\bexpired\b/i.test(message), code: "key-expired", ambiguous: true },
  { status: 403, when: ({ message }) => /\bnot yet valid\b/i.test(message), code: "key-not-yet-valid", ambiguous: true },
  {
    // A customer who takes the operation off the key has denied it: it must not pass for a mistake of ours.
    status: 403,
    when: ({ innerCode, message }) => innerCode === "KeyOperationForbidden" || /not permitted on this key/i.test(message),
    code: "access-denied",
    ambiguous: true,
    detail: missingKeyOperation,
  },
  {
    status: 403,
    code: "access-denied",
    ambiguous: true,
    detail: missingGrant,
  },
  {
    status: 409,
    innerCodes: ["ObjectIsDeletedButRecoverable", "ObjectIsBeingDeleted"],
    code: "key-pending-deletion",
    ambiguous: true,
    detail: deletion,
  },
  { status: 409, code: "unavailable", ambiguous: true, detail: "the key is being changed" },

  // A cloud that is behind the SDK says so of every request: nothing in it is about the key or the ciphertext.
  {
    status: 400,
    codes: ["BadParameter"],
    when: ({ message }) => /\bspecified version \([^)]*\) is not recognized\b/i.test(message),
    code: "unsupported",
    detail: "this cloud does not know the API version of the installed SDK: give a client with an older serviceVersion",
  },

  // The request. On unwrap it can be nothing but the ciphertext: the identifier and the version have passed our grammar, and
  // the algorithm is a constant.
  { status: 400, operations: ["unwrap"], codes: ["BadParameter"], code: "decrypt-failed" },
  { status: 400, operations: ["unwrap"], code: "decrypt-failed", ambiguous: true },
  {
    status: 400,
    operations: ["wrap", "generateDataKey"],
    code: "wrong-key-type",
    ambiguous: true,
    detail: "expected an oct-HSM key of 256 bits, which can do A256GCM",
  },
  { status: 400, code: "invalid-resource", detail: "the service does not take the identifier" },

  // Answers that cannot be right. The last two are the SDK's words, for clients that were injected.
  { when: ({ status }) => status >= 200 && status < 400, code: "bad-answer", detail: elsewhere },
  {
    names: ["TypeError"],
    when: ({ message }) => /\(reading '(?:error|kid|key)'\)/.test(message),
    code: "bad-answer",
    detail: elsewhere,
  },
  {
    names: ["Error"],
    when: ({ message }) => /^The (?:challenge|request URL)\b/.test(message),
    code: "bad-answer",
    detail: "the vault's challenge was refused; no token was sent",
  },
];
