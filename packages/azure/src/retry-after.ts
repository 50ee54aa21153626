/**
 * How long the answer asks us to wait: `retry-after-ms` or `x-ms-retry-after-ms` in milliseconds, `retry-after` in seconds or
 * as a date.
 *
 * @see RFC 9110 §10.2.3
 */
export function retryAfterMs(header: (name: string) => string | undefined, nowMs: number = Date.now()): number | undefined {
  for (const name of ["retry-after-ms", "x-ms-retry-after-ms"]) {
    const exact = header(name);
    if (exact !== undefined && /^\d{1,9}$/.test(exact)) return Number(exact);
  }
  const after = header("retry-after") ?? "";
  if (/^\d{1,6}$/.test(after)) return Number(after) * 1000;
  const until = after.endsWith("GMT") ? Date.parse(after) : Number.NaN;
  return Number.isNaN(until) ? undefined : Math.max(0, until - nowMs);
}
