import { syncBuiltinESMExports } from "node:module";
import timers from "node:timers/promises";
import { onTestFinished, vi } from "vitest";

/** Until the test has ended no timer runs by itself, whoever set it. @returns Lets so many milliseconds pass. */
export function stopTimers(): (ms: number) => Promise<void> {
  vi.useFakeTimers({ toFake: ["setTimeout", "clearTimeout", "setInterval", "clearInterval"] });
  // Vitest leaves those that are promises alone.
  const spy = vi.spyOn(timers, "setTimeout").mockImplementation(async (ms, value, options) => {
    const { signal } = options ?? {};
    return new Promise((resolve, reject) => {
      signal?.throwIfAborted();
      const timer = setTimeout(resolve, ms, value);
      const abort = (): void => {
        clearTimeout(timer);
        reject(new Error("aborted"));
      };
      signal?.addEventListener("abort", abort, { once: true });
    });
  });
  syncBuiltinESMExports();
  onTestFinished(() => {
    spy.mockRestore();
    syncBuiltinESMExports();
    vi.useRealTimers();
  });
  return async (ms) => void (await vi.advanceTimersByTimeAsync(ms));
}
