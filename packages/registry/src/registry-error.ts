/** Every code that a {@link RegistryError} can carry, with its HTTP status and its words. */
const errorTable = {
  "invalid-request": { httpStatus: 400, words: "the request is not valid" },
  unauthenticated: { httpStatus: 401, words: "the token is missing, wrong, expired or revoked" },
  forbidden: { httpStatus: 403, words: "the token does not permit this" },
  "not-found": { httpStatus: 404, words: "there is no such thing here" },
  "already-exists": { httpStatus: 409, words: "it already exists" },
  "in-use": { httpStatus: 409, words: "it is still in use" },
  "too-large": { httpStatus: 413, words: "the request is too large" },
  "bad-record": { httpStatus: 500, words: "the store holds a row that does not carry the operator's tag" },
  "store-unavailable": { httpStatus: 503, words: "the store is not available" },
} as const;

/** The closed set of the registry's own codes; what concerns a key is a `KmsError`. @see docs/errors.md */
export type RegistryErrorCode = keyof typeof errorTable;

/** All codes, for tables and tests. */
export const registryErrorCodes: readonly RegistryErrorCode[] = Object.keys(errorTable) as RegistryErrorCode[];

const mark = Symbol.for("cmkit.RegistryError");
/** What `util.inspect` and `console` look for. */
const customInspect = Symbol.for("nodejs.util.inspect.custom");

/** The one error of the registry's rules, store and tokens. Branch on `code`; `message` is for people and may change. */
export class RegistryError extends Error {
  readonly code: RegistryErrorCode;
  /** What an HTTP handler should answer with. */
  readonly httpStatus: number;
  /** The same call may work later, unchanged. */
  readonly retryable: boolean;
  readonly #cause: unknown;

  /** @param message What was wrong and what to do, whole; default: the code's own words. Never a secret, never a database's words. */
  constructor(code: RegistryErrorCode, message?: string, cause?: unknown) {
    const { httpStatus, words } = errorTable[code];
    super(message ?? words);
    this.#cause = cause;
    this.name = "RegistryError";
    this.code = code;
    this.httpStatus = httpStatus;
    this.retryable = code === "store-unavailable";
    Object.defineProperty(this, mark, { value: true });
    Object.defineProperty(this, customInspect, { value: () => this.stack });
  }

  /** The original error, for a debugger: not printed, since a database names rows and values. */
  override get cause(): unknown {
    return #cause in this ? this.#cause : undefined;
  }

  /** Everything but the cause. */
  toJSON(): { name: string; code: RegistryErrorCode; message: string; httpStatus: number } {
    const { name, code, message, httpStatus } = this;
    return { name, code, message, httpStatus };
  }
}

/** Whether `error` is a {@link RegistryError}, of this or of another loaded copy of the package. */
export function isRegistryError(error: unknown): error is RegistryError {
  return typeof error === "object" && error !== null && mark in error;
}
