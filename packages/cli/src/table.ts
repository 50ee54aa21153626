import Table from "cli-table3";

import { printable } from "./printable.ts";

const borderless = {
  top: "",
  "top-mid": "",
  "top-left": "",
  "top-right": "",
  bottom: "",
  "bottom-mid": "",
  "bottom-left": "",
  "bottom-right": "",
  left: "",
  "left-mid": "",
  mid: "",
  "mid-mid": "",
  right: "",
  "right-mid": "",
  middle: "  ",
};

/** Rows in aligned columns, without colours or borders: easy to read, to search and to cut. Ends with a line end. */
export function table(rows: readonly (readonly string[])[]): string {
  const lines = new Table({ chars: borderless, style: { "padding-left": 0, "padding-right": 0, head: [], border: [] } });
  lines.push(...rows.map((row) => row.map(printable)));
  return `${lines
    .toString()
    .split("\n")
    .map((line) => line.trimEnd())
    .join("\n")}\n`;
}
