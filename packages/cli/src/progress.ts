import { SingleBar } from "cli-progress";

/** How far a file has come, for whoever watches. */
export interface Progress {
  /** So many bytes more were read. */
  read(bytes: number): void;
  /** So many rows are done, all together. */
  rows(count: number): void;
  stop(): void;
}

/** A bar on the terminal; a count of rows where the size is not known; nothing where nobody watches. */
export function progressOn(terminal: NodeJS.WritableStream | undefined, size: number | undefined): Progress {
  if (terminal === undefined) return { read: () => {}, rows: () => {}, stop: () => {} };
  const known = size !== undefined && size > 0;
  const format = known ? "[{bar}] {percentage}%  {rows} rows  {eta_formatted} left" : "{rows} rows";
  const bar = new SingleBar({ stream: terminal, format, barsize: 30, clearOnComplete: true, hideCursor: false });
  bar.start(known ? size : 1, 0, { rows: "0" });
  return {
    read: (bytes) => (known ? bar.increment(bytes) : undefined),
    rows: (count) => bar.update({ rows: count.toLocaleString("en-US") }),
    stop: () => bar.stop(),
  };
}
