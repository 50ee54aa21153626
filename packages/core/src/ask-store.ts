import { isKmsError, KmsError } from "./kms-error.ts";

/** Calls a data-key store, which may be anyone's: what it throws becomes `unavailable`, its text stays in the cause. */
export async function askStore<T>(ask: () => Promise<T>): Promise<T> {
  try {
    return await ask();
  } catch (error) {
    throw isKmsError(error) ? error : new KmsError("unavailable", { detail: "the data-key store failed", cause: error });
  }
}
