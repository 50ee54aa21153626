const dayMs = 24 * 60 * 60 * 1000;

/**
 * When a token expires: `90d` is so many days from now, `2027-01-31` the beginning of that day in UTC.
 *
 * @returns undefined for anything else, and for what is not in the future.
 */
export function tokenExpiry(text: string, nowMs: number): Date | undefined {
  const days = /^([1-9]\d{0,4})d$/.exec(text)?.[1];
  if (days !== undefined) return new Date(nowMs + Number(days) * dayMs);
  if (!/^\d{4}-\d\d-\d\d$/.test(text)) return undefined;
  const date = new Date(`${text}T00:00:00Z`);
  // The 31st of February is no day.
  const isDay = !Number.isNaN(date.getTime()) && date.toISOString().startsWith(text);
  return isDay && date.getTime() > nowMs ? date : undefined;
}
