/**
 * How long the answer asks us to wait: `retry-after` in seconds or as a date. Anything else is nothing.
 *
 * @see RFC 9110 §10.2.3
 */
export function retryAfterMs(header: unknown, nowMs: number = Date.now()): number | undefined {
  if (typeof header !== "string") return undefined;
  if (/^\d{1,6}$/.test(header)) return Number(header) * 1000;
  const until = header.endsWith("GMT") ? Date.parse(header) : Number.NaN;
  return Number.isNaN(until) ? undefined : Math.max(0, until - nowMs);
}
