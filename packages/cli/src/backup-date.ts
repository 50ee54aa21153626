const dayMs = 24 * 60 * 60 * 1000;

/**
 * Until when backups exist: `2027-01-31` is all of that day in UTC, `2027-01-31T12:00:00Z` that moment.
 *
 * @returns undefined for anything else.
 */
export function backupDate(text: string): Date | undefined {
  const { day, zone } =
    /^(?<day>\d{4}-\d\d-\d\d)(?:T\d\d:\d\d(?::\d\d(?:\.\d{1,3})?)?(?<zone>Z|[+-]\d\d:\d\d))?$/.exec(text)?.groups ?? {};
  const isDay = day !== undefined && new Date(`${day}T00:00:00Z`).toJSON()?.startsWith(day) === true; // no 31st of February
  const date = new Date(text);
  if (!isDay || Number.isNaN(date.getTime())) return undefined;
  return zone === undefined ? new Date(date.getTime() + dayMs) : date;
}
