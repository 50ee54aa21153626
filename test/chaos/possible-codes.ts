import type { RunPlan } from "./run-plan.ts";

/** What processes may be told in a run: the codes of what was done to them, and no others. */
export function checkCodes(codes: ReadonlyMap<string, number>, plan: RunPlan): readonly string[] {
  const happened = (...names: readonly string[]): boolean => plan.events.some(({ what }) => names.includes(what));
  const disabled = happened("disable the source", "disable the target") ? ["key-disabled"] : [];
  const { throttled, unavailable, wrong } = plan.weather;
  const cloud = [
    ...(throttled > 0 || happened("throttle hard") ? ["throttled"] : []),
    ...(unavailable > 0 ? ["unavailable"] : []),
    ...(wrong > 0 ? ["decrypt-failed", "bad-answer", "key-not-found", "malformed"] : []),
  ];
  const retired = plan.hasRival ? ["key-retired", "invalid-request"] : [];
  const store = ["store-unavailable", "unavailable", "timeout"];
  const ended = happened("end a worker") ? ["aborted"] : [];
  const ofWorkers = new Set([...ended, ...disabled, ...cloud, ...retired, ...store]);
  // Emulators are everybody's cloud; the other one errs for workers alone.
  const ofWriters = new Set([...disabled, ...store, ...(plan.clouds === "emulated" ? cloud : [])]);
  return [...codes].flatMap(([name, count]) => {
    const [who = "", ...words] = name.split(" ");
    const code = words.at(-1) ?? "";
    if (who === "worker")
      return ofWorkers.has(code) || code === "partial" ? [] : [`a worker was told ${words.join(" ")}, ${count} times`];
    return ofWriters.has(code) ? [] : [`whoever wanted to ${who} was told ${code}, ${count} times`];
  });
}
