/** Why a command ended without doing what it was asked: `refused` exits with 1, `bad-usage` with 2. */
export type CliErrorCode = "refused" | "bad-usage";

/**
 * An error whose message is meant for the person at the terminal: one line that says what happened and, where there is
 * something to do, a second one that says what.
 */
export class CliError extends Error {
  readonly code: CliErrorCode;

  constructor(code: CliErrorCode, what: string, next?: string) {
    super(next === undefined ? what : `${what}\n${next}`);
    this.name = "CliError";
    this.code = code;
  }
}

/** The `code` of an error of the operating system or of Node, such as `ENOENT`. */
export function errorCode(error: unknown): string | undefined {
  return error instanceof Error && "code" in error && typeof error.code === "string" ? error.code : undefined;
}

/** The same for a message, which the error's own words would fill with paths and calls. */
export function reasonOf(error: unknown): string {
  return errorCode(error) ?? "for a reason that is not known";
}
