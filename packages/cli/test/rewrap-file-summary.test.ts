import { expect, it } from "vitest";

import { fileRewrapResult, fileRewrapSummary } from "../src/rewrap-file-summary.ts";

const vault = "azure:https://v.vault.azure.net/keys";
const options = { keys: "keys", from: `${vault}/old`, to: `${vault}/new` };
const report = { dataKeys: 3, rewrapped: 1, already: 0, elsewhere: 0, failed: [], damagedLine: undefined };

const summary = (elsewhere: number, how: { readonly dryRun?: true; readonly rewrapped?: number } = {}): readonly string[] =>
  fileRewrapSummary(fileRewrapResult({ ...report, elsewhere, rewrapped: how.rewrapped ?? 1 }, { ...options, ...how }))
    .trimEnd()
    .split("\n");

it("does not say that nothing needs the source where data keys are under names that may be its own", () => {
  const [done, elsewhere, next] = summary(2);
  expect(done).toBe(`done: 1 data key rewrapped from ${vault}/old to ${vault}/new.`);
  expect(elsewhere).toBe(
    `2 data keys of keys are under other keys, or under other names of ${vault}/old, such as one with a version, and stay as they are.`,
  );
  expect(next).toMatch(
    /^No data key of keys is left under the name \S+\/old; those under other names may still need that key\. Seal and open /,
  );
});

it("says so of one, and in a dry run", () => {
  expect(summary(1)[1]).toMatch(/^1 data key of keys is under other keys, or under other names of .* and stays as it is\.$/);
  expect(summary(2, { dryRun: true })).toHaveLength(2);
  expect(summary(2, { dryRun: true })[1]).toMatch(/^2 data keys of keys are under other keys, or /);
});

it("says that none is left under the source where all are accounted for", () => {
  expect(summary(0)).toHaveLength(2);
  expect(summary(0)[1]).toMatch(/^No data key of keys is left under \S+\/old\. Seal and open /);
});

it("sends nobody to the target where nothing was moved to it", () => {
  const [, , next] = summary(2, { rewrapped: 0 });
  expect(next).toBe(`Nothing was moved: is ${vault}/old the key that they were sealed under?`);
});

it("does not doubt the source where data keys under it failed", () => {
  const failed = [{ id: "AAAA", code: "throttled" }] as const;
  const text = fileRewrapSummary(fileRewrapResult({ ...report, rewrapped: 0, elsewhere: 2, failed }, options));
  expect(text).toMatch(/\nThen run this again: it goes on with what is left\.\n$/);
});
