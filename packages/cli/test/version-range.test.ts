import { expect, it } from "vitest";

import { inRange } from "../src/version-range.ts";

it.each([
  ["22.18.0", ">=22.18", true],
  ["22.17.9", ">=22.18", false],
  ["26.0.0", ">=22.18", true],
  ["3.1162.0", "^3.1000.0", true],
  ["3.999.9", "^3.1000.0", false],
  ["4.0.0", "^3.1000.0", false],
  ["0.1.9", "^0.1.0", true],
  ["0.2.0", "^0.1.0", false],
  ["0.0.4", "^0.0.3", false],
  ["1.0.0", "workspace:^", undefined],
  ["1.0.0", "*", undefined],
])("says of %s in %s: %s", (version, range, expected) => {
  expect(inRange(version, range)).toBe(expected);
});
