import { camelCase } from "./field-name.ts";
import { textOf } from "./input.ts";
import type { Message } from "./message-shape.ts";
import { refusals } from "./rpc-error.ts";

// A page is at most this long, and this long when the caller does not say (List*Request.page_size).
const maxPageSize = 1000;

const filterPattern = /^\s*(?<field>[A-Za-z_.]+)\s*(?<operator>=|:|!=)\s*"?(?<value>[\w./-]+)"?\s*$/;

function fieldAt(item: object, path: string): unknown {
  return path.split(".").reduce<unknown>((value, part) => {
    return typeof value === "object" && value !== null ? (value as Message)[camelCase(part)] : undefined;
  }, item);
}

/** Of the filters (https://cloud.google.com/kms/docs/sorting-and-filtering) the comparisons of one field: `state=ENABLED`. */
function filtered(items: readonly object[], filter: string): readonly object[] {
  if (filter.trim() === "") return items;
  const terms = filter.split(/\s+AND\s+/).map((term) => filterPattern.exec(term)?.groups);
  return items.filter((item) =>
    terms.every((term) => {
      if (term === undefined) throw refusals.invalid(`The filter is not emulated: ${filter}`);
      const { field = "", operator, value = "" } = term;
      const given = fieldAt(item, field);
      const found = typeof given === "string" ? given : "";
      if (operator === ":") return found.includes(value);
      return (found === value) === (operator === "=");
    }),
  );
}

/** One page of a list, as every list request asks for it. */
export function listPage(input: Message, name: string, all: readonly object[]): object {
  if (textOf(input, "orderBy") !== "") throw refusals.invalid("order_by is not emulated.");
  const items = filtered(all, textOf(input, "filter"));
  const { pageSize = 0 } = input;
  if (typeof pageSize !== "number" || pageSize < 0) throw refusals.invalid("The page_size must not be negative.");
  const token = textOf(input, "pageToken");
  const start = token === "" ? 0 : Number(token);
  if (!Number.isSafeInteger(start) || start < 0 || start > items.length) throw refusals.invalid("The page_token is invalid.");
  const end = start + Math.min(pageSize === 0 ? maxPageSize : pageSize, maxPageSize);
  return {
    ...(items.length === 0 ? {} : { [name]: items.slice(start, end) }),
    ...(end < items.length ? { nextPageToken: String(end) } : {}),
    ...(items.length === 0 ? {} : { totalSize: items.length }),
  };
}
