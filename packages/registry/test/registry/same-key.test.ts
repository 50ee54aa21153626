import { randomUUID } from "node:crypto";
import { describe, expect, test } from "vitest";

import type { CmkRecord } from "../../src/cmk-record.ts";
import { overlapWith } from "../../src/same-key.ts";

const key = "projects/acme-prod/key";
const one = `${key}/1`;
const two = `${key}/2`;

function cmk(canonical: string, keyVersion?: string): CmkRecord {
  const at = new Date(0);
  const pin = keyVersion === undefined ? null : { keyVersion, spkiSha256: new Uint8Array(32) };
  const names = { id: randomUUID(), project: "acme", provider: "gcp", resource: canonical, canonical, keyResource: key };
  const state = { resolved: true, status: "old", isDefault: false, createdAt: at, updatedAt: at, validation: null } as const;
  return { ...names, ...state, pin };
}

describe("the name of a whole key", () => {
  test("stands for all of its versions", () => {
    const overlaps = overlapWith(cmk(key), []);
    expect([overlaps(key, "1"), overlaps(one, "1"), overlaps(two, null)]).toEqual([true, true, true]);
  });
});

describe("the name of a version", () => {
  test.each([
    ["that data keys were seen to have", overlapWith(cmk(one), ["1", null])],
    ["that is pinned", overlapWith(cmk(one, "1"), [])],
  ])("%s stands for that version alone", (_, overlaps) => {
    expect([overlaps(one, "1"), overlaps(key, "1")]).toEqual([true, true]);
    expect([overlaps(key, "2"), overlaps(two, "2"), overlaps(two, null)]).toEqual([false, false, false]);
  });

  test("stands for what has the key's name and no version that is known", () => {
    expect(overlapWith(cmk(one, "1"), [])(key, null)).toBe(true);
  });

  test("stands for all that has the key's name while nobody knows which version it is", () => {
    const overlaps = overlapWith(cmk(one), [null]);
    expect([overlaps(key, "1"), overlaps(key, "2"), overlaps(two, "2")]).toEqual([true, true, false]);
  });
});
