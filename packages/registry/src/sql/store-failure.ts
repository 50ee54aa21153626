import { isRegistryError, RegistryError } from "../registry-error.ts";

/** What went wrong below us is `store-unavailable`; what has our words already keeps them. */
export function storeFailure(error: unknown): RegistryError {
  return isRegistryError(error) ? error : new RegistryError("store-unavailable", undefined, error);
}

/**
 * Text that both engines keep as it is: PostgreSQL has no NUL, and a half surrogate would become another character, so that
 * two names were one.
 * @throws {RegistryError} `invalid-request`
 */
export function checkParameters(parameters: readonly unknown[]): void {
  for (const value of parameters) {
    if (Array.isArray(value)) checkParameters(value);
    else if (typeof value === "string" && (!value.isWellFormed() || value.includes("\0"))) {
      throw new RegistryError("invalid-request", "expected well-formed text without NUL");
    }
  }
}
