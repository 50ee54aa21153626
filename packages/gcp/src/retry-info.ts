const type = "type.googleapis.com/google.rpc.RetryInfo";

/**
 * A Retry-After header as the detail that Google's APIs have for the same thing: the SDK keeps details, and no headers.
 *
 * @see RFC 9110 §10.2.3, https://google.aip.dev/193
 */
export function retryInfo(retryAfter: string | null, nowMs: number = Date.now()): object | undefined {
  if (retryAfter === null) return undefined;
  if (/^\d{1,6}$/.test(retryAfter)) return { "@type": type, retryDelay: `${retryAfter}s` };
  const until = retryAfter.endsWith("GMT") ? Date.parse(retryAfter) : Number.NaN;
  if (Number.isNaN(until)) return undefined;
  return { "@type": type, retryDelay: `${Math.max(0, Math.ceil((until - nowMs) / 1000))}s` };
}

/** How long the details of an error ask us to wait, in milliseconds. @param details As the SDK decodes them. */
export function retryAfterMs(details: readonly unknown[]): number | undefined {
  for (const detail of details) {
    const delay = detail instanceof Object && "retryDelay" in detail ? detail.retryDelay : undefined;
    const { seconds = 0, nanos = 0 } = (delay ?? {}) as { readonly seconds?: unknown; readonly nanos?: unknown };
    const ms = Number(seconds) * 1000 + Number(nanos) / 1e6;
    if (delay !== undefined && delay !== null && ms >= 0) return ms;
  }
  return undefined;
}
