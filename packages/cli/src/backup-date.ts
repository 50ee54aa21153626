const dayMs = 24 * 60 * 60 * 1000;

/**
 * Until when backups exist: `2027-01-31` is all of that day in UTC, `2027-01-31T12:00:00Z` that moment.
 *
 * @returns undefined for anything else.
 */
export function backupDate(text: string): Date | undefined {
  const { day, zone } = grammar.exec(text)?.groups ?? {};
  const date = new Date(text);
  if (day === undefined || !isDay(day) || Number.isNaN(date.getTime())) return undefined;
  return zone === undefined ? new Date(date.getTime() + dayMs) : date;
}

const grammar = /^(?<day>\d{4}-\d\d-\d\d)(?:T\d\d:\d\d(?::\d\d(?:\.\d{1,3})?)?(?<zone>Z|[+-]\d\d:\d\d))?$/;

/** The 31st of February is none. */
function isDay(day: string): boolean {
  const date = new Date(`${day}T00:00:00Z`);
  return !Number.isNaN(date.getTime()) && date.toISOString().startsWith(day);
}
