/**
 * How long the answer asks us to wait: `retry-after` in seconds or as a date, or `x-amz-retry-after` in milliseconds.
 *
 * @param headers As the SDK keeps them on `error.$response`: lower-case names. Anything else is nothing.
 * @see RFC 9110 §10.2.3
 */
export function retryAfterMs(headers: unknown, nowMs: number = Date.now()): number | undefined {
  const { "retry-after": after, "x-amz-retry-after": exact } = (headers ?? {}) as Readonly<Record<string, unknown>>;
  if (typeof exact === "string" && /^\d{1,9}$/.test(exact)) return Number(exact);
  if (typeof after !== "string") return undefined;
  if (/^\d{1,6}$/.test(after)) return Number(after) * 1000;
  const until = after.endsWith("GMT") ? Date.parse(after) : Number.NaN;
  return Number.isNaN(until) ? undefined : Math.max(0, until - nowMs);
}
