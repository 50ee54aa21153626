import { ruledTable } from "./cmks-tables.ts";
import { printable } from "./printable.ts";
import { adviceOnFailure } from "./rewrap-advice.ts";
import { retireCommandLine, rewrapCommandLine } from "./command-line.ts";
import type { RegistryRewrapOptions } from "./rewrap-options.ts";
import type { WireRewrap } from "./rewrap-wire.ts";

/** What a rewrap would do. */
export function dryRunSummary(rewrap: WireRewrap): string {
  return `${dataKeys(rewrap.remaining)} would be rewrapped ${way(rewrap)}. Nothing was changed.\n`;
}

/** What a rewrap did, what is left, and what to do next. */
export function rewrapSummary(rewrap: WireRewrap, options: RegistryRewrapOptions): string {
  return rewrap.state === "done" ? doneText(rewrap, options) : partialText(rewrap, options);
}

function doneText(rewrap: WireRewrap, options: RegistryRewrapOptions): string {
  const { rewrapped, project, from, to } = rewrap;
  const done = rewrapped === 0 ? "done: there was no data key to rewrap" : `done: ${dataKeys(rewrapped)} rewrapped`;
  const left = `No data key of project ${printable(project)} is left under ${from === to ? `an older version of ${to}` : nameOf(from)}.`;
  const isRetirable = from !== to && from !== "operator";
  const next = isRetirable
    ? `To prove it, and to learn when the key may be destroyed: ${printable(retireCommandLine(options, from))}\n`
    : "";
  return `${done} ${way(rewrap)}.\n${left}\n${next}`;
}

function partialText(rewrap: WireRewrap, options: RegistryRewrapOptions): string {
  const { rewrapped, data_keys: all, remaining, failed, stopped } = rewrap;
  const head = `partial: ${counted(rewrapped)} of ${dataKeys(all)} rewrapped ${way(rewrap)}; ${counted(remaining)} left.\n`;
  const untried = remaining - failures(rewrap);
  const codes = failed.length > 0 ? failed.map(({ code }) => code) : stopped === undefined ? [] : [stopped];
  const rows = failed.map(({ code, count }) => [code, counted(count)]);
  const table = rows.length === 0 ? "" : `\n${ruledTable(["code", "data keys"], rows)}`;
  const advice = codes.map((code) => `${code}: ${adviceOnFailure(code)}\n`).join("");
  const goOn = `Then go on: ${printable(rewrapCommandLine(options))}\n`;
  return `${idsText(rewrap)}${head}${whyText(untried, stopped)}${table}\n${advice}${goOn}`;
}

function whyText(untried: number, stopped: string | undefined): string {
  if (stopped !== undefined) {
    const early = untried > 0 ? `, so ${counted(untried)} of them were not tried` : "";
    return `It gave up: in the end everything failed with ${stopped}${early}.\n`;
  }
  return untried <= 0 ? "" : `${counted(untried)} of them were not tried, as all that were tried failed.\n`;
}

function failures({ failed }: WireRewrap): number {
  return failed.reduce((sum, { count }) => sum + count, 0);
}

/** Before all else: a hundred lines would move the reason out of sight. */
function idsText(rewrap: WireRewrap): string {
  const { failed_ids: ids } = rewrap;
  if (ids.length === 0) return "";
  const some = failures(rewrap) > ids.length ? `The first ${ids.length} of the data keys` : "The data keys";
  return `${some} that failed, by their ids:\n${ids.map((id) => `  ${id}\n`).join("")}\n`;
}

function way({ from, to }: WireRewrap): string {
  return from === to ? `to the current version of ${to}` : `from ${nameOf(from)} to ${to}`;
}

function nameOf(from: string): string {
  return from === "operator" ? "the operator's key" : from;
}

function dataKeys(count: number): string {
  return `${counted(count)} data key${count === 1 ? "" : "s"}`;
}

function counted(count: number): string {
  return count.toLocaleString("en-US");
}
