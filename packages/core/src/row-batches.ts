import type { Clock } from "./clock.ts";
import { refuseAborted } from "./envelope.ts";
import { untilDeadline, type CallOptions } from "./limit.ts";
import { settledValue } from "./settled.ts";

/** Does the work for some rows, one result each and in order. It rejects only for what is wrong with all of them. */
export type RowWork<T> = (rows: readonly unknown[], limits: CallOptions) => Promise<readonly PromiseSettledResult<T>[]>;

// Few enough that other requests of the process are served in between, many enough to wait for data keys together.
const rowsAtOnce = 64;

/** One row. */
export async function oneRow<T>(row: unknown, options: CallOptions, clock: Clock, work: RowWork<T>): Promise<T> {
  refuseAborted(options);
  const [result] = await work([row], untilDeadline(options, clock));
  return settledValue(result as PromiseSettledResult<T>);
}

/** All rows or none. */
export async function allRows<T>(rows: readonly unknown[], options: CallOptions, clock: Clock, work: RowWork<T>): Promise<T[]> {
  const values: T[] = [];
  for await (const results of batches(rows, options, clock, work))
    for (const result of results) values.push(settledValue(result));
  return values;
}

/** Each row by itself. */
export async function eachRow<T>(
  rows: readonly unknown[],
  options: CallOptions,
  clock: Clock,
  work: RowWork<T>,
): Promise<PromiseSettledResult<T>[]> {
  const settled: PromiseSettledResult<T>[] = [];
  for await (const results of batches(rows, options, clock, work)) settled.push(...results);
  return settled;
}

async function* batches<T>(
  rows: readonly unknown[],
  options: CallOptions,
  clock: Clock,
  work: RowWork<T>,
): AsyncGenerator<readonly PromiseSettledResult<T>[]> {
  if (!Array.isArray(rows)) throw new TypeError("expected an array of rows");
  const own = Array.from<unknown>(rows); // the caller's may grow or shrink while we wait; holes become rows, and are refused
  const limits = untilDeadline(options, clock);
  for (let from = 0; from < own.length; from += rowsAtOnce) {
    if (from > 0) await othersTurn();
    refuseAborted(options);
    const results = await work(own.slice(from, from + rowsAtOnce), limits);
    refuseAborted(options); // else the last rows alone would say so each
    yield results;
  }
}

async function othersTurn(): Promise<void> {
  return new Promise((resolve) => void setImmediate(resolve));
}
