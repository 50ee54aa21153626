import { once } from "node:events";
import { flushCompileCache } from "node:module";

/** How the cloud behaves at present: the same for all processes of a run, told to each as it changes. */
export interface Weather {
  /** Share of the requests that are refused as too many. */
  readonly throttled: number;
  /** Share of the requests that fail in passing. */
  readonly unavailable: number;
  /** Share of the requests that are answered, and wrongly. */
  readonly wrong: number;
  /** Names of keys that their customer has disabled. */
  readonly disabled: readonly string[];
  /** The version that new wraps are made under, by a key's name. Default 1. */
  readonly versions: Readonly<Record<string, number>>;
  /** What the cloud documents as its limit, requests a second; 0: none. */
  readonly quota: number;
}

export const clear: Weather = { throttled: 0, unavailable: 0, wrong: 0, disabled: [], versions: {}, quota: 0 };

/** Asked for each request. */
export type Forecast = () => Weather;

/**
 * In a process that a run started: says that it is ready, and waits to be told how the cloud is, then and whenever that
 * changes. The process ends with the run that started it.
 */
export async function toldWeather(): Promise<Forecast> {
  let weather = clear;
  const first = once(process, "message");
  process.on("message", (told: Weather) => {
    weather = told;
  });
  process.on("disconnect", () => process.exit(1));
  flushCompileCache(); // the next one starts faster; who is killed writes none
  process.stdout.write(`${JSON.stringify({ kind: "ready" })}\n`);
  await first;
  return () => weather;
}
