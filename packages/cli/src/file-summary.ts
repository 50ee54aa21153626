import { adviceFor, describeRow } from "./bad-rows.ts";
import type { RunReport } from "./file-run.ts";

/** What a run did, in one line; before it, the rows that were left out. */
export function fileSummary({ job, tally, use, ms, madeRecordKey }: RunReport): string {
  const did = job.operation === "seal" ? "sealed" : "opened";
  const rows = counted(tally.rows - tally.leftOut, "row");
  const asked = `under ${counted(use.dataKeys.length, "data key")}, ${counted(use.kmsRequests, "KMS request")}`;
  const seconds = `${(ms / 1000).toFixed(1)} s`;
  const left = tally.leftOut === 0 ? "" : `; ${counted(tally.leftOut, "row")} left out`;
  const line = `${did} ${rows} (${counted(tally.values, "value")}) in ${seconds} ${asked}${left}; keys: ${job.keysFile.name}\n`;
  return `${leftOutRows({ job, tally })}${madeNotice(madeRecordKey)}${line}`;
}

/** The same as one line of JSON. */
export function fileSummaryJson({ job, tally, use, ms, madeRecordKey }: RunReport): string {
  const summary = {
    operation: job.operation,
    rows: tally.rows - tally.leftOut,
    values: tally.values,
    leftOut: tally.leftOut,
    firstLeftOut: tally.named.map(({ row, line, reason, code }) => ({ row: row + 1, line: line + 1, reason, code })),
    ms: Math.round(ms),
    dataKeys: use.dataKeys.length,
    kmsRequests: use.kmsRequests,
    keys: job.keysFile.name,
    madeRecordKey: madeRecordKey ?? null,
  };
  return `${JSON.stringify(summary)}\n`;
}

function leftOutRows({ job, tally }: Pick<RunReport, "job" | "tally">): string {
  const [first] = tally.named;
  if (first === undefined) return "";
  const more = tally.leftOut - tally.named.length;
  const advice = first.code === undefined ? [] : [adviceFor(first, job)];
  return [...tally.named.map(describeRow), ...(more === 0 ? [] : [`and ${counted(more, "row")} more`]), ...advice, ""].join("\n");
}

function madeNotice(path: string | undefined): string {
  return path === undefined ? "" : `made the record key ${path}: keep it apart from the data; nothing opens without it\n`;
}

function counted(count: number, what: string): string {
  return `${count.toLocaleString("en-US")} ${what}${count === 1 ? "" : "s"}`;
}
