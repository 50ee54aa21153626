import type { Io } from "./deps.ts";

/** Says now and then that somebody is waited for. */
export interface DrillWaiting {
  begin(): void;
  end(): void;
}

const onTerminalMs = 1000;
const inLogMs = 30_000;

/** One line that counts seconds on a terminal; elsewhere a line every half minute. */
export function drillWaiting({ terminal, stderr }: Pick<Io, "terminal" | "stderr">): DrillWaiting {
  let timer: NodeJS.Timeout | undefined;
  return {
    begin() {
      const sinceMs = performance.now();
      const text = (): string => `Waiting for the first refusal: ${Math.round((performance.now() - sinceMs) / 1000)} s`;
      timer =
        terminal === undefined
          ? setInterval(() => stderr(`${text()}\n`), inLogMs)
          : setInterval(() => terminal.write(`\r${text()}`), onTerminalMs);
    },
    end() {
      if (timer === undefined) return;
      clearInterval(timer);
      timer = undefined;
      terminal?.write("\n");
    },
  };
}
