import type { RequestRate } from "../store.ts";

/** Of a cloud's quota: requests arrive unevenly, and others use the quota too. */
const share = 0.9;
const afterThrottling = 0.7;
const growth = 1.05;
/** Between two changes: what is on its way was sent at the speed before. */
const changeMs = 1000;
/** Slots further ahead were reserved by nobody who still waits, or by a clock that went back. */
const maxAheadMs = 60_000;

/** Evenly spaced moments, on the store's clock, at which one request each may be sent. */
export interface ReservedSlots {
  readonly startsInMs: number;
  readonly everyMs: number;
}

/** What a process asks of the rate that all share. */
export interface SlotRequest {
  readonly name: string;
  readonly count: number;
  /** Requests a second at most. */
  readonly perSecond: number;
  /** Whether the cloud throttled a request since this process last asked. */
  readonly throttled: boolean;
}

/**
 * The rate after some of its moments were given away. Throttling lowers it for all, for at least a second; success raises it
 * again, up to 90 % of the quota.
 */
export function reserveSlots(
  before: RequestRate | undefined,
  { name, count, perSecond: quota, throttled }: SlotRequest,
  nowMs: number,
): { readonly rate: RequestRate; readonly slots: ReservedSlots } {
  const most = Math.max(1, quota * share);
  const last = before ?? { name, perSecond: most, nextAtMs: nowMs, changedAtMs: nowMs };
  const { perSecond, changedAtMs } = changed(last, most, throttled, nowMs);
  const everyMs = 1000 / perSecond;
  const isAhead = last.nextAtMs > nowMs && last.nextAtMs <= nowMs + maxAheadMs;
  const startMs = isAhead ? last.nextAtMs : nowMs;
  const rate = { name, perSecond, nextAtMs: startMs + count * everyMs, changedAtMs };
  return { rate, slots: { startsInMs: startMs - nowMs, everyMs } };
}

function changed(
  { perSecond, changedAtMs }: RequestRate,
  most: number,
  throttled: boolean,
  nowMs: number,
): Pick<RequestRate, "perSecond" | "changedAtMs"> {
  const isDue = nowMs - changedAtMs >= changeMs || changedAtMs > nowMs;
  const wanted = throttled ? perSecond * afterThrottling : perSecond * growth;
  const next = Math.min(most, Math.max(1, isDue ? wanted : perSecond));
  return next === perSecond ? { perSecond, changedAtMs } : { perSecond: next, changedAtMs: nowMs };
}
