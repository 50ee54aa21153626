import { isKmsError } from "./kms-error.ts";

/** For `catch`: the store takes no more data keys under a CMK that was current when it was asked for. Whoever asks again gets the one that is now. */
export function ifRetired<T>(again: () => Promise<T>): (error: unknown) => Promise<T> {
  return async (error) => {
    if (isKmsError(error) && error.code === "key-retired") return again();
    throw error;
  };
}
