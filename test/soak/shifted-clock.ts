// Loaded before anything else (`node --import`): a wall clock that can be set, as somebody sets a machine's. `performance.now()`
// and timers go on as they did, as the machine's monotonic clock does.
const Real = Date;
let offsetMs = 0;

/** Sets this process's wall clock so far from the machine's. */
export function shiftClock(ms: number): void {
  offsetMs = ms;
}

const now = (): number => Real.now() + offsetMs;

globalThis.Date = new Proxy(Real, {
  construct: (target, args, newTarget) =>
    Reflect.construct(target, args.length === 0 ? [now()] : args, newTarget === Date ? target : newTarget) as Date,
  apply: () => new Real(now()).toString(),
  get: (target, name, receiver) => (name === "now" ? now : (Reflect.get(target, name, receiver) as unknown)),
});

process.on("message", (message: { readonly offsetMs: number }) => {
  shiftClock(message.offsetMs);
  process.send?.("shifted");
});
process.channel?.unref();
