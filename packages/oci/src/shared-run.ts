/**
 * Runs one at a time for everybody who asks meanwhile. Whoever gives up waiting lets the next who asks start anew, so that
 * a run that never ends holds up nobody for longer than their own deadline.
 */
export function sharedRun<T>(run: () => Promise<T>): (signal: AbortSignal) => Promise<T> {
  let running: Promise<T> | undefined;
  return async (signal) => {
    signal.throwIfAborted(); // or nobody would say when this caller gives up
    const mine = (running ??= run());
    const over = (): void => {
      if (running === mine) running = undefined;
    };
    signal.addEventListener("abort", over, { once: true });
    return mine.finally(over);
  };
}
