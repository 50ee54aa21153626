import type { AzureAbortSignal } from "./azure-client.ts";

/** What was asked for, or an `AbortError` when the signal comes first: for functions that do not look at it themselves. */
export async function untilAborted<T>(asked: Promise<T>, signal: AzureAbortSignal | undefined): Promise<T> {
  if (signal === undefined) return asked;
  return new Promise((resolve, reject) => {
    const abort = (): void => reject(new DOMException("the call has ended", "AbortError"));
    if (signal.aborted) abort();
    signal.addEventListener("abort", abort);
    void asked.then(resolve, reject).finally(() => signal.removeEventListener("abort", abort));
  });
}
