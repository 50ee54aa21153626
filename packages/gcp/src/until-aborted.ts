/** Waits for `work`, but not after `signal` has aborted: not every version of the SDK ends a call then. */
export async function untilAborted<T>(work: Promise<T>, signal: AbortSignal): Promise<T> {
  const aborted = new Promise<never>((_resolve, reject) => {
    const give = (): void => reject(new Error("the call was aborted"));
    if (signal.aborted) give();
    else signal.addEventListener("abort", give, { once: true });
  });
  return Promise.race([work, aborted]);
}
