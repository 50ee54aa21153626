import type { Outcome } from "./answer.ts";
import { refusals } from "./service-refusal.ts";

const maxLimit = 1000;

function wholeNumber(value: string | null, name: string, fallback: number): number {
  if (value === null) return fallback;
  if (!/^\d{1,9}$/.test(value)) throw refusals.invalid(`${name} is not valid.`);
  return Number(value);
}

/** One page of a list: `limit` items from the place that `page` of the last answer's `opc-next-page` says. */
export function pageOf(items: readonly object[], query: URLSearchParams): Outcome {
  const limit = wholeNumber(query.get("limit"), "limit", 100);
  if (limit < 1 || limit > maxLimit) throw refusals.invalid(`limit must be from 1 to ${maxLimit}.`);
  const from = wholeNumber(query.get("page"), "page", 0);
  const next = from + limit;
  return {
    body: items.slice(from, next),
    ...(next < items.length ? { headers: { "opc-next-page": String(next) } } : {}),
  };
}
