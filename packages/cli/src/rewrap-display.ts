import { SingleBar } from "cli-progress";

import type { Deps, Io } from "./deps.ts";
import type { WireRewrap } from "./rewrap-wire.ts";

/** Shows how far a rewrap is, for whoever watches. */
export interface RewrapDisplay {
  show(progress: Pick<WireRewrap, "data_keys" | "rewrapped" | "failed">): void;
  /** The registry did not answer. */
  silent(): void;
  stop(): void;
}

const lineEveryMs = 5000;

/** Shows nothing. */
export const noDisplay: RewrapDisplay = { show: () => {}, silent: () => {}, stop: () => {} };

/** A bar on a terminal; elsewhere a line every five seconds. */
export function rewrapDisplay({ terminal, stderr }: Pick<Io, "terminal" | "stderr">, clock: Deps["clock"]): RewrapDisplay {
  return terminal === undefined ? lines(stderr, clock) : onTerminal(terminal);
}

function onTerminal(terminal: NodeJS.WritableStream): RewrapDisplay {
  const format = "[{bar}] {percentage}%  {value} of {total} data keys  {eta_formatted} left{note}";
  const words = { format, formatTime: duration, formatValue };
  const bar = new SingleBar({ stream: terminal, ...words, barsize: 30, clearOnComplete: true, hideCursor: false });
  let isStarted = false;
  return {
    show({ data_keys: dataKeys, rewrapped, failed }) {
      const note = failed.length === 0 ? "" : `  ${failures(failed)}`;
      if (!isStarted) bar.start(Math.max(1, dataKeys), rewrapped, { note });
      else bar.update(rewrapped, { note });
      isStarted = true;
    },
    silent: () => bar.update({ note: "  no answer, trying again" }),
    stop: () => bar.stop(),
  };
}

/** What is not known yet comes as a text. */
function duration(seconds: number): string {
  if (!Number.isFinite(seconds)) return "?";
  if (seconds < 60) return `${Math.ceil(seconds)} s`;
  return seconds < 3600 ? `${Math.ceil(seconds / 60)} min` : `${(seconds / 3600).toFixed(1)} h`;
}

function formatValue(value: number, _options: unknown, type: string): string {
  return type === "value" || type === "total" ? counted(value) : String(value);
}

function lines(write: (text: string) => void, clock: Deps["clock"]): RewrapDisplay {
  let lastMs = clock.monotonicMs();
  const say = (line: string): void => {
    if (clock.monotonicMs() - lastMs < lineEveryMs) return;
    lastMs = clock.monotonicMs();
    write(`${line}\n`);
  };
  return {
    show({ rewrapped, data_keys: dataKeys, failed }) {
      const note = failed.length === 0 ? "" : `; ${failures(failed)}`;
      say(`${counted(rewrapped)} of ${counted(dataKeys)} data keys rewrapped${note}`);
    },
    silent: () => say("no answer, trying again"),
    stop: () => {},
  };
}

/** They may be tried again. */
function failures(failed: WireRewrap["failed"]): string {
  const sum = failed.reduce((all, { count }) => all + count, 0);
  return `${counted(sum)} failed with ${failed.map(({ code }) => code).join(", ")}`;
}

function counted(count: number): string {
  return count.toLocaleString("en-US");
}
