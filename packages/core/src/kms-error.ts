/**
 * Every code that a {@link KmsError} can carry, with its HTTP status, whether the same call may work later, and its words.
 * 400: the caller must mend. 422: the customer must mend. 503: nobody, try later. 500: the operator must mend.
 */
const errorTable = {
  "invalid-resource": { httpStatus: 400, retryable: false, words: "the key identifier is not valid" },
  "adapter-missing": { httpStatus: 400, retryable: false, words: "no adapter is installed for this provider" },
  unsupported: { httpStatus: 400, retryable: false, words: "this is not supported" },
  "wrong-key-type": { httpStatus: 400, retryable: false, words: "the key is of a kind that cannot do this" },
  "wrong-key-size": { httpStatus: 400, retryable: false, words: "the key has a size that is not supported" },
  malformed: { httpStatus: 400, retryable: false, words: "the input is malformed" },
  "not-encrypted": { httpStatus: 400, retryable: false, words: "the value is not encrypted" },
  "key-not-found": { httpStatus: 422, retryable: false, words: "the key does not exist, or is not visible to us" },
  "access-denied": { httpStatus: 422, retryable: false, words: "we are not permitted to use the key" },
  "key-disabled": { httpStatus: 422, retryable: false, words: "the key is disabled" },
  "key-pending-deletion": { httpStatus: 422, retryable: false, words: "the key is scheduled for deletion" },
  "key-pending-import": { httpStatus: 422, retryable: false, words: "the key has no key material at present" },
  "key-destroyed": { httpStatus: 422, retryable: false, words: "the key has been destroyed" },
  "key-expired": { httpStatus: 422, retryable: false, words: "the key has expired" },
  "key-not-yet-valid": { httpStatus: 422, retryable: false, words: "the key is not valid yet" },
  "key-retired": { httpStatus: 422, retryable: false, words: "the key is no longer used for new data" },
  "key-removed": { httpStatus: 422, retryable: false, words: "no key that could open this is accepted any more" },
  "no-default-key": { httpStatus: 422, retryable: false, words: "no key is set for new data" },
  "unknown-data-key": { httpStatus: 422, retryable: false, words: "the data key is not in the store" },
  "data-key-expired": { httpStatus: 422, retryable: false, words: "the data key may no longer be used" },
  "decrypt-failed": { httpStatus: 422, retryable: false, words: "decryption failed" },
  throttled: { httpStatus: 503, retryable: true, words: "the KMS asks us to slow down" },
  timeout: { httpStatus: 503, retryable: true, words: "the KMS did not answer in time" },
  unavailable: { httpStatus: 503, retryable: true, words: "the KMS is not available, or cannot be reached" },
  "bad-answer": { httpStatus: 503, retryable: false, words: "the KMS gave an answer that cannot be trusted" },
  aborted: { httpStatus: 503, retryable: false, words: "the caller aborted" },
  credentials: { httpStatus: 500, retryable: false, words: "our own credentials for the cloud are missing, wrong or expired" },
  unknown: { httpStatus: 500, retryable: false, words: "the KMS failed in a way that is not known" },
} as const;

/** The closed set of error codes: the same word in TypeScript, HTTP bodies, the CLI and logs. @see docs/errors.md */
export type KmsErrorCode = keyof typeof errorTable;

/** All codes, for tables and tests. */
export const kmsErrorCodes: readonly KmsErrorCode[] = Object.keys(errorTable) as KmsErrorCode[];

/** What a {@link KmsError} can say beside its code. Nothing here may hold plaintext, key bytes, tokens or a cloud's own words. */
export interface KmsErrorDetails {
  /** What was wrong or what to do, in our words; the code's own words go before it. */
  readonly detail?: string;
  readonly provider?: string;
  /** The cloud's id of the request, for its support. */
  readonly requestId?: string;
  /** The name of the encrypted field that it is about. */
  readonly field?: string;
  /** The original error. Kept for a debugger; left out of `toJSON` and `inspect`, because clouds name roles and echo requests. */
  readonly cause?: unknown;
}

const mark = Symbol.for("cmkit.KmsError");
/** What `util.inspect` and `console` look for; importing `node:util` for it would slow every start. */
const customInspect = Symbol.for("nodejs.util.inspect.custom");

/**
 * The one error of keys and ciphertexts. Branch on `code`; `message` is for people and may change.
 *
 * Recognise it with {@link isKmsError}, which also works when two copies of this package are loaded.
 * @see docs/errors.md for what each code means and what to do
 */
export class KmsError extends Error {
  readonly code: KmsErrorCode;
  /** The same call may work later, unchanged. */
  readonly retryable: boolean;
  /** What an HTTP handler should answer with. */
  readonly httpStatus: number;
  readonly provider: string | undefined;
  readonly requestId: string | undefined;
  /** The encrypted field that it is about, where it is about one: `email`, `address.street`. */
  readonly field: string | undefined;
  readonly #cause: unknown;

  constructor(code: KmsErrorCode, details: KmsErrorDetails = {}) {
    const { httpStatus, retryable, words } = errorTable[code];
    const text = details.detail === undefined ? words : `${words}: ${details.detail}`;
    super(details.provider === undefined ? text : `${details.provider}: ${text}`);
    this.#cause = details.cause;
    this.name = "KmsError";
    this.code = code;
    this.retryable = retryable;
    this.httpStatus = httpStatus;
    this.provider = details.provider;
    this.requestId = details.requestId;
    this.field = details.field;
    Object.defineProperty(this, mark, { value: true });
    Object.defineProperty(this, customInspect, { value: () => this.stack });
  }

  /** The original error, for a debugger. Not an own property: Node would print it, with the cloud's words, when a process crashes. */
  override get cause(): unknown {
    return #cause in this ? this.#cause : undefined;
  }

  /** Everything but the cause. */
  toJSON(): {
    name: string;
    code: KmsErrorCode;
    message: string;
    retryable: boolean;
    httpStatus: number;
    provider?: string;
    requestId?: string;
    field?: string;
  } {
    const { name, code, message, retryable, httpStatus, provider, requestId, field } = this;
    return {
      name,
      code,
      message,
      retryable,
      httpStatus,
      ...(provider === undefined ? {} : { provider }),
      ...(requestId === undefined ? {} : { requestId }),
      ...(field === undefined ? {} : { field }),
    };
  }
}

/** Whether `error` is a {@link KmsError}, of this or of another loaded copy of the package. */
export function isKmsError(error: unknown): error is KmsError {
  return typeof error === "object" && error !== null && mark in error;
}

/** The same error, saying which field of which row it is about. @param where Such as ` of row "42"`. */
export function aboutField(error: KmsError, field: string, where: string): KmsError {
  const { code, provider, requestId } = error;
  const start = `${provider === undefined ? "" : `${provider}: `}${errorTable[code].words}: `;
  const before = error.message.startsWith(start) ? `: ${error.message.slice(start.length)}` : "";
  const ids = { ...(provider === undefined ? {} : { provider }), ...(requestId === undefined ? {} : { requestId }) };
  return new KmsError(code, { ...ids, field, detail: `field ${field}${where}${before}`, cause: error });
}
