import { isKmsError } from "./kms-error.ts";

/** A default that changes more often than this while one data key is made is no accident. */
const maxTimes = 3;

/** For `catch`: the store takes no more data keys under a CMK that was current when it was asked for. Whoever asks again gets the one that is now. */
export function ifRetired<T>(again: () => Promise<T>, times: number = maxTimes): (error: unknown) => Promise<T> {
  return async (error) => {
    if (times > 0 && isKmsError(error) && error.code === "key-retired") return again().catch(ifRetired(again, times - 1));
    throw error;
  };
}
