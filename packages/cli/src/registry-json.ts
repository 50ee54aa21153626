import type { Io } from "./deps.ts";

/** Prints JSON for people and programs: what a terminal would obey or hide is escaped, as JSON allows. */
export function printJson(value: unknown, io: Io): void {
  io.stdout(`${visibleJson(value)}\n`);
}

function visibleJson(value: unknown): string {
  // Line feeds are those of the layout: within strings JSON.stringify has escaped them.
  return JSON.stringify(value, null, 2).replaceAll(/[\p{Cc}\p{Cf}\u2028\u2029]/gu, (found) =>
    found === "\n" ? found : escaped(found),
  );
}

function escaped(text: string): string {
  return Array.from({ length: text.length }, (_, at) => `\\u${text.charCodeAt(at).toString(16).padStart(4, "0")}`).join("");
}
