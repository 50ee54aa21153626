type Version = readonly [major: number, minor: number, patch: number];

/**
 * Whether a version lies in a range of the two forms that this project's packages use: `^1.2.3` and `>=1.2`.
 *
 * @returns undefined for any other form, such as the one that stands for "the workspace's own".
 */
export function inRange(version: string, range: string): boolean | undefined {
  const [, operator, from] = /^(\^|>=)(\d+(?:\.\d+){0,2})$/.exec(range) ?? [];
  if (from === undefined) return undefined;
  const low = parse(from);
  const got = parse(version);
  if (order(got, low) < 0) return false;
  // A caret allows what leaves the leftmost part that is not zero as it is.
  return operator === ">=" || order(got, above(low)) < 0;
}

function above([major, minor, patch]: Version): Version {
  if (major > 0) return [major + 1, 0, 0];
  return minor > 0 ? [0, minor + 1, 0] : [0, 0, patch + 1];
}

function parse(version: string): Version {
  const [major = 0, minor = 0, patch = 0] = version.split(/[.+-]/, 3).map(Number);
  return [major, minor, patch];
}

function order(a: Version, b: Version): number {
  return a[0] - b[0] || a[1] - b[1] || a[2] - b[2];
}
