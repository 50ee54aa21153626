import type { DataKeyFileRewrap, KmsErrorCode } from "@cmkit/core";

import { ruledTable } from "./cmks-tables.ts";
import { printable } from "./printable.ts";
import { adviceOnFile } from "./rewrap-file-advice.ts";
import type { FileRewrapOptions } from "./rewrap-options.ts";

const namedIds = 100;

/** What a rewrap of a file did, in the words of the registry's. */
export interface FileRewrapResult {
  readonly keys: string;
  readonly from: string;
  readonly to: string;
  readonly state: "done" | "partial";
  readonly dry_run: boolean;
  readonly data_keys: number;
  /** With `dry_run`: how many would be. */
  readonly rewrapped: number;
  readonly already: number;
  readonly elsewhere: number;
  readonly failed: readonly { readonly code: KmsErrorCode; readonly count: number }[];
  readonly failed_ids: readonly string[];
  /** Which may have held another data key. */
  readonly damaged_line: number | null;
}

export function fileRewrapResult(report: DataKeyFileRewrap, options: FileRewrapOptions): FileRewrapResult {
  const { keys, from, to = from, dryRun = false } = options;
  const counts = new Map<KmsErrorCode, number>();
  for (const { code } of report.failed) counts.set(code, (counts.get(code) ?? 0) + 1);
  return {
    keys,
    from,
    to,
    state: report.failed.length === 0 && report.damagedLine === undefined ? "done" : "partial",
    dry_run: dryRun,
    data_keys: report.dataKeys,
    rewrapped: report.rewrapped,
    already: report.already,
    elsewhere: report.elsewhere,
    failed: [...counts].map(([code, count]) => ({ code, count })),
    failed_ids: report.failed.slice(0, namedIds).map(({ id }) => id),
    damaged_line: report.damagedLine ?? null,
  };
}

/** The same for people, with what to do next. */
export function fileRewrapSummary(result: FileRewrapResult): string {
  return printed([doneLine(result), elsewhereLine(result), damageLine(result), failureText(result), nextLine(result)]);
}

function doneLine({ rewrapped, already, from, to, state, dry_run: dryRun }: FileRewrapResult): string {
  const way = from === to ? `to the current version of ${to}` : `from ${from} to ${to}`;
  const before = already === 0 ? "" : `; ${counted(already)} ${are(already)} there already`;
  if (dryRun) return `${dataKeys(rewrapped)} would be rewrapped ${way}${before}. Nothing was changed.`;
  return `${state}: ${dataKeys(rewrapped)} rewrapped ${way}${before}.`;
}

/** One key may have many names, and only those under the given one are found. */
function elsewhereLine({ elsewhere, keys, from }: FileRewrapResult): string {
  if (elsewhere === 0) return "";
  const stays = elsewhere === 1 ? "stays as it is" : "stay as they are";
  return `${dataKeys(elsewhere)} of ${keys} ${are(elsewhere)} under other keys, or under other names of ${from}, such as one with a version, and ${stays}.`;
}

function damageLine({ damaged_line: line, keys }: FileRewrapResult): string {
  return line === null ? "" : `Line ${line} of ${keys} is damaged and may have held another one: restore it from a backup.`;
}

function failureText({ failed, failed_ids: ids, dry_run: dryRun }: FileRewrapResult): string {
  const all = failed.reduce((sum, { count }) => sum + count, 0);
  if (all === 0) return "";
  const rows = failed.map(({ code, count }) => [code, counted(count)]);
  const head = all > ids.length ? `The first ${ids.length} of them, by their ids in the file:` : "Their ids in the file:";
  const advice = failed.map(({ code }) => `${code}: ${adviceOnFile(code)}`);
  return [
    `${dataKeys(all)} ${dryRun ? "would fail" : "failed"} and ${all === 1 ? "stays" : "stay"} as before:`,
    "",
    ruledTable(["code", "data keys"], rows),
    head,
    ...ids.map((id) => `  ${id}`),
    "",
    ...advice,
  ].join("\n");
}

function nextLine({ state, from, to, dry_run: dryRun, keys, elsewhere, rewrapped, already }: FileRewrapResult): string {
  if (dryRun) return "";
  if (state === "partial") return "Then run this again: it goes on with what is left.";
  if (elsewhere > 0 && rewrapped + already === 0) return `Nothing was moved: is ${from} the key that they were sealed under?`;
  if (from === to) return "";
  const [provider, resource] = [to.slice(0, to.indexOf(":")), to.slice(to.indexOf(":") + 1)];
  const left = elsewhere === 0 ? `under ${from}` : `under the name ${from}; those under other names may still need that key`;
  return `No data key of ${keys} is left ${left}. Seal and open with --provider ${provider} --resource ${resource} from now on.`;
}

function printed(parts: readonly string[]): string {
  const lines = parts.filter((part) => part !== "").flatMap((part) => part.split("\n"));
  return lines.map((line) => `${printable(line)}\n`).join("");
}

function are(count: number): string {
  return count === 1 ? "is" : "are";
}

function dataKeys(count: number): string {
  return `${counted(count)} data key${count === 1 ? "" : "s"}`;
}

function counted(count: number): string {
  return count.toLocaleString("en-US");
}
