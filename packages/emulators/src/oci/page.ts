import type { Outcome } from "./answer.ts";
import { refusals } from "./service-refusal.ts";

/** An item of a list, with what lists are sorted by. */
export interface Listed {
  readonly [member: string]: unknown;
  readonly timeCreated: string;
  readonly displayName?: string;
}

const maxLimit = 1000;

function wholeNumber(value: string | null, name: string, fallback: number): number {
  if (value === null) return fallback;
  if (!/^\d{1,9}$/.test(value)) throw refusals.invalid(`${name} is not valid.`);
  return Number(value);
}

function choice(value: string | null, name: string, words: readonly string[]): string | undefined {
  if (value !== null && !words.includes(value)) throw refusals.invalid(`${name} must be one of ${words.join(", ")}.`);
  return value ?? undefined;
}

// Latest first when sorted by time, from A to Z when by name (ListKeys, API reference).
function sorted<T extends Listed>(items: readonly T[], query: URLSearchParams): readonly T[] {
  const by = choice(query.get("sortBy"), "sortBy", ["TIMECREATED", "DISPLAYNAME"]) ?? "TIMECREATED";
  const order = choice(query.get("sortOrder"), "sortOrder", ["ASC", "DESC"]) ?? (by === "TIMECREATED" ? "DESC" : "ASC");
  const fieldOf = (item: T): string => (by === "TIMECREATED" ? item.timeCreated : (item.displayName ?? ""));
  const ascending = items.toSorted((one, other) => (fieldOf(one) < fieldOf(other) ? -1 : Number(fieldOf(one) > fieldOf(other))));
  return order === "ASC" ? ascending : ascending.toReversed();
}

/** One page of a list: `limit` items from the place that the last answer's `opc-next-page` gave as `page`. */
export function pageOf(items: readonly Listed[], query: URLSearchParams): Outcome {
  const limit = wholeNumber(query.get("limit"), "limit", 100);
  if (limit < 1 || limit > maxLimit) throw refusals.invalid(`limit must be from 1 to ${maxLimit}.`);
  const from = wholeNumber(query.get("page"), "page", 0);
  const next = from + limit;
  return {
    body: sorted(items, query).slice(from, next),
    ...(next < items.length ? { headers: { "opc-next-page": String(next) } } : {}),
  };
}
