import { stringEnd } from "./json-slots.ts";

const number = /-?\d+(?:\.\d+)?(?:[eE][+-]?\d+)?/y;
const maybeInexact = /[\d.]{16}|[eE]|-0/; // 15 digits always survive (IEEE 754 binary64)
// The largest number has 309 digits. What is longer may be written to take forever: the time grows with the square.
const maxLength = 400;

/**
 * Whether JavaScript can read every number in this valid JSON and write it again with the same value; it writes -0 as 0. A
 * number of more than 400 characters counts as one that it cannot.
 */
export function holdsExactly(json: string): boolean {
  if (json.startsWith('"') || !maybeInexact.test(json)) return true;
  for (let at = 0; at < json.length;) {
    const char = json[at] ?? "";
    number.lastIndex = at;
    const [token] = char === '"' ? [] : (number.exec(json) ?? []);
    if (token !== undefined && !survives(token)) return false;
    at = char === '"' ? stringEnd(json, at) : at + (token?.length ?? 1);
  }
  return true;
}

function survives(token: string): boolean {
  return token.length <= maxLength && decimal(token) === decimal(String(Number(token)));
}

/** One spelling for each value: its digits without zeros at either end, and their exponent. */
function decimal(token: string): string {
  const [mantissa = "", exponent = "0"] = token.toLowerCase().split("e");
  const [whole = "", fraction = ""] = mantissa.replace("-", "").split(".");
  const digits = (whole + fraction).replace(/^0+/, "");
  const significant = digits.replace(/0+$/, "");
  const sign = token.startsWith("-") ? "-" : "";
  if (significant === "") return `${sign}0`;
  const power = BigInt(exponent) - BigInt(fraction.length) + BigInt(digits.length - significant.length);
  return `${sign}${significant}e${power}`;
}
